# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mean average precision, as the retrieval sets Oxford, Paris and Holidays define it.

Each query has a ranking of the whole database. Junk (an image in which the object can hardly be
seen, or in Holidays the query itself) is struck out before anything is counted. Precision is
joined by straight lines between the ranks, and to 1 before the first rank, so that each right
image found at rank r as the n-th one adds (precision before it + precision at it) / 2 / total.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any


def average_precision(
    ranking: Iterable[int], positives: Collection[int], junk: Collection[int] = ()
) -> float | None:
    """Area under one query's precision-recall curve, trapezoids.

    Args:
        ranking: database indices, best first; what is not in it was not found.
        positives: every right index.
        junk: indices that are neither right nor wrong.

    Returns:
        In [0, 1]; None without any positive.
    """
    if not positives:
        return None
    rank = found = 0
    area = 0.0
    for index in ranking:
        if index in positives:
            before = found / rank if rank else 1.0
            found += 1
            area += (before + found / (rank + 1)) / 2
        elif index in junk:
            continue
        rank += 1
    return area / len(positives)


class MeanAveragePrecision:
    """Mean over the queries that have a right image.

    Example:
        >>> metric = MeanAveragePrecision()
        >>> metric.update([4, 2, 9], positives={4, 9}, junk={2})
        1.0
        >>> metric.compute()
        {'map': 1.0, 'queries': 1}
    """

    def __init__(self) -> None:
        """Begin without queries."""
        self.reset()

    def reset(self) -> None:
        """Forget all queries."""
        self._values: list[float] = []

    def update(
        self, ranking: Iterable[int], positives: Collection[int], junk: Collection[int] = ()
    ) -> float | None:
        """Add one query and return its average precision; None when it does not count."""
        value = average_precision(ranking, positives, junk)
        if value is not None:
            self._values.append(value)
        return value

    @property
    def values(self) -> tuple[float, ...]:
        """Average precision of each query that counts."""
        return tuple(self._values)

    def compute(self) -> dict[str, Any]:
        """Return ``map`` (None without queries) and the number of ``queries`` that count."""
        count = len(self._values)
        return {'map': sum(self._values) / count if count else None, 'queries': count}
