# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One cell of the grid: a model variant, a PCA, an index and a re-ranking on a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import hashlib
from pathlib import Path
import time
from typing import Any

import faiss
import numpy as np

from vpr_ros.assembly import model_identity
from vpr_ros.errors import ModelError, VprError
from vpr_ros.evaluation.dataset import Dataset
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.retrieval_metrics import RecallAtN
from vpr_ros.evaluation.significance import bootstrap_interval
from vpr_ros.model import find_card, Model
from vpr_ros.model.card import NETWORK
from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.statistics import Statistics, sum_rows
from vpr_ros.rerank import encode_patches, make_reranker
from vpr_ros.study.config import CARD, size_of
from vpr_ros.study.flops import gflops
from vpr_ros.study.indexes import build, size_bytes
from vpr_ros.study.machine import measured_on
from vpr_ros.study.projection import principal, project
from vpr_ros.study.variants import CALIBRATION_IMAGES, make_variant, open_variant
from vpr_ros.types import FloatArray

DEPTHS = (1, 5, 10, 20)
CANDIDATES = 100  # that are re-ranked
TIMED_IMAGES = 20

Progress = Callable[[int, int, str], None]


@dataclass
class Described:
    """A data set described by one model variant; what several cells share.

    Attributes:
        model: the variant.
        database, queries: float32 (n, D) of length 1, as a map compares them.
        extraction_ms: median on one thread.
        map_path: a map with the database and, if asked for, its patches.
    """

    model: Model
    database: FloatArray
    queries: FloatArray
    extraction_ms: float
    map_path: Path
    projections: dict[int, tuple[FloatArray, FloatArray]] = field(default_factory=dict)


