# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temporal consistency: do the frames before lead to this match?

A robot that really is back on an earlier stretch of its route has matched the places before it
too, in the same order or in the opposite one. Distance travelled is compared with distance
travelled, so that speed does not matter; without odometry, time with time at a speed ratio of up
to :data:`SPEED_RATIO`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Place, Ranked

SPEED_RATIO = 4.0  # the second drive may be this much faster or slower (time only)
SCALE_ERROR = 0.3  # relative error of odometry between two drives (distance only)
ENTRIES = 20  # frames remembered per window
TOP = 5  # candidates of each earlier frame that may support a match ...
NEAR_BEST = 0.8  # ... and are at least this share as similar as the best of them
_NS = 1e-9


@dataclass(frozen=True)
class _Entry:
    stamp_ns: int
    travelled_m: float | None
    places: tuple[Place, ...]


@dataclass
class SequenceTracker:
    """The last frames with their best candidates; ``support`` counts those that lead to a place.

    State is explicit: ``push`` after each frame, ``reset`` when time jumps.
    """

    _entries: deque[_Entry] = field(default_factory=deque)

    def reset(self) -> None:
        """Forget all frames."""
        self._entries.clear()

    def push(self, frame: Frame, ranked: Sequence[Ranked], settings: Settings) -> None:
        """Remember a processed frame and its best candidates, best first."""
        best = ranked[:TOP]
        least = NEAR_BEST * max((similarity for _, similarity, _ in best), default=0.0)
        places = tuple(place for place, similarity, _ in best if similarity >= least)
        entry = _Entry(frame.stamp_ns, frame.travelled_m, places)
        if self._entries:
            moved, window = _moved(self._entries[-1], frame, settings)
            if moved < window / ENTRIES:
                return  # standing still is no further evidence
        self._entries.append(entry)
        while self._entries and not _within(self._entries[0], frame, settings):
            self._entries.popleft()

    def support(self, frame: Frame, place: Place, settings: Settings) -> tuple[int, int]:
        """Count the earlier frames that lead to ``place``.

        Returns:
            (frames that do, in the better of both directions; frames in the window).
        """
        forward = backward = frames = 0
        for entry in self._entries:
            if not _within(entry, frame, settings):
                continue
            frames += 1
            steps = [_step(entry, p, frame, place, settings) for p in entry.places]
            forward += any(1 in step for step in steps)
            backward += any(-1 in step for step in steps)
        return max(forward, backward), frames


def _moved(entry: _Entry, frame: Frame, settings: Settings) -> tuple[float, float]:
    """How far the robot has come since ``entry``, and the window, in metres or seconds."""
    if entry.travelled_m is not None and frame.travelled_m is not None:
        return abs(frame.travelled_m - entry.travelled_m), settings.sequence_window_m
    return (frame.stamp_ns - entry.stamp_ns) * _NS, settings.sequence_window_s


def _within(entry: _Entry, frame: Frame, settings: Settings) -> bool:
    moved, window = _moved(entry, frame, settings)
    return 0.0 <= moved <= window


def _step(
    entry: _Entry, before: Place, frame: Frame, now: Place, settings: Settings
) -> tuple[int, ...]:
    """Directions (1 along the earlier drive, -1 against it) in which both matches fit."""
    if before.session_id != now.session_id:
        return ()
    if (
        entry.travelled_m is not None and frame.travelled_m is not None
        and before.travelled_m is not None and now.travelled_m is not None
    ):
        moved = abs(frame.travelled_m - entry.travelled_m)
        along = now.travelled_m - before.travelled_m
        slack = 1.5 * settings.keyframe_distance_m
        low, high = moved * (1 - SCALE_ERROR) - slack, moved * (1 + SCALE_ERROR) + slack
    else:
        moved = (frame.stamp_ns - entry.stamp_ns) * _NS
        along = (now.stamp_ns - before.stamp_ns) * _NS
        slack = settings.keyframe_interval_s
        low, high = moved / SPEED_RATIO - slack, moved * SPEED_RATIO + slack
    return tuple(d for d in (1, -1) if low <= d * along <= high)
