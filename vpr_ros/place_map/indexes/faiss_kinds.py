# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds that FAISS holds, behind the same few methods as :class:`.sign_bits.SignBits`.

FAISS runs on the calling thread alone: a second thread does not speed up one query, and idle
OpenMP threads that spin take the core from the model. Its thread count is set around each call
and put back afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import math
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.indexes.rotation import Rotation
from vpr_ros.types import FloatArray

_FAISS: Any = faiss  # its type stubs know fewer constructors and parameters than it has
_GRAPH_LINKS = 32
_CELL_SHARE = 4  # one cell in so many is scanned
_ROWS_PER_CELL = 39  # FAISS wants so many training rows for each
_MOST_CELLS = 4096
_INNER = faiss.METRIC_INNER_PRODUCT
# Four levels that say most of a number drawn from a normal distribution (Lloyd and Max).
_LEVELS = (-1.510, -0.4528, 0.4528, 1.510)
_HALF, _BYTE = faiss.ScalarQuantizer.QT_fp16, faiss.ScalarQuantizer.QT_8bit


class FaissRows:
    """One FAISS index over unit rows.

    Args:
        kind: one of :data:`.kinds.KINDS` but ``binary``.
        dim: length D of the rows.
        index: from a file, instead of an empty one.
        mapped: ``index`` lies in a mapped file: it is copied before anything is added.
    """

    def __init__(
        self, kind: str, dim: int, *, index: Any = None, mapped: bool = False
    ) -> None:
        self._kind, self._dim, self._mapped = kind, dim, mapped
        self._rotate = Rotation(dim) if kind in ('rabitq', 'twobit') else None
        self._pads = kind == 'twobit' and dim % 2 == 1
        self.index: Any = index if index is not None else _simple(kind, dim)

    @property
    def trained(self) -> bool:
        """False while something has to be learned from places first."""
        return self.index is not None and self.index.is_trained

    def __len__(self) -> int:
        return 0 if self.index is None else int(self.index.ntotal)

    def train(self, rows: FloatArray) -> None:
        """Learn value ranges, cells or codebooks from unit rows, float32 (n, D)."""
        with one_thread():
            if self.index is None:
                self.index = _cells(self._kind, self._dim, len(rows))
            self.index.train(self._turned(rows))

    def add(self, rows: FloatArray) -> None:
        """Append unit rows, float32 (n, D)."""
        if self._mapped:  # FAISS ends the process when a mapped index grows
            self.index = faiss.deserialize_index(faiss.serialize_index(self.index))
            self._mapped = False
        with one_thread():
            self.index.add(self._turned(rows))

    def search(self, query: FloatArray, wanted: int, below: int, dead: int) -> NDArray[np.int64]:
        """Slots below ``below`` nearest to a unit row; see :meth:`.SignBits.search`."""
        wanted = min(below, wanted + dead)
        if self._kind == 'twobit':
            return self._search_all(self.index, query, wanted, below)
        settings: dict[str, Any] = {}
        if below < len(self):
            settings['sel'] = faiss.IDSelectorRange(0, below)
        with one_thread():
            _, found = self.index.search(
                self._turned(query[np.newaxis]), wanted, params=self._parameters(wanted, settings)
            )
        slots: NDArray[np.int64] = found[0][found[0] >= 0]
        return slots

    def _search_all(
        self, index: Any, query: FloatArray, wanted: int, below: int
    ) -> NDArray[np.int64]:
        """Search an index that cannot leave slots out: those above are few, the recent places."""
        with one_thread():
            _, found = index.search(
                self._turned(query[np.newaxis]), min(len(self), wanted + len(self) - below))
        slots: NDArray[np.int64] = found[0][(found[0] >= 0) & (found[0] < below)]
        return slots[:wanted]

    def save(self, path: Path) -> None:
        """Write the index to a file."""
        faiss.write_index(self.index, str(path))

    @classmethod
    def load(cls, kind: str, dim: int, path: Path, *, mapped: bool) -> FaissRows:
        """Read, or map, a file that :meth:`save` wrote and nobody changed."""
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
        return cls(kind, dim, index=index, mapped=mapped)

    def _parameters(self, wanted: int, settings: dict[str, Any]) -> Any:
        if self._kind == 'hnsw':
            return _FAISS.SearchParametersHNSW(efSearch=max(256, wanted), **settings)
        if self._kind in ('ivf', 'ivfpq'):
            cells = max(8, math.ceil(self.index.nlist / _CELL_SHARE))
            return _FAISS.SearchParametersIVF(nprobe=cells, **settings)
        if self._kind == 'rabitq':
            return _FAISS.RaBitQSearchParameters(**settings) if settings else None
        return _FAISS.SearchParameters(**settings) if settings else None

    def _turned(self, rows: FloatArray) -> FloatArray:
        if self._rotate is None:
            return rows
        turned = self._rotate(rows)
        return np.pad(turned, ((0, 0), (0, 1))) if self._pads else turned


def _simple(kind: str, dim: int) -> Any:
    """Make an empty index; None for the kinds that depend on what they learn from."""
    if kind == 'flat':
        return faiss.IndexFlatIP(dim)
    if kind in ('fp16', 'sq8'):
        return faiss.IndexScalarQuantizer(dim, _HALF if kind == 'fp16' else _BYTE, _INNER)
    if kind == 'rabitq':
        return faiss.IndexRaBitQ(dim, _INNER)
    if kind == 'twobit':
        return _two_bits(dim + dim % 2)
    if kind == 'hnsw':
        index: Any = _FAISS.IndexHNSWSQ(dim, _HALF, _GRAPH_LINKS, _INNER)
        index.hnsw.efConstruction = 80
        return index
    return None


def _two_bits(dim: int) -> Any:
    """Four levels a dimension: a product quantiser of pairs that has nothing to learn.

    FAISS scans its codes by tables in registers, as fast as signs by Hamming distance, with the
    query's own numbers.
    """
    index: Any = faiss.IndexPQFastScan(dim, dim // 2, 4, _INNER)
    levels = np.array(_LEVELS, np.float32) / np.float32(math.sqrt(dim))
    pairs = np.array([(one, two) for one in levels for two in levels])
    faiss.copy_array_to_vector(np.tile(pairs, (dim // 2, 1)).ravel(), index.pq.centroids)
    index.is_trained = True
    return index


def _cells(kind: str, dim: int, training_rows: int) -> Any:
    """Make an empty index of cells, as many as the training rows are enough for."""
    cells = int(4 * math.sqrt(training_rows / 0.64))
    cells = max(1, min(cells, training_rows // _ROWS_PER_CELL, _MOST_CELLS))
    coarse: Any = faiss.IndexFlatIP(dim)
    if kind == 'ivf':
        index: Any = faiss.IndexIVFScalarQuantizer(coarse, dim, cells, _HALF, _INNER)
    else:
        pairs = dim // 2 if dim % 2 == 0 else dim
        index = faiss.IndexIVFPQFastScan(coarse, dim, cells, pairs, 4, _INNER)
    coarse.this.disown()
    index.own_fields = True
    index.cp.niter, index.cp.seed = 10, 1
    return index


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep FAISS on this thread for a while."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
