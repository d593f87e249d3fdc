# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One index of one kind, around one mean: rows are added at the end, removed, proposed.

Rows stand in the order of place ids. Inside, a row keeps the slot that it was given; removed rows
leave their slots behind, and too many of those make a new index due (:mod:`.live`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.indexes.faiss_kinds import FaissRows
from vpr_ros.place_map.indexes.gpu import GpuRows
from vpr_ros.place_map.indexes.kinds import GPU, proposals
from vpr_ros.place_map.indexes.sign_bits import SignBits
from vpr_ros.place_map.statistics import Statistics

TRAINING_ROWS = 20_000
_CHUNK_ROWS = 2048
Halves = NDArray[np.float16]


class DescriptorIndex:
    """Finds the rows that point in the direction of a query.

    Args:
        kind: one of :data:`.kinds.KINDS`, or ``gpu``.
        statistics: the normalisation that rows and queries go through.
        dim: length D of the descriptors.
        rows: an index from a file, instead of an empty one.
        slots: of its rows, where some were removed.
    """

    def __init__(
        self, kind: str, statistics: Statistics, dim: int,
        rows: FaissRows | SignBits | None = None, slots: NDArray[np.int64] | None = None,
    ) -> None:
        self.kind = kind
        self.statistics = statistics
        self.rows = _empty(kind, dim) if rows is None else rows
        self._slots = slots  # of each row; None while nothing is removed

    @classmethod
    def build(cls, kind: str, statistics: Statistics, halves: Halves) -> DescriptorIndex:
        """Build the index of some places, float16 (n, D).

        What it learns, it learns from the first ``statistics.count`` of them, so that the same
        map always gives the same index.
        """
        index = cls(kind, statistics, halves.shape[1])
        index.train(halves[training_rows(statistics.count, len(halves))])
        index.add(halves)
        return index

    def __len__(self) -> int:
        return len(self.rows) if self._slots is None else len(self._slots)

    @property
    def slots(self) -> NDArray[np.int64] | None:
        """The slot of each row, int64 (n,); None while nothing was removed."""
        return self._slots

    @property
    def dead(self) -> int:
        """How many slots belong to removed rows."""
        return len(self.rows) - len(self)

    def train(self, halves: Halves) -> None:
        """Learn from some places, float16 (n, D), what the kind has to know beforehand."""
        if not self.rows.trained:
            self.rows.train(self.statistics.unit_rows(halves))

    def add(self, halves: Halves) -> None:
        """Append places, float16 (n, D)."""
        first = len(self.rows)
        for start in range(0, len(halves), _CHUNK_ROWS):
            self.rows.add(self.statistics.unit_rows(halves[start:start + _CHUNK_ROWS]))
        if self._slots is not None:
            self._slots = np.append(self._slots, np.arange(first, len(self.rows)))

    def remove(self, rows: NDArray[np.int64]) -> None:
        """Take out rows, int64 (n,); those above move down."""
        if len(rows):
            slots = np.arange(len(self.rows)) if self._slots is None else self._slots
            self._slots = np.delete(slots, rows)

    def propose(
        self, query: Halves, k: int, rows: int, *, stale: bool = False
    ) -> NDArray[np.int64]:
        """Rows among the first ``rows`` that hold the k nearest, with a few more; unordered.

        Args:
            query: float16 (D,).
            k: how many are wanted, at least 1.
            rows: only rows below this number.
            stale: they will be ranked around another mean than this index was made with.
        """
        wanted = min(rows, proposals(self.kind, k, stale=stale))
        if wanted <= 0:
            return np.empty(0, dtype=np.int64)
        unit = self.statistics.unit_rows(query[np.newaxis])[0]
        below = len(self.rows) if rows == len(self) else rows
        if self._slots is not None:
            below = int(self._slots[rows - 1]) + 1
        slots = self.rows.search(unit, wanted, below, below - rows)
        if self._slots is None:
            return slots
        found = np.minimum(np.searchsorted(self._slots, slots), len(self._slots) - 1)
        return found[self._slots[found] == slots]


def _empty(kind: str, dim: int) -> FaissRows | SignBits:
    if kind == 'binary':
        return SignBits(dim)
    return GpuRows(dim) if kind == GPU else FaissRows(kind, dim)


def training_rows(known: int, places: int) -> slice:
    """Which of the places an index learns from: evenly spread over the first ``known``."""
    known = min(known, places)
    return slice(0, known, max(1, known // TRAINING_ROWS))
