# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a difference is one: it is held against what seeds and queries let expect by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.claims.cells import Cell

ALIKE = 0.05  # recalls that differ by less are alike
HOLDS, NOT, NOISE, NOT_RUN = 'holds', 'does not hold', 'within noise', 'not run'


@dataclass(frozen=True)
class Difference:
    """Of two variants' recall@1, the first minus the second.

    Attributes:
        mean: over seeds and queries, -1 to 1.
        noise: twice its standard error.
    """

    mean: float
    noise: float


def hits(cells: Sequence[Cell], key: str, name: str, at: int = 1) -> NDArray[np.float64]:
    """0 or 1 per seed and query of a variant: (seeds, queries); (0, 0) when it was not run."""
    rows = [cell.hits[name][at] for cell in cells if cell.variant == key and name in cell.hits]
    return np.array(rows, np.float64).reshape(len(rows), -1 if rows else 0)


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> Difference:
    """Compare two variants that were asked the same queries.

    The standard error has two parts. Queries: the deviation of each query's own difference of
    means, over the square root of their number. Seeds: the variances of the recalls over seeds,
    each over its number of seeds; a single seed says nothing of it and counts as 0.

    Args:
        one: (seeds, queries), 0 or 1.
        other: (seeds, queries), the seeds may be others and of another number.
    """
    of_query = one.mean(0) - other.mean(0)
    queries = of_query.var(ddof=1) / len(of_query)
    seeds = sum(rows.mean(1).var(ddof=1) / len(rows) for rows in (one, other) if len(rows) > 1)
    return Difference(float(of_query.mean()), float(2 * np.sqrt(queries + seeds)))


def verdict(found: Difference, kind: Literal['more', 'alike'] = 'more') -> str:
    """Say ``holds`` and ``does not hold`` where the noise leaves no other reading.

    ``more``: the mean is beyond the noise, above or below 0. ``alike``: all that the noise allows
    is within, or beyond, 5 points.
    """
    if kind == 'more':
        if abs(found.mean) <= found.noise:
            return NOISE
        return HOLDS if found.mean > 0 else NOT
    if abs(found.mean) + found.noise <= ALIKE:
        return HOLDS
    return NOT if abs(found.mean) - found.noise > ALIKE else NOISE
