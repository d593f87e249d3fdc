# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Precision against recall when a query may have none, one or many true matches.

Of each query the first K answers count. From a threshold t on,

- accepted(t) are the answers among the first K of any query whose score is at least t,
- precision(t) = true accepted / accepted; where a query has no true match, all its answers are
  false,
- recall(t) = true accepted / sum over queries of min(K, number of true matches); a query without
  a true match adds nothing to be found.

With K = 1 this is :class:`PrecisionRecall`: the best answer of each query, and the queries that
can be answered. Ignored answers (junk) take up no rank.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from vpr_ros.evaluation.precision_recall import Curve, PrecisionRecall


class TopKPrecisionRecall:
    """Precision and recall over the first K answers of each query.

    Example:
        >>> metric = TopKPrecisionRecall(2)
        >>> metric.update([(7, 0.9), (3, 0.8), (5, 0.7)], positives={3, 5, 6})
        >>> metric.update([(1, 0.5)], positives=())
        >>> metric.compute()['recall_at_99_precision'], metric.compute()['to_find']
        (0.0, 2)
    """

    def __init__(self, k: int = 10) -> None:
        """Count the first ``k`` answers of each query.

        Raises:
            ValueError: ``k`` is less than 1.
        """
        if k < 1:
            raise ValueError(f'k is {k}, expected at least 1')
        self.k = k
        self.reset()

    def reset(self) -> None:
        """Forget all queries."""
        self._answers = PrecisionRecall()
        self._queries = self._to_find = 0

    def update(
        self, ranking: Iterable[tuple[int, float]], positives: Collection[int],
        ignored: Collection[int] = (),
    ) -> None:
        """Add one query.

        Args:
            ranking: (database index, score), best first.
            positives: every index that shows the query's place; may be empty.
            ignored: indices that are neither right nor wrong.
        """
        judged = ((i, score) for i, score in ranking if i in positives or i not in ignored)
        for (index, score), _ in zip(judged, range(self.k), strict=False):
            self._answers.update(score, correct=index in positives, answerable=False)
        possible = min(self.k, len(positives))
        for _ in range(possible):
            self._answers.update(None, correct=False)  # one more that can be found
        self._to_find += possible
        self._queries += 1

    def curve(self) -> Curve:
        """Return the curve; equal scores are accepted together."""
        return self._answers.curve()

    def compute(self) -> dict[str, Any]:
        """Return the figures of :meth:`PrecisionRecall.compute`, with ``k`` and counts.

        ``queries`` is the number of queries and ``to_find`` the denominator of the recall.
        """
        return {'k': self.k, 'queries': self._queries, 'to_find': self._to_find,
                **self._answers.compute()}
