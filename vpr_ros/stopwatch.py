# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Milliseconds per stage, and what is left of a time budget."""

from __future__ import annotations

from collections.abc import Callable


class Stopwatch:
    """Measures the stages of one recognition with a clock that is given to it."""

    def __init__(self, clock: Callable[[], float], *, budget_ms: float = 0.0) -> None:
        """Start.

        Args:
            clock: seconds, monotonic.
            budget_ms: time allowed from now on; 0 means no limit.
        """
        self._clock, self._laps = clock, {}  # type: ignore[var-annotated]
        self._start = self._last = clock()
        self._budget_s = budget_ms / 1000.0 if budget_ms > 0 else float('inf')

    def lap(self, stage: str) -> None:
        """Book the time since the last call under ``stage``."""
        now = self._clock()
        self._laps[stage] = self._laps.get(stage, 0.0) + (now - self._last) * 1000.0
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
        """Seconds left of the budget; infinite without one, negative when it is overrun."""
        return self._budget_s - (self._clock() - self._start)

    def latency_ms(self) -> dict[str, float]:
        """Stage name -> milliseconds, with ``total``."""
        return {**self._laps, 'total': (self._last - self._start) * 1000.0}
