# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map holds in memory: facts, normalisation and index of the places in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.place_map.halves import half_matrix
from vpr_ros.place_map.index import DescriptorIndex, choose_kind
from vpr_ros.place_map.records import Neighbour
from vpr_ros.place_map.schema import DESCRIPTOR
from vpr_ros.place_map.statistics import Statistics, sum_rows
from vpr_ros.place_map.store import Store
from vpr_ros.types import FloatArray, Place


@dataclass(frozen=True)
class Growth:
    """What a new place changes.

    Attributes:
        total: float64 (D,), the new sum of all descriptors.
        statistics: the normalisation from now on.
        index: the index under new statistics, with the place; None when they stay as they are.
    """

    total: NDArray[np.float64]
    statistics: Statistics
    index: DescriptorIndex | None


class MapView:
    """Derived from the store, and made again from it at any time.

    Args:
        store: the tables; all rows are read once and verified.
        dim: length D of the descriptors.
        kind: index kind, or ``auto``: by the number of places in the statistics, so that a map
            that is opened again gets the index it had.

    Raises:
        MapError: the map is damaged.
    """

    def __init__(self, store: Store, dim: int, kind: str) -> None:
        self._store = store
        self._dim = dim
        self._kind = kind
        self.columns = PlaceColumns()
        self.thumbnail_bytes = 0
        self.patch_bytes = 0
        blobs: list[bytes] = []
        for rows in store.place_rows(dim):
            self.columns.extend(rows)
            blobs += [row[DESCRIPTOR] for row in rows]
            self.thumbnail_bytes += sum(row[13] for row in rows)
            self.patch_bytes += sum(row[14] for row in rows)
        halves = half_matrix(blobs, dim)
        self.total = sum_rows(halves)
        self.statistics = store.statistics(dim)
        self.index = self._build_index(self.statistics, halves)

    def __len__(self) -> int:
        return len(self.columns)

    def prepare(self, half: NDArray[np.float16]) -> Growth:
        """What one more place, already in the store, will change; nothing is changed yet.

        Args:
            half: float16 (D,), its descriptor.
        """
        total = self.total + half
        count = len(self) + 1
        if count < self.statistics.next_count:
            return Growth(total, self.statistics, None)
        statistics = self.statistics.renewed(total, count)
        halves = self._store.all_descriptors(self._dim)
        return Growth(total, statistics, self._build_index(statistics, halves))

    def grow(
        self,
        place: Place,
        half: NDArray[np.float16],
        growth: Growth,
        thumbnail: bytes,
        patches: Mapping[int, bytes],
    ) -> None:
        """Take in a place that was prepared for and is now safe in the file."""
        if growth.index is None:
            self.index.add(half[np.newaxis])
        else:
            self.index = growth.index
        self.columns.append(place)
        self.thumbnail_bytes += len(thumbnail)
        self.patch_bytes += sum(len(codes) for codes in patches.values())
        self.statistics = growth.statistics
        self.total = growth.total

    def search(
        self, query: NDArray[np.float16], k: int, below_id: int | None
    ) -> list[Neighbour]:
        """The k nearest places, best first; places that are equally near by id."""
        rows = len(self) if below_id is None else self.columns.rows_below(below_id)
        if k <= 0 or rows == 0:
            return []
        proposed = self.index.propose(query, k, rows)
        similarities = self.similarities(query, self.columns.ids[proposed].tolist())
        order = np.lexsort((proposed, -similarities))[:k]
        return [
            Neighbour(self.columns.place(int(proposed[i])), float(similarities[i])) for i in order
        ]

    def similarities(self, query: NDArray[np.float16], place_ids: Sequence[int]) -> FloatArray:
        """Exact similarities, float32 (n,); the ids exist."""
        if len(place_ids) == 0:
            return np.empty(0, dtype=np.float32)
        return self.statistics.similarities(query, self._store.descriptors(place_ids, self._dim))

    def _build_index(self, statistics: Statistics, halves: NDArray[np.float16]) -> DescriptorIndex:
        """The index of all places, float16 (n, D), under some statistics."""
        return DescriptorIndex(choose_kind(self._kind, statistics.count), statistics, halves)
