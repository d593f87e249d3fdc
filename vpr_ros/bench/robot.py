# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark rows of the robot's own stages: preprocessing, description, search, adding."""

from __future__ import annotations

from statistics import median
import time

import numpy as np
from numpy.typing import NDArray

from vpr_ros.bench.rerank import interleaved_ms, Row, row
from vpr_ros.model import Model
from vpr_ros.model.session import resize
from vpr_ros.place_map import ModelIdentity, PlaceMap

DIM = 512
NEIGHBOUR_COSINE = 0.9  # successive places of a drive look alike
RUNS = 30


def drive_descriptors(
    rng: np.random.Generator, count: int, dim: int = DIM
) -> NDArray[np.float32]:
    """Make unit descriptors of a drive, each like the one before; float32 (count, dim)."""
    noise = rng.standard_normal((count, dim)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    turn = np.sqrt(1.0 - NEIGHBOUR_COSINE**2)
    found = np.empty_like(noise)
    found[0] = noise[0]
    for number in range(1, count):
        found[number] = NEIGHBOUR_COSINE * found[number - 1] + turn * noise[number]
        found[number] /= np.linalg.norm(found[number])
    return found


def filled_map(path: str, identity: ModelIdentity, descriptors: NDArray[np.float32]) -> PlaceMap:
    """Make a new map with one place a second for each descriptor."""
    place_map = PlaceMap.create(path, identity)
    place_map.new_session('bench')
    for number, descriptor in enumerate(descriptors):
        place_map.add(descriptor, stamp_ns=(number + 1) * 1_000_000_000)
    return place_map


def cosine_loop(query: NDArray[np.float32], places: list[NDArray[np.float32]]) -> int:
    """Search as the peers do, in a Python loop over all keyframes; return the best index."""
    best, best_similarity = -1, -2.0
    for index, place in enumerate(places):
        similarity = float(np.dot(query, place) / (np.linalg.norm(query) * np.linalg.norm(place)))
        if similarity > best_similarity:
            best, best_similarity = index, similarity
    return best


def search_row(places: int, *, seed: int = 0) -> Row:
    """Top 100 in a map of ``places``, against the peers' loop for the top 1."""
    rng = np.random.default_rng(seed)
    descriptors = drive_descriptors(rng, places)
    centred = descriptors - descriptors.mean(0)
    queries = descriptors[rng.integers(0, places, RUNS)]
    with filled_map(':memory:', ModelIdentity('bench', 'ab', DIM), descriptors) as place_map:
        listed = list(centred)
        turn = iter(range(10**9))
        mean = descriptors.mean(0)
        ours_ms, peer_ms = interleaved_ms(
            lambda: place_map.search(queries[next(turn) % RUNS], 100),
            lambda: cosine_loop(queries[next(turn) % RUNS] - mean, listed),
            repeats=10,
        )
        equal = all(
            place_map.search(q, 100)[0].place.place_id - 1 == cosine_loop(q - mean, listed)
            for q in queries[:10]
        )
    return row(f'search, top 100 of {places} places', ours_ms, peer_ms, equal, 'same best place')


def preprocess_row(*, seed: int = 0) -> Row:
    """1080p to the network's input: resized bytes for the graph, against float on the CPU."""
    image = np.random.default_rng(seed).integers(0, 256, (1080, 1920, 3), np.uint8)

    def peer() -> NDArray[np.float64]:
        small = resize(image, 480, 640, 'area').astype(np.float64) / 255.0
        small = (small - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        return np.ascontiguousarray(small.transpose(2, 0, 1)[np.newaxis])

    def ours() -> NDArray[np.uint8]:
        return resize(image, 480, 640, 'area')

    ours_ms, peer_ms = interleaved_ms(ours, peer, repeats=10)
    back = peer()[0].transpose(1, 2, 0) * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]
    equal = np.array_equal(np.rint(back * 255.0).astype(np.uint8), ours())
    return row('preprocess 1080p to 640x480', ours_ms, peer_ms, equal, 'same pixels')


def describe_ms(model: Model, *, seed: int = 0) -> dict[str, float]:
    """Median and 99th percentile of describing 640x480 images, milliseconds."""
    images = np.random.default_rng(seed).integers(0, 256, (4, 480, 640, 3), np.uint8)
    times = []
    for number in range(RUNS + 3):
        start = time.perf_counter()
        model.describe(images[number % 4])
        times.append((time.perf_counter() - start) * 1000.0)
    kept = times[3:]
    return {'p50': round(median(kept), 2), 'p99': round(float(np.percentile(kept, 99)), 2)}


def add_ms(path: str, identity: ModelIdentity, *, places: int = 200) -> float:
    """Median time to add a place with its thumbnail to a map on disk, milliseconds."""
    descriptors = drive_descriptors(np.random.default_rng(1), places, identity.dim)
    times, thumbnail = [], bytes(8000)
    with PlaceMap.create(path, identity) as place_map:
        for number, descriptor in enumerate(descriptors):
            start = time.perf_counter()
            place_map.add(descriptor, stamp_ns=number + 1, thumbnail=thumbnail)
            times.append((time.perf_counter() - start) * 1000.0)
    return round(median(times), 3)
