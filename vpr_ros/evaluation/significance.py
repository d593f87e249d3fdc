# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How sure a figure is: bootstrap intervals, and paired tests on the same queries."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import ArrayLike

RESAMPLES = 2000


def bootstrap_interval(
    values: ArrayLike, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of the mean over queries.

    Args:
        values: one number (or True and False) per query.
        level: coverage, for example 0.95.
        resamples: number of resampled sets of queries.
        seed: the same seed gives the same interval.

    Returns:
        (low, high), or None without values.
    """
    numbers = np.asarray(values, np.float64)
    if numbers.size == 0:
        return None
    generator = np.random.default_rng(seed)
    means = np.empty(resamples)
    for row in range(resamples):  # one at a time: memory stays that of the values
        means[row] = numbers[generator.integers(0, numbers.size, numbers.size)].mean()
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass(frozen=True)
class Comparison:
    """Two methods on the same queries.

    Attributes:
        only_a, only_b: queries that only one of them answers rightly.
        difference: share right of b minus that of a.
        p_value: exact two-sided McNemar test; small means that the difference is real.
    """

    only_a: int
    only_b: int
    difference: float
    p_value: float


def compare(right_a: ArrayLike, right_b: ArrayLike) -> Comparison:
    """Compare two methods by which queries they answer rightly.

    Args:
        right_a, right_b: bool (queries,), the same queries in the same order.

    Raises:
        ValueError: the lengths differ.
    """
    a, b = np.asarray(right_a, bool), np.asarray(right_b, bool)
    if a.shape != b.shape:
        raise ValueError(f'{a.size} and {b.size} queries cannot be compared in pairs')
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    difference = float(b.mean() - a.mean()) if a.size else 0.0
    return Comparison(only_a, only_b, difference, mcnemar_exact(only_a, only_b))


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Two-sided exact McNemar test: the discordant queries as throws of a fair coin."""
    count, fewer = only_a + only_b, min(only_a, only_b)
    if count == 0:
        return 1.0
    log_half = count * math.log(0.5)
    tail = sum(
        math.exp(math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
                 + log_half)
        for k in range(fewer + 1)
    )
    return min(1.0, 2.0 * tail)
