# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole pipeline with re-ranking in a large map, without and with a deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
import gc
from pathlib import Path
import tempfile
from typing import Any

import numpy as np

from vpr_ros.assembly import model_identity
from vpr_ros.model import Model
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.place_map import files, PlaceMap
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.halves import half_bytes
from vpr_ros.place_map.limits import to_half
from vpr_ros.place_map.store import SessionRow
from vpr_ros.place_map.writing import MapWriter
from vpr_ros.rerank import make_reranker, wanted_sizes
from vpr_ros.rerank.codes import encode
from vpr_ros.settings import Settings
from vpr_ros.types import Description, Frame, ImageArray, Place

PLACES = 10_000
FRAMES = 120
WARM_UP = 5
NOISE_CODES = 6.0  # standard deviation added to the codes, of 127
NOISE = 0.5  # length of the noise added to unit descriptors
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Load:
    """Latencies of one run: milliseconds for each frame, and what was shed."""

    total_ms: list[float]
    rerank_ms: list[float]
    shed: list[int]


def fill(path: Path, model: Model, seen: Sequence[Description], places: int, *, seed: int = 0,
         progress: Progress | None = None) -> None:
    """Make a map whose places are noisy views of described images, in turn.

    Args:
        path: the new map.
        model: that described the images.
        seen: descriptions with patches.
        places: how many.
        seed: of the noise.
        progress: called with (places done, places in total, stage).
    """
    rng, identity = np.random.default_rng(seed), model_identity(model)
    encoded = [{size: encode(one) for size, one in of.patches.items()} for of in seen]
    with files.new_map(path, overwrite=False, doing='make it') as connection:
        writer = MapWriter(connection, str(path), identity, MapContext.empty(0, identity.dim))
        writer.session(1, SessionRow('bench'))
        for number in range(places):
            index = number % len(seen)
            noise = rng.standard_normal(identity.dim)
            noise *= NOISE / np.linalg.norm(noise)
            descriptor = np.asarray(seen[index].global_descriptor + noise, np.float32)
            descriptor /= np.linalg.norm(descriptor)
            patches = {}
            for size, one in encoded[index].items():
                shake = np.asarray(rng.normal(0.0, NOISE_CODES, one.codes.shape[1]), np.float32)
                codes = np.clip(one.codes + shake, 1, 255).astype(np.uint8)
                patches[size] = replace(one, codes=codes).to_bytes()
            half = half_bytes(to_half(descriptor, identity.dim))
            writer.place(Place(number + 1, 1, (number + 1) * 1_000_000_000), half, b'', patches)
            if progress is not None:
                progress(number + 1, places, 'filling a map')
        writer.finish()


def drive(recognizer: PlaceRecognizer, images: Sequence[ImageArray], frames: int) -> Load:
    """Recognise images in turn, after a few that warm up; latencies are the pipeline's own."""
    load = Load([], [], [])
    for number in range(WARM_UP + frames):
        frame = Frame(images[number % len(images)], (number + 1) * 100_000_000)
        answer = recognizer.process(frame)
        if number >= WARM_UP:
            load.total_ms.append(answer.latency_ms['total'])
            load.rerank_ms.append(answer.latency_ms['rerank'])
            load.shed.append(answer.shed_candidates)
    return load


def measure(model: Model, images: Sequence[ImageArray], *, places: int = PLACES,
            frames: int = FRAMES, rerank: str = 'robot',
            progress: Progress | None = None) -> dict[str, Any] | None:
    """Measure recognitions in a map of ``places``; None for a model without patches.

    The second run has a deadline: the most that the other stages took in the first, and half of
    what re-ranking took, so that it has to stop early.

    Args:
        model: describes the images.
        images: uint8 (H, W, 3) RGB.
        places, frames: size of the map, and how many frames each run takes.
        rerank: the preset.
        progress: see :func:`fill`.
    """
    if not model.card.patches:
        return None
    sizes = wanted_sizes(make_reranker(rerank, model.card), model.card, 'used')
    seen = [model.describe(image, patches=sizes) for image in images]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'pipeline.vprmap'
        fill(path, model, seen, places, progress=progress)
        settings = Settings(rerank=rerank)
        with PlaceMap.open(path, model=model_identity(model), read_only=True) as place_map:
            recognizer = PlaceRecognizer(model, place_map, settings, mapping=False)
            gc.freeze()  # as the node does once it has loaded
            free = drive(recognizer, images, frames)
            others_ms = np.max(np.subtract(free.total_ms, free.rerank_ms))
            half = others_ms + 0.5 * np.median(free.rerank_ms)
            recognizer.configure(settings.replace(deadline_ms=float(half)))
            bound = drive(recognizer, images, frames)
            gc.unfreeze()
            size = place_map.info().bytes.patches
    p50, p99 = np.percentile(free.total_ms, [50, 99])
    late50, late99 = np.percentile(bound.total_ms, [50, 99])
    return {
        'places': places, 'frames': frames, 'rerank': rerank,
        'patch_bytes_per_place': size // places,
        'recognitions_per_s': round(1e3 / float(np.mean(free.total_ms)), 2),
        'p50_ms': round(float(p50), 1), 'p99_ms': round(float(p99), 1),
        'rerank_p50_ms': round(float(np.median(free.rerank_ms)), 1),
        'deadline_ms': round(float(half), 1),
        'with_deadline_p50_ms': round(float(late50), 1),
        'with_deadline_p99_ms': round(float(late99), 1),
        'with_deadline_max_ms': round(max(bound.total_ms), 1),
        'frames_over_by_a_tenth': int(np.sum(np.array(bound.total_ms) > 1.1 * half)),
        # of those, frames whose other stages alone took that long: there was nothing to shed
        'over_without_reranking': int(np.sum(
            np.subtract(bound.total_ms, bound.rerank_ms) > 1.1 * half)),
        'shed_p50': int(np.median(bound.shed)),
    }
