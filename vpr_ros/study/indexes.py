# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of index that a study compares, built with FAISS for a given number of places.

All work on vectors of length 1, where the order by Euclidean distance is that by cosine. Sizes
follow from the number of places n and the dimension D, so that one word names a sensible index:

- ``exact``: every place is compared.
- ``ivf``: nlist = 4 sqrt(n) cells (one for 39 places at most), the nearest nlist / 64, at least 4,
  are searched; ``ivfpq`` the same with product codes.
- ``pq``: product quantisation, one byte for 8 dimensions.
- ``multi``: inverted multi-index, two halves of the vector with 2^b centres each, 4^b near nlist.
- ``hnsw``: a graph with 32 links, 64 candidates while searching.
- ``sq8``: one byte a dimension.
- ``rabitq``: one bit a dimension after a random rotation.
"""

from __future__ import annotations

from collections.abc import Iterable
import math
from typing import Any

import faiss
import numpy as np

from vpr_ros.errors import ConfigError
from vpr_ros.types import FloatArray

KINDS = ('exact', 'ivf', 'pq', 'ivfpq', 'multi', 'hnsw', 'sq8', 'rabitq')
PLACES_PER_CELL = 39  # fewer do not place a centre
_HNSW_LINKS, _HNSW_SEARCH = 32, 64
_TRAINING_PER_CELL = 64
_ROUNDS = 10
_CODE_ROWS = 16_384  # from which a product quantiser learns at most


def available() -> tuple[str, ...]:
    """Return the kinds that the installed FAISS has."""
    return tuple(kind for kind in KINDS if kind != 'rabitq' or hasattr(faiss, 'IndexRaBitQ'))


def check_kind(kind: str) -> str:
    """Return a kind that can be built.

    Raises:
        ConfigError: no such kind, or FAISS is too old for it.
    """
    if kind not in KINDS:
        raise ConfigError(f'index kind {kind!r} is unknown; use {", ".join(KINDS)}')
    if kind not in available():
        raise ConfigError(f'index kind {kind!r} needs a newer FAISS than {faiss.__version__}; '
                          f'leave it out or run `pip install -U faiss-cpu`')
    return kind


def cells_of(places: int) -> int:
    """Return the number of cells of an inverted file, nlist."""
    return max(1, min(round(4 * math.sqrt(places)), places // PLACES_PER_CELL))


def make_index(kind: str, dim: int, places: int) -> faiss.Index:
    """Make an empty index for so many places, not yet trained.

    Args:
        kind: one of :data:`KINDS`.
        dim: length of the vectors.
        places: how many it will hold; decides on its sizes.

    Raises:
        ConfigError: see :func:`check_kind`.
    """
    check_kind(kind)
    cells = cells_of(places)
    if kind in ('pq', 'ivfpq'):
        codes = f'PQ{_pieces(dim)}x{_bits(places)}'
        kind_of_faiss = codes if kind == 'pq' else f'IVF{cells},{codes}'
    elif kind == 'multi':
        half_bits = max(1, min(round(math.log2(cells) / 2), _bits(places)))
        kind_of_faiss = f'IMI2x{half_bits},Flat'
        if dim % 2:
            raise ConfigError(f'an inverted multi-index halves its vectors, but they have {dim} '
                              f'dimensions; choose an even PCA dimension')
    else:
        kind_of_faiss = {
            'exact': 'Flat', 'ivf': f'IVF{cells},Flat', 'hnsw': f'HNSW{_HNSW_LINKS},Flat',
            'sq8': 'SQ8', 'rabitq': f'RR{dim},RaBitQ',
        }[kind]
    index = faiss.index_factory(dim, kind_of_faiss, faiss.METRIC_L2)
    if kind in ('ivf', 'ivfpq', 'multi'):
        inner = faiss.extract_index_ivf(index)
        inner.nprobe = min(inner.nlist, max(4, inner.nlist // 64))
        inner.cp.niter, inner.cp.max_points_per_centroid = _ROUNDS, _TRAINING_PER_CELL
        inner.cp.min_points_per_centroid = 1
    if kind == 'hnsw':
        graph: Any = faiss.downcast_index(index)
        graph.hnsw.efSearch = _HNSW_SEARCH
    return index


def training_rows(kind: str, places: int) -> int:
    """How many vectors an index of this kind learns from."""
    if kind in ('exact', 'hnsw'):
        return 0
    cells = cells_of(places) if kind in ('ivf', 'ivfpq', 'multi') else 256
    return min(places, _TRAINING_PER_CELL * max(cells, 256))


def build(kind: str, rows: FloatArray) -> faiss.Index:
    """Build an index with these vectors, float32 (n, D) of length 1."""
    index = make_index(kind, rows.shape[1], len(rows))
    fill(index, rows[:training_rows(kind, len(rows))], [rows])
    return index


def fill(index: faiss.Index, training: FloatArray, chunks: Iterable[FloatArray]) -> None:
    """Train an index where it needs that, and add the places chunk by chunk."""
    if not index.is_trained:
        rows = np.ascontiguousarray(training)
        inner = faiss.downcast_index(index)
        if hasattr(inner, 'pq'):
            _train_product(inner, rows)
        else:
            index.train(rows)
    for chunk in chunks:
        index.add(np.ascontiguousarray(chunk))


def _train_product(index: Any, rows: FloatArray) -> None:
    """Learn a product quantiser with matrix products.

    FAISS's own training takes a minute where this takes a second: its kernel for vectors of few
    dimensions is slow in the builds of the package index.
    """
    if hasattr(index, 'quantizer'):  # of an inverted file: codes of what is left of each vector
        kmeans: Any = faiss.Kmeans(index.d, index.nlist, niter=_ROUNDS, seed=1,
                                   max_points_per_centroid=_TRAINING_PER_CELL,
                                   min_points_per_centroid=1)
        kmeans.train(rows)
        quantizer = faiss.downcast_index(index.quantizer)
        quantizer.train(kmeans.centroids)
        quantizer.add(kmeans.centroids)
        _, cells = quantizer.search(rows, 1)
        rows = rows - kmeans.centroids[cells[:, 0]]
    pieces = rows[:: max(1, len(rows) // _CODE_ROWS)].reshape(-1, index.pq.M, index.pq.dsub)
    centroids = [_centres(pieces[:, piece], index.pq.ksub) for piece in range(index.pq.M)]
    faiss.copy_array_to_vector(np.concatenate(centroids).ravel(), index.pq.centroids)
    if hasattr(index, 'quantizer'):
        index.precompute_table()
    index.is_trained = True


def _centres(rows: FloatArray, count: int) -> FloatArray:
    """Lloyd's algorithm from random rows, float32 (count, d); empty cells keep their centre."""
    generator = np.random.default_rng(0)
    centres = rows[generator.choice(len(rows), count, replace=len(rows) < count)].copy()
    for _ in range(_ROUNDS):
        nearest = np.argmin((centres**2).sum(axis=1) - 2.0 * rows @ centres.T, axis=1)
        sums, counts = np.zeros_like(centres), np.bincount(nearest, minlength=count)
        np.add.at(sums, nearest, rows)
        used = counts > 0
        centres[used] = sums[used] / counts[used, np.newaxis]
    return np.asarray(centres, np.float32)


def size_bytes(index: faiss.Index) -> int:
    """Bytes that the index holds, as FAISS would write it; nothing is written."""
    counted = [0]

    def count(data: bytes) -> int:
        counted[0] += len(data)
        return len(data)

    writer = faiss.PyCallbackIOWriter(count, 1 << 20)  # type: ignore[attr-defined]
    faiss.write_index(index, writer)
    del writer  # passes on what it still buffers
    return counted[0]


def _pieces(dim: int) -> int:
    """Parts of a product quantiser: the most that divide D, of at least 8 dimensions each."""
    return max((m for m in range(1, max(1, dim // 8) + 1) if dim % m == 0), default=1)


def _bits(places: int) -> int:
    """Bits of a code: 8, fewer where there are too few places for 256 centres."""
    return max(1, min(8, int(math.log2(max(2, places // 2)))))
