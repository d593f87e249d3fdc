# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
# flake8: noqa: A005
"""The normalisation of a map: descriptors are compared around the map's own mean.

``similarity(x, y) = cosine(x - m, y - m)`` with ``m = sum(places) / (n0 + n)``: the mean of the
first n places of the map, shrunk towards zero by n0 imagined places at the origin while the map is
small. What all places of a map have in common (the camera's mounting, the bonnet, the sky) then
no longer makes them look alike.

The mean is part of the map: queries and places always go through the same one, and a map that is
opened again answers as it did before. It is renewed, with the index, by the place that completes
n = 1, 2, 3, 4, 5, 7, 9, 12, 15, 19, ... places: each number the one before it times 1.25, rounded
up; from 10,000 places on, where the mean hardly moves and a new index takes a moment, twice the
one before. The descriptors are float16 numbers of at most 1, so that their sum in float64 is exact
and does not depend on the order of summation.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray

PRIOR_COUNT = 4
GROWTH = 1.25
LARGE_COUNT = 10_000
LARGE_GROWTH = 2
DEGENERATE_NORM = 1e-9
_CHUNK_ROWS = 4096


@dataclass(frozen=True)
class Statistics:
    """The mean that a map compares around.

    Attributes:
        mean: float64 (D,), the shrunk mean m.
        count: number n of places, the first of the map, that it was made from.
        revision: 0 for the empty map, then one more with every refresh.
        prior_count: n0.
    """

    mean: NDArray[np.float64]
    count: int = 0
    revision: int = 0
    prior_count: int = PRIOR_COUNT

    @classmethod
    def empty(cls, dim: int) -> Statistics:
        """Return the statistics of a map without places: the mean is the origin."""
        return cls(np.zeros(dim))

    @property
    def next_count(self) -> int:
        """The number of places at which the mean is renewed."""
        growth = GROWTH if self.count < LARGE_COUNT else LARGE_GROWTH
        return max(self.count + 1, math.ceil(self.count * growth))

    def renewed(self, total: NDArray[np.float64], count: int) -> Statistics:
        """Return the statistics of ``count`` descriptors that sum to ``total``, float64 (D,)."""
        mean = total / (self.prior_count + count)
        return Statistics(mean, count, self.revision + 1, self.prior_count)

    def unit_rows(self, halves: NDArray[np.float16]) -> FloatArray:
        """Centre and L2-normalise descriptors for the index.

        Args:
            halves: float16 (n, D).

        Returns:
            float32 (n, D); a row that equals the mean becomes zero.
        """
        rows = halves.astype(np.float32)
        rows -= self.mean.astype(np.float32)
        norms = np.sqrt(np.einsum('ij,ij->i', rows, rows))[:, np.newaxis]
        np.divide(rows, norms, out=rows, where=norms > DEGENERATE_NORM)
        rows[norms[:, 0] <= DEGENERATE_NORM] = 0.0
        return rows

    def similarities(
        self, query: NDArray[np.float16], halves: NDArray[np.float16]
    ) -> FloatArray:
        """Compare a query with places.

        Every row is computed by itself in float64: its result does not depend on the others.

        Args:
            query: float16 (D,).
            halves: float16 (n, D).

        Returns:
            float32 (n,) in [-1, 1]; 0 where query or place equals the mean.
        """
        centred_query = query.astype(np.float64) - self.mean
        centred = halves.astype(np.float64) - self.mean
        query_norm = math.sqrt(float((centred_query * centred_query).sum()))
        norms = np.sqrt((centred * centred).sum(axis=1))
        if query_norm <= DEGENERATE_NORM:
            return np.zeros(len(halves), dtype=np.float32)
        products = (centred * centred_query).sum(axis=1)
        cosines = np.zeros(len(halves))
        np.divide(products, norms * query_norm, out=cosines, where=norms > DEGENERATE_NORM)
        return np.clip(cosines, -1.0, 1.0).astype(np.float32)


def sum_rows(halves: NDArray[np.float16]) -> NDArray[np.float64]:
    """Exact sum over the rows of float16 (n, D), as float64 (D,)."""
    total = np.zeros(halves.shape[1])
    for start in range(0, len(halves), _CHUNK_ROWS):
        total += halves[start:start + _CHUNK_ROWS].astype(np.float32).sum(
            axis=0, dtype=np.float64
        )
    return total
