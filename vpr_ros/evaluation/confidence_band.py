# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How sure a precision-recall curve is: bootstrap over the queries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.evaluation.precision_recall import PrecisionRecall

RESAMPLES = 400
GRID = 51  # recalls at which the band is given
_ALMOST = 1e-12


def confidence_band(
    metric: PrecisionRecall, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Any] | None:
    """Pointwise band of the precision, and intervals of the curve's figures.

    Queries are drawn with replacement, and the curve is made anew each time. Precision at a recall
    r is that of the highest threshold at which the recall reaches r, and 0 where it never does.

    Args:
        metric: with all queries.
        level: coverage, for example 0.95.
        resamples: number of resampled sets of queries.
        seed: the same seed gives the same band.

    Returns:
        ``recall`` (GRID values from 0 to 1), ``low`` and ``high`` precision at each, and
        ``recall_at_100_precision`` and ``average_precision`` as (low, high); None without an
        answered query.
    """
    scores, correct, answerable = metric.columns()
    order = np.argsort(-scores, kind='stable')  # NaN, no answer, comes last
    answered = int((~np.isnan(scores)).sum())
    if not answered or not answerable.any():
        return None
    scores, correct, answerable = scores[order], correct[order], answerable[order]
    last = np.flatnonzero(np.diff(scores[:answered], append=-np.inf) != 0)
    grid = np.linspace(0.0, 1.0, GRID)
    generator = np.random.default_rng(seed)
    at_grid, clean, area = np.empty((resamples, GRID)), [], []
    for row in range(resamples):
        drawn = np.bincount(generator.integers(0, len(scores), len(scores)),
                            minlength=len(scores))
        precision, recall = _curve(drawn, correct, answerable, last, answered)
        at_grid[row] = _precision_at(grid, precision, recall)
        clean.append(max(recall[precision >= 1.0 - _ALMOST], default=0.0))
        area.append(float(np.sum(np.diff(recall, prepend=0.0) * precision)))
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(at_grid, ends, axis=0)
    return {
        'recall': _rounded(grid), 'low': _rounded(low), 'high': _rounded(high),
        'recall_at_100_precision': _rounded(np.quantile(clean, ends)),
        'average_precision': _rounded(np.quantile(area, ends)),
    }


def _curve(
    drawn: NDArray[np.int64], correct: NDArray[np.bool_], answerable: NDArray[np.bool_],
    last: NDArray[np.int64], answered: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision and recall at each threshold where query i was drawn ``drawn[i]`` times."""
    accepted = np.cumsum(drawn[:answered])[last]
    right = np.cumsum(drawn[:answered] * correct[:answered])[last]
    some = accepted > 0
    total = max(int((drawn * answerable).sum()), 1)
    return right[some] / accepted[some], right[some] / total


def _precision_at(
    grid: NDArray[np.float64], precision: NDArray[np.float64], recall: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Precision at the first threshold whose recall reaches each grid value, else 0."""
    first = np.searchsorted(recall, grid - _ALMOST)
    return np.append(precision, 0.0)[np.minimum(first, len(precision))]


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 5) for value in values]
