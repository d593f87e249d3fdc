# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Precision against recall over all thresholds of a score."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CURVE_POINTS = 400  # most points of a curve in a result file


@dataclass(frozen=True)
class Curve:
    """Precision and recall when everything from each threshold on is accepted.

    Attributes:
        threshold: float64 (n,), descending, one per distinct score.
        precision: float64 (n,), right answers over accepted ones.
        recall: float64 (n,), right answers over queries that have one, ascending.
    """

    threshold: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    def recall_at_precision(self, precision: float) -> float:
        """Highest recall at which the precision is at least ``precision``; 0 when never."""
        reached = self.recall[self.precision >= precision - 1e-12]
        return float(reached.max()) if reached.size else 0.0

    def to_json(self) -> dict[str, list[float]]:
        """At most :data:`CURVE_POINTS` points, evenly spread over the thresholds."""
        picked = np.unique(np.linspace(0, len(self.threshold) - 1,
                                       min(len(self.threshold), CURVE_POINTS)).astype(int))
        return {
            name: [round(float(v), 6) for v in getattr(self, name)[picked]]
            for name in ('threshold', 'precision', 'recall')
        }


class PrecisionRecall:
    """One best answer per query, right or wrong, with a score; a query may have no answer.

    Example:
        >>> metric = PrecisionRecall()
        >>> metric.update(0.9, correct=True)
        >>> metric.update(0.5, correct=False, answerable=False)
        >>> metric.compute()['recall_at_100_precision']
        1.0
    """

    def __init__(self) -> None:
        """Begin without queries."""
        self.reset()

    def reset(self) -> None:
        """Forget all queries."""
        self._scores, self._correct = array('d'), bytearray()
        self._answerable = bytearray()

    def update(self, score: float | None, *, correct: bool, answerable: bool = True) -> None:
        """Add one query.

        Args:
            score: of its best answer, any order-preserving scale; None when it has no answer.
            correct: whether the best answer is right.
            answerable: whether a right answer exists at all.
        """
        self._scores.append(np.nan if score is None else score)
        self._correct.append(correct and score is not None)
        self._answerable.append(answerable)

    def columns(self) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Score (NaN: no answer), right, answerable, one row per query."""
        return (np.array(self._scores, np.float64), np.array(self._correct, bool),
                np.array(self._answerable, bool))

    def curve(self) -> Curve:
        """Return the curve; equal scores are accepted together."""
        scores, correct, answerable = self.columns()
        answered = ~np.isnan(scores)
        order = np.argsort(-scores[answered], kind='stable')
        scores = scores[answered][order]
        right = np.cumsum(correct[answered][order])
        last = np.flatnonzero(np.diff(scores, append=-np.inf) != 0)
        return Curve(
            threshold=scores[last], precision=right[last] / (last + 1.0),
            recall=right[last] / max(int(answerable.sum()), 1),
        )

    def compute(self) -> dict[str, Any]:
        """Figures of the curve.

        Returns:
            auc: area under the curve, trapezoids, the first precision continued to recall 0.
            average_precision: sum of precision times the gain in recall.
            recall_at_100_precision, recall_at_99_precision: the highest recall with no wrong
            answer (at most one in a hundred).
            threshold_at_100_precision: the score from which no answer is wrong, or None.
            max_f1: the highest harmonic mean of precision and recall.
        """
        curve = self.curve()
        gains = np.diff(curve.recall, prepend=0.0)
        before = np.concatenate([curve.precision[:1], curve.precision[:-1]])
        total = curve.precision + curve.recall
        product = 2 * curve.precision * curve.recall
        f1 = np.divide(product, total, out=np.zeros_like(total), where=total > 0)
        clean = curve.threshold[(curve.precision >= 1.0) & (curve.recall > 0)]
        return {
            'auc': float(np.sum(gains * (curve.precision + before) / 2)),
            'average_precision': float(np.sum(gains * curve.precision)),
            'recall_at_100_precision': curve.recall_at_precision(1.0),
            'recall_at_99_precision': curve.recall_at_precision(0.99),
            'threshold_at_100_precision': float(clean.min()) if clean.size else None,
            'max_f1': float(f1.max()) if f1.size else 0.0,
        }
