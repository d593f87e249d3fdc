# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Loop closures by how far from the old place the robot passes, and by how much it is turned."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
import math
from typing import Any

from vpr_ros.types import Reason

DISTANCE_EDGES = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0)  # metres or frames
HEADING_EDGES = (0.0, 5.0, 10.0, 20.0, 45.0, 90.0, 135.0)  # degrees


class LoopTable:
    """Counts by a value that each query has.

    A revisit has that of the nearest true place; a false match that is no revisit that of the
    place it was taken for.

    Example:
        >>> table = LoopTable((0.0, 1.0))
        >>> table.update(0.3, Reason.ACCEPTED, correct=True, revisit=True)
        >>> table.update(7.0, Reason.AMBIGUOUS, correct=None, revisit=True)
        >>> [(row['from'], row['to'], row['recall']) for row in table.compute()]
        [(0.0, 1.0, 1.0), (1.0, None, 0.0)]
    """

    def __init__(self, edges: Sequence[float]) -> None:
        """Count between ascending ``edges``; the last row is open."""
        self._edges = tuple(edges)
        self.reset()

    def reset(self) -> None:
        """Forget all queries."""
        self._counts: list[Counter[str]] = [Counter() for _ in self._edges]
        self._missed: list[Counter[str]] = [Counter() for _ in self._edges]

    def update(
        self, value: float | None, reason: Reason, *, correct: bool | None, revisit: bool | None
    ) -> None:
        """Add one query.

        Args:
            value: distance or angle, not negative; None when it is unknown.
            reason: the decision.
            correct: whether the best match is true; None when that is not known.
            revisit: whether the map held a true place; None when that is not known.
        """
        if value is None or math.isnan(value):
            return
        row = max(bisect_right(self._edges, value) - 1, 0)
        counts = self._counts[row]
        counts['revisits'] += bool(revisit)
        if reason is Reason.ACCEPTED and correct is not None:
            counts['true' if correct else 'false'] += 1
        elif reason is not Reason.ACCEPTED and revisit:
            counts['missed'] += 1
            self._missed[row][reason.name] += 1

    def compute(self) -> list[dict[str, Any]]:
        """Rows that hold anything: ``from``, ``to`` (None: open), counts, recall, reasons.

        ``recall`` is true over revisits (None without any), ``missed_reasons`` reason -> count.
        """
        ends = (*self._edges[1:], None)
        rows = []
        for low, high, counts, missed in zip(
                self._edges, ends, self._counts, self._missed, strict=True):
            if not +counts:
                continue
            found = {name: counts[name] for name in ('revisits', 'true', 'false', 'missed')}
            recall = counts['true'] / counts['revisits'] if counts['revisits'] else None
            rows.append({'from': low, 'to': high, **found, 'recall': recall,
                         'missed_reasons': dict(missed.most_common())})
        return rows