def describe_dataset(
    dataset: Dataset, cell: Mapping[str, Any], folder: Path, *, patches: bool,
    progress: Progress | None = None, clock: Callable[[], float] = time.process_time,
) -> Described:
    """Describe all images of a data set with the cell's model variant, or find that done.

    Args:
        dataset: the images.
        cell: ``model``, ``resolution``, ``precision``.
        folder: of the study; variants, maps and descriptors are kept in it.
        patches: the map also takes the patches.
        progress: called with (images done, of so many, stage).
        clock: seconds; that of the processor leaves out what other programs take.

    Raises:
        ConfigError, ModelError: the variant cannot be made.
        ImageError: an image cannot be read.
    """
    card = find_card(cell['model'])
    images = []
    if cell['precision'] == 'int8':
        stride = max(1, len(dataset.database) // CALIBRATION_IMAGES)
        images = [read_image(image.path) for image in dataset.database[::stride]]
    variant = make_variant(card, folder / 'variants', size=size_of(cell['resolution']),
                           precision=cell['precision'], images=images)
    model = open_variant(variant)
    name = f'{model.card.name}_{model.card.sha256[:8]}_{fingerprint(dataset)}'
    map_path = folder / 'maps' / f'{name}{"_patches" if patches else ""}.vprmap'
    stored = map_path.with_suffix('.npz')
    if not (map_path.is_file() and stored.is_file()):
        map_path.parent.mkdir(parents=True, exist_ok=True)
        _describe(dataset, model, map_path, patches, progress)
    with np.load(stored, allow_pickle=False) as arrays:
        database, queries = arrays['database'], arrays['queries']
    statistics = Statistics.empty(database.shape[1]).renewed(sum_rows(database), len(database))
    return Described(model, statistics.unit_rows(database), statistics.unit_rows(queries),
                     _extraction_ms(dataset, model, clock), map_path)


def fingerprint(dataset: Dataset) -> str:
    """Return what a data set is: names, sizes and dates of its images, and the truth."""
    digest = hashlib.sha256()
    for image in (*dataset.database, *dataset.queries):
        state = image.path.stat()
        digest.update(f'{image.name} {state.st_size} {state.st_mtime_ns}\n'.encode())
    for right, ignored in zip(dataset.positives, dataset.ignored, strict=True):
        digest.update(right.tobytes() + b'|' + ignored.tobytes())
    return digest.hexdigest()[:12]


def measure_grid(
    dataset: Dataset, described: Described, cell: Mapping[str, Any], *, processes: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, Any]:
    """Search, and re-rank where asked, with every query; see the module.

    Raises:
        ConfigError, DataError: the index or the PCA does not fit the data.
        ModelError: the model has no patches to re-rank with.
    """
    faiss.omp_set_num_threads(1)
    database, queries = described.database, described.queries
    if cell['dimension'] != CARD:
        dim = cell['dimension']
        if dim not in described.projections:
            described.projections[dim] = principal(database, dim)
        database, queries = (project(rows, *described.projections[dim])
                             for rows in (database, queries))
    index = build(cell['index'], database)
    stage = make_reranker(cell['rerank'], described.model.card)
    if stage is None and cell['rerank'] != 'none':
        raise ModelError(f'model {described.model.card.name!r} has no patches to re-rank with; '
                         f'use rerank none, or resolution and precision {CARD}')
    ignored = max((len(rows) for rows in dataset.ignored), default=0)
    wanted = min(len(database), max(DEPTHS[-1] + ignored, CANDIDATES if stage else 0))
    recall, matching, reranking = RecallAtN(DEPTHS), [], []
    with PlaceMap.open(described.map_path, read_only=True) as place_map:
        for number, row in enumerate(queries):
            start = clock()
            distances, found = index.search(row[np.newaxis], wanted)
            matching.append((clock() - start) * 1000.0)
            ranking = [int(i) for i in found[0] if i >= 0]
            if stage is not None:
                image = read_image(dataset.queries[number].path)
                patches = described.model.describe(image).patches
                candidates = [(place_map.place(i + 1), float(1 - d / 2)) for i, d in
                              zip(ranking[:CANDIDATES], distances[0], strict=False)]
                start = clock()
                ranked, _ = stage(patches, candidates, place_map.patches)
                reranking.append((clock() - start) * 1000.0)
                ranking[:CANDIDATES] = [place.place_id - 1 for place, _, _ in ranked]
            recall.update(ranking, frozenset(dataset.positives[number].tolist()),
                          frozenset(dataset.ignored[number].tolist()))
    card = described.model.card
    network = card.kind == NETWORK
    return {
        'recall': recall.compute()['recall'],
        'recall_interval_95': {str(n): bootstrap_interval(recall.hits(n)) for n in DEPTHS},
        'queries': len(queries), 'places': len(database),
        'descriptor': int(database.shape[1]),
        'gflops': _gflops(described.model) if network else None,
        'model_mb': card.file_path.stat().st_size / 1e6,
        'extraction_ms': described.extraction_ms,
        'matching_ms': float(np.median(matching)),
        'rerank_ms': float(np.median(reranking)) if reranking else 0.0,
        'ram_mb': size_bytes(index) / 1e6,
        'disk_mb': described.map_path.stat().st_size / 1e6,
        'about': measured_on(described.model, processes=processes),
    }


def _describe(
    dataset: Dataset, model: Model, map_path: Path, patches: bool, progress: Progress | None
) -> None:
    total, done = len(dataset.database) + len(dataset.queries), 0
    draft = map_path.with_suffix('.draft')
    draft.unlink(missing_ok=True)
    rows: dict[str, list[FloatArray]] = {'database': [], 'queries': []}
    with PlaceMap.create(':memory:', model_identity(model)) as place_map:
        for part, images in (('database', dataset.database), ('queries', dataset.queries)):
            for image in images:
                wanted = patches and part == 'database'
                description = model.describe(read_image(image.path), patches=wanted)
                rows[part].append(description.global_descriptor)
                if part == 'database':
                    place_map.add(description.global_descriptor, stamp_ns=image.stamp_ns,
                                  patches=encode_patches(description.patches))
                done += 1
                if progress is not None:
                    progress(done, total, f'{model.card.name} on {dataset.name}')
        place_map.save_as(draft)
    draft.replace(map_path)
    arrays = {part: np.stack(found).astype(np.float16) for part, found in rows.items()}
    stream = map_path.with_suffix('.draft.npz')
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    stream.replace(map_path.with_suffix('.npz'))


def _extraction_ms(dataset: Dataset, model: Model, clock: Callable[[], float]) -> float:
    images = [read_image(image.path) for image in dataset.queries[:TIMED_IMAGES]]
    model.describe(images[0], patches=False)
    times = []
    for image in images:
        start = clock()
        model.describe(image, patches=False)
        times.append((clock() - start) * 1000.0)
    return float(np.median(times))


def _gflops(model: Model) -> float | None:
    """None where the graph hides its shapes or the package onnx is missing."""
    try:
        return gflops(model.card.onnx_path)
    except VprError:
        return None
