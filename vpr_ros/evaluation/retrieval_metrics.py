# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recall@N: how often a right place is among the first N.

All metrics of this package work the same way: ``update`` with one query, ``compute`` at any time,
``reset`` to begin again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_FOUND = 0  # rank of a query for which no right place was predicted


def first_hit(
    predictions: Iterable[int], positives: Collection[int], ignored: Collection[int] = ()
) -> int:
    """Rank of the first right prediction.

    Args:
        predictions: database indices, best first.
        positives: indices that show the query's place.
        ignored: indices that are neither right nor wrong; they take up no rank.

    Returns:
        1 for the first, and so on; :data:`NOT_FOUND` when none is right.
    """
    rank = 0
    for index in predictions:
        if index in positives:
            return rank + 1
        rank += index not in ignored
    return NOT_FOUND


class RecallAtN:
    """Share of the queries with a right place among the first N predictions.

    Queries without any right place count as misses in ``recall``, as the field's benchmarks
    count them, and are left out of ``recall_answerable``.

    Example:
        >>> metric = RecallAtN((1, 5))
        >>> rank = metric.update([7, 3], positives={3})
        >>> metric.compute()['recall']
        {'1': 0.0, '5': 1.0}
    """

    def __init__(self, depths: Sequence[int] = (1, 5, 10, 20)) -> None:
        """Measure at each N of ``depths``."""
        self.depths = tuple(depths)
        self.reset()

    def reset(self) -> None:
        """Forget all queries."""
        self._ranks: list[int] = []
        self._answerable: list[bool] = []

    def update(
        self, predictions: Iterable[int], positives: Collection[int],
        ignored: Collection[int] = (),
    ) -> int:
        """Add one query and return its rank; see :func:`first_hit`."""
        rank = first_hit(predictions, positives, ignored)
        self._ranks.append(rank)
        self._answerable.append(len(positives) > 0)
        return rank

    def hits(self, depth: int) -> NDArray[np.bool_]:
        """Whether each query has a right place among the first ``depth``, bool (queries,)."""
        ranks = np.asarray(self._ranks, np.int64)
        return (ranks != NOT_FOUND) & (ranks <= depth)

    @property
    def answerable(self) -> NDArray[np.bool_]:
        """Whether each query has a right place in the database, bool (queries,)."""
        return np.asarray(self._answerable, bool)

    def compute(self) -> dict[str, Any]:
        """Return ``queries``, ``answerable``, ``recall`` and ``recall_answerable`` by N.

        Recalls are fractions; None where no query counts.
        """
        count, possible = len(self._ranks), int(self.answerable.sum())
        found = {str(n): int(self.hits(n).sum()) for n in self.depths}
        return {
            'queries': count,
            'answerable': possible,
            'recall': {n: hits / count if count else None for n, hits in found.items()},
            'recall_answerable': {
                n: hits / possible if possible else None for n, hits in found.items()
            },
        }
