# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real descriptors among the synthetic ones of the benchmark of scale, and real queries for them.

A data set's database goes into the map and its queries are asked. A map's places go in but for
every tenth, which is asked. Real places are spread evenly over a map, each in the middle of
synthetic ones, and a map takes them only where at most half of it is real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vpr_ros.bench.scale_data import drives, Look
from vpr_ros.errors import ConfigError
from vpr_ros.evaluation.dataset import Dataset, ImageRef
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.describing import Describer
from vpr_ros.evaluation.descriptor_cache import DescriptorCache
from vpr_ros.model import Model
from vpr_ros.place_map import PlaceMap
from vpr_ros.types import FloatArray

ASKED_OF_MAP = 10  # one place of a map in so many is a query
Halves = NDArray[np.float16]
Rows = NDArray[np.int64]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Real:
    """What was described from images.

    Attributes:
        names: of the data sets and maps.
        database: float16 (n, D).
        queries: float16 (q, D).
        right, neutral: per query, the rows of ``database`` that show its place, and those that
            count neither way; without a right one nothing is known about it.
    """

    names: tuple[str, ...]
    database: Halves
    queries: Halves
    right: tuple[Rows, ...]
    neutral: tuple[Rows, ...]

    def rows_among(self, places: int) -> Rows:
        """Where the database stands in a map of so many places; empty where it does not fit."""
        count = len(self.database)
        if 2 * count > places:
            return np.empty(0, np.int64)
        return (2 * np.arange(count, dtype=np.int64) + 1) * places // (2 * count)


def load_real(
    sources: Sequence[Path], model: Model, cache: DescriptorCache | None = None,
    progress: Progress | None = None,
) -> Real:
    """Describe data sets, and read maps.

    Args:
        sources: data set folders and .vprmap files.
        model: describes the images; it has to be the one that built the maps.
        cache: of descriptors.
        progress: called with (images done, of so many, name of the data set).

    Raises:
        ConfigError: a map of another model.
        DataError, ImageError, MapError: something cannot be read.
    """
    parts = [_of_map(source, model) if source.suffix == '.vprmap'
             else _of_dataset(load_dataset(source), model, cache, progress) for source in sources]
    begins = np.cumsum([0, *(len(part.database) for part in parts)])
    return Real(
        tuple(name for part in parts for name in part.names),
        np.concatenate([part.database for part in parts]),
        np.concatenate([part.queries for part in parts]),
        tuple(rows + begin for part, begin in zip(parts, begins, strict=False)
              for rows in part.right),
        tuple(rows + begin for part, begin in zip(parts, begins, strict=False)
              for rows in part.neutral))


def mixed(look: Look, places: int, real: Real | None) -> Iterator[FloatArray]:
    """Synthetic drives with the real places in between, float32 (n, D) in chunks."""
    rows = np.empty(0, np.int64) if real is None else real.rows_among(places)
    start = 0
    for chunk in drives(look, places):
        first, last = np.searchsorted(rows, [start, start + len(chunk)])
        if real is not None and first < last:
            chunk[rows[first:last] - start] = real.database[first:last]
        yield chunk
        start += len(chunk)


def _of_dataset(
    dataset: Dataset, model: Model, cache: DescriptorCache | None, progress: Progress | None
) -> Real:
    describe, total = Describer(model, patches=False, cache=cache), 0

    def halves(images: Sequence[ImageRef]) -> Halves:
        nonlocal total
        found = []
        for image in images:
            found.append(describe(image).descriptions[0].global_descriptor)
            total += 1
            if progress is not None:
                progress(total, len(dataset.database) + len(dataset.queries), dataset.name)
        return np.array(found, np.float16).reshape(-1, model.card.global_dim)

    return Real((dataset.name,), halves(dataset.database), halves(dataset.queries),
                tuple(dataset.positives), tuple(dataset.ignored))


def _of_map(path: Path, model: Model) -> Real:
    with PlaceMap.open(path, read_only=True) as place_map:
        if place_map.model.sha256 != model.card.sha256:
            mine, its = model.card, place_map.model
            raise ConfigError(f'map {path} was built by model {its.name!r} ({its.sha256[:12]}), '
                              f'but {mine.name!r} ({mine.sha256[:12]}) describes the rest; give '
                              f'its model by --model, or build it anew')
        ids = [place.place_id for place in place_map.places()]
        halves = np.array([place_map.descriptor(place_id) for place_id in ids], np.float16)
    asked = np.arange(len(ids)) % ASKED_OF_MAP == ASKED_OF_MAP // 2
    nothing = (np.empty(0, np.int64),) * int(asked.sum())
    return Real((path.stem,), halves[~asked].reshape(-1, model.card.global_dim),
                halves[asked].reshape(-1, model.card.global_dim), nothing, nothing)
