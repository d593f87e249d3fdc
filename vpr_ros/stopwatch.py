# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Milliseconds per stage, and what is left of a time budget."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
import math

REMEMBERED = 64  # recognitions
SHARE = 0.95  # of them, whose time is kept free


class Reserve:
    """What the stages after the one that can be shortened have taken lately."""

    def __init__(self, stages: tuple[str, ...] = ('decide', 'map')) -> None:
        """Remember nothing yet.

        Args:
            stages: that come after it.
        """
        self._taken_ms: dict[str, deque[float]] = {
            stage: deque(maxlen=REMEMBERED) for stage in stages}

    def learn(self, stage: str, milliseconds: float) -> None:
        """Remember what a stage took; stages of no interest are left out."""
        if stage in self._taken_ms:
            self._taken_ms[stage].append(milliseconds)

    @property
    def seconds(self) -> float:
        """Time that was enough for nearly all recognitions: the stages' percentiles, added up."""
        return sum(map(_nearly_all, self._taken_ms.values())) / 1000.0


def _nearly_all(values: deque[float]) -> float:
    """Return the 95th percentile, the larger neighbour of it; 0 without values."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(SHARE * len(values)) - 1)]


class Stopwatch:
    """Measures the stages of one recognition with a clock that is given to it."""

    def __init__(self, clock: Callable[[], float], *, budget_ms: float = 0.0,
                 reserve: Reserve | None = None) -> None:
        """Start.

        Args:
            clock: seconds, monotonic.
            budget_ms: time allowed from now on; 0 means no limit.
            reserve: learns from the stages, and is kept free of what remains.
        """
        self._clock, self._laps = clock, {}  # type: ignore[var-annotated]
        self._reserve = reserve if reserve is not None else Reserve(())
        self._start = self._last = clock()
        self._budget_s = budget_ms / 1000.0 if budget_ms > 0 else float('inf')

    def lap(self, stage: str) -> None:
        """Book the time since the last call under ``stage``."""
        now = self._clock()
        self._laps[stage] = self._laps.get(stage, 0.0) + (now - self._last) * 1000.0
        self._reserve.learn(stage, (now - self._last) * 1000.0)
        self._last = now

    def book(self, stage: str, milliseconds: float) -> None:
        """Count work as done just now that was measured elsewhere, perhaps earlier.

        What has passed on this clock since the last lap is part of it, if it was done here.
        """
        now = self._clock()
        self._start += (now - self._last) - milliseconds / 1000.0
        self._laps[stage] = self._laps.get(stage, 0.0) + milliseconds
        self._last = now

    def remaining_s(self) -> float:
        """Seconds left of the budget, less the reserve; infinite without a budget."""
        return self._budget_s - self._reserve.seconds - (self._clock() - self._start)

    def latency_ms(self) -> dict[str, float]:
        """Stage name -> milliseconds, with ``total``."""
        return {**self._laps, 'total': (self._last - self._start) * 1000.0}
