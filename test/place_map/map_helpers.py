# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small maps and the slow, explicit forms that the fast code is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from vpr_ros.place_map import ModelIdentity, PlaceMap
from vpr_ros.place_map.statistics import Statistics
from vpr_ros.types import FloatArray, Pose

DIM = 12
MODEL = ModelIdentity('tiny', 'ab' * 32, DIM, '{"name": "tiny"}')


def descriptor(seed: int, dim: int = DIM) -> FloatArray:
    """Draw a unit vector, the same for a seed; like real ones, all share a direction."""
    vector = np.random.default_rng(seed).standard_normal(dim) + 0.8
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def fill(place_map: PlaceMap, count: int, first_seed: int = 0) -> None:
    """Add places a metre and 100 ms apart, with thumbnail and patches."""
    for seed in range(first_seed, first_seed + count):
        place_map.add(
            descriptor(seed),
            stamp_ns=seed * 100_000_000,
            frame_id='camera',
            pose=Pose((float(seed), -1.5, 0.0), frame_id='odom'),
            travelled_m=float(seed),
            thumbnail=b'jpeg %d' % seed,
            patches={2: b'two %d' % seed, 5: b'five %d' % seed},
        )


def make_map(path: Path, count: int) -> Path:
    """Write a closed map file with ``count`` places."""
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, count)
    return path


def content(
    place_map: PlaceMap, seeds: Iterable[int] = range(4), count: int = 50
) -> tuple[object, ...]:
    """Everything that a search, a question or the next place depends on."""
    view = place_map._view
    return (place_map.places(), place_map.sessions(), view.total.tolist(), view.thumbnail_bytes,
            view.patch_bytes, view.statistics.mean.tolist(), len(view.index),
            [place_map.search(descriptor(seed), count) for seed in seeds])


def oracle_mean(places: list[FloatArray], dim: int = DIM) -> np.ndarray:
    """Return the mean of a map that got these places one by one, from the definition."""
    count = 0
    for n in range(1, len(places) + 1):
        if n >= Statistics(np.zeros(dim), count).next_count:
            count = n
    total = np.zeros(dim)
    for place in places[:count]:
        total = total + place.astype(np.float16).astype(np.float64)
    return total / (4 + count)


def oracle_similarity(query: FloatArray, place: FloatArray, mean: np.ndarray) -> float:
    """Cosine around a mean, from the definition."""
    a = query.astype(np.float16).astype(np.float64) - mean
    b = place.astype(np.float16).astype(np.float64) - mean
    norms = float(np.sqrt(a @ a) * np.sqrt(b @ b))
    return float(a @ b) / norms if norms > 1e-12 else 0.0
