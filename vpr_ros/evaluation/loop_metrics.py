# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Loop closures of a drive: how many true, false and missed, and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

from vpr_ros.types import Reason


class LoopClosureCounts:
    """Counts decisions against the truth.

    A query is a *revisit* when the map holds at least one true place for it that is not recent.
    An accepted match is *true* when it shows the query's place and *false* when it does not. A
    revisit is *missed* when nothing was accepted for it. Precision is true over accepted; recall
    is true over revisits, so that a false match on a revisit lowers both.

    Example:
        >>> counts = LoopClosureCounts()
        >>> counts.update(Reason.ACCEPTED, correct=True, revisit=True)
        >>> counts.update(Reason.LOW_SIMILARITY, correct=None, revisit=True)
        >>> counts.compute()['recall']
        0.5
    """

    def __init__(self) -> None:
        """Begin without queries."""
        self.reset()

    def reset(self) -> None:
        """Forget all queries."""
        self._counts: Counter[str] = Counter()
        self._missed: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()

    def update(self, reason: Reason, *, correct: bool | None, revisit: bool | None) -> None:
        """Add one query.

        Args:
            reason: the decision.
            correct: whether the best match is true; None when that is not known.
            revisit: whether the map held a true place; None when that is not known.
        """
        self._counts['queries'] += 1
        self._reasons[reason.name] += 1
        self._counts['revisits'] += bool(revisit)
        if reason is Reason.ACCEPTED:
            kind = {True: 'true', False: 'false', None: 'unknown'}[correct]
            self._counts[kind] += 1
        elif revisit:
            self._counts['missed'] += 1
            self._missed[reason.name] += 1

    def compute(self) -> dict[str, Any]:
        """Return the counts, precision and recall (fractions; None where nothing counts).

        ``reasons`` counts the decisions on all queries, ``missed_reasons`` on the missed ones.
        ``unknown`` counts accepted matches on which the ground truth is silent.
        """
        counts = {name: self._counts[name]
                  for name in ('true', 'false', 'missed', 'unknown', 'revisits', 'queries')}
        judged = counts['true'] + counts['false']
        return {
            **counts,
            'precision': counts['true'] / judged if judged else None,
            'recall': counts['true'] / counts['revisits'] if counts['revisits'] else None,
            'reasons': dict(self._reasons.most_common()),
            'missed_reasons': dict(self._missed.most_common()),
        }
