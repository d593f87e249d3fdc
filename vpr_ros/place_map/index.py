# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The search index: FAISS, derived from the store, never the truth.

An index proposes rows; the map then ranks them by their exact similarity. So every kind gives the
same similarities, and kinds differ only in whether a close neighbour is proposed at all.
Rows stand in the order of place ids.

FAISS runs on the calling thread alone: a second thread does not speed up one query, and idle
OpenMP threads that spin take the core from the model. Its thread count is set around each call
and put back afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import faiss
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.place_map.statistics import Statistics
from vpr_ros.types import FloatArray

KINDS = ('flat', 'fp16', 'sq8')
FLAT_PLACES = 20_000
_SMALL_PLACES = 1000
_TRAINING_ROWS = 20_000
_CHUNK_ROWS = 8192
# How many rows a kind proposes for k wanted: factor and addend. fp16 and sq8 can swap neighbours
# whose similarities differ by less than their rounding.
_PROPOSALS = {'flat': (1, 4), 'fp16': (1, 16), 'sq8': (2, 32)}


def choose_kind(wanted: str, places: int) -> str:
    """The kind for a map of so many places.

    ``auto`` is exact while the map is small and a byte a dimension when it is large. Below
    1,000 places every map is flat: value ranges learned from a few places do not fit the next.
    """
    if places < _SMALL_PLACES:
        return 'flat'
    if wanted != 'auto':
        return wanted
    return 'flat' if places <= FLAT_PLACES else 'sq8'


def check_kind(kind: str) -> str:
    """Return ``kind`` when it is ``auto`` or one of :data:`KINDS`.

    Raises:
        ConfigError: it is not.
    """
    if kind not in ('auto', *KINDS):
        raise ConfigError(f'index kind {kind!r} is unknown; use auto, {", ".join(KINDS)}')
    return kind


class DescriptorIndex:
    """Finds the rows that point in the direction of a query.

    Args:
        kind: one of :data:`KINDS`: ``flat`` float32, ``fp16`` half the memory, ``sq8`` a quarter.
        statistics: the normalisation that rows and queries go through.
        halves: float16 (n, D), the places so far; ``sq8`` learns its value ranges from the first
            ``statistics.count`` of them, so that the same map always gives the same index.
    """

    def __init__(self, kind: str, statistics: Statistics, halves: NDArray[np.float16]) -> None:
        self.kind = kind
        self._statistics = statistics
        self._index = _empty(kind, halves.shape[1])
        if not self._index.is_trained:
            known = halves[: statistics.count]
            stride = max(1, len(known) // _TRAINING_ROWS)
            with _one_thread():
                self._index.train(statistics.unit_rows(known[::stride]))
        self.add(halves)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, halves: NDArray[np.float16]) -> None:
        """Append places, float16 (n, D)."""
        with _one_thread():
            for start in range(0, len(halves), _CHUNK_ROWS):
                chunk = halves[start : start + _CHUNK_ROWS]
                self._index.add(self._statistics.unit_rows(chunk))

    def propose(self, query: NDArray[np.float16], k: int, rows: int) -> NDArray[np.int64]:
        """Rows among the first ``rows`` that hold the k nearest, with a few more; unordered.

        Args:
            query: float16 (D,).
            k: how many are wanted, at least 1.
            rows: only rows below this number.
        """
        factor, addend = _PROPOSALS[self.kind]
        wanted = min(rows, factor * k + addend)
        if wanted <= 0:
            return np.empty(0, dtype=np.int64)
        unit: FloatArray = self._statistics.unit_rows(query[np.newaxis])
        parameters = None
        if rows < len(self):
            below = faiss.IDSelectorRange(0, rows)
            parameters = faiss.SearchParameters(sel=below)  # type: ignore[call-arg]
        with _one_thread():
            _, found = self._index.search(unit, wanted, params=parameters)
        return found[0][found[0] >= 0]


def _empty(kind: str, dim: int) -> faiss.Index:
    if kind == 'flat':
        return faiss.IndexFlatIP(dim)
    quantizer = faiss.ScalarQuantizer
    bits = quantizer.QT_fp16 if kind == 'fp16' else quantizer.QT_8bit
    return faiss.IndexScalarQuantizer(dim, bits, faiss.METRIC_INNER_PRODUCT)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
