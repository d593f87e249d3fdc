# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The back end's own numbers by stamp: key frames, nodes, vertices."""

from __future__ import annotations

from bisect import bisect_left, insort

MOST = 200_000


class StampIndex:
    """Finds the number that a back end gave to the frame of a stamp.

    Example:
        >>> index = StampIndex()
        >>> index.add(1_000, 7)
        >>> index.nearest(1_020, within_ns=50), index.nearest(2_000, within_ns=50)
        (7, None)
    """

    def __init__(self) -> None:
        self._stamps: list[int] = []
        self._numbers: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._stamps)

    @property
    def newest_ns(self) -> int | None:
        """The last stamp, None before the first."""
        return self._stamps[-1] if self._stamps else None

    def add(self, stamp_ns: int, number: int) -> None:
        """Learn a number; one that is told again replaces the old one."""
        if stamp_ns not in self._numbers:
            insort(self._stamps, stamp_ns)
        self._numbers[stamp_ns] = number
        if len(self._stamps) > MOST:
            del self._numbers[self._stamps.pop(0)]

    def nearest(self, stamp_ns: int, *, within_ns: int) -> int | None:
        """Return the number of the nearest stamp, None when that is farther than ``within_ns``."""
        at = bisect_left(self._stamps, stamp_ns)
        around = self._stamps[max(at - 1, 0):at + 1]
        found = min(around, key=lambda stamp: abs(stamp - stamp_ns), default=None)
        if found is None or abs(found - stamp_ns) > within_ns:
            return None
        return self._numbers[found]
