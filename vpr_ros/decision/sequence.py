# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temporal consistency: do the frames before lead to this match?

A robot that really is back on an earlier stretch of its route has matched the places before it
too, in the same order or in the opposite one. Distance travelled is compared with distance
travelled, so that speed does not matter. Without odometry time is compared with time, at one of
:data:`SPEED_RATIOS` between the two drives over the whole window.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Place, Ranked

SPEED_RATIOS: tuple[float, ...] = (0.5, 0.7, 1.0, 1.4, 2.0)  # of the two drives' times
SAME_DISTANCE: tuple[float, ...] = (1.0,)
RATIO_ERROR = 0.2  # a ratio in between is as near as this to one of them
SCALE_ERROR = 0.05  # relative difference of the distances of two drives (with odometry)
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
        frames, counts = 0, Counter[tuple[float, int]]()
        for entry in self._entries:
            if not _within(entry, frame, settings):
                continue
            frames += 1
            fits = (_fits(entry, before, frame, place, settings) for before in entry.places)
            counts.update(set().union(*fits))
        return max(counts.values(), default=0), frames


def _moved(entry: _Entry, frame: Frame, settings: Settings) -> tuple[float, float]:
    """How far the robot has come since ``entry``, and the window, in metres or seconds."""
    if entry.travelled_m is not None and frame.travelled_m is not None:
        return abs(frame.travelled_m - entry.travelled_m), settings.sequence_window_m
    return (frame.stamp_ns - entry.stamp_ns) * _NS, settings.sequence_window_s


def _within(entry: _Entry, frame: Frame, settings: Settings) -> bool:
    moved, window = _moved(entry, frame, settings)
    return 0.0 <= moved <= window


def _fits(
    entry: _Entry, before: Place, frame: Frame, now: Place, settings: Settings
) -> set[tuple[float, int]]:
    """(ratio, direction) of the drives that lead from one match to the other.

    The direction is 1 along the earlier drive and -1 against it.
    """
    if before.session_id != now.session_id:
        return set()
    if (
        entry.travelled_m is not None and frame.travelled_m is not None
        and before.travelled_m is not None and now.travelled_m is not None
    ):
        moved, along = abs(frame.travelled_m - entry.travelled_m), now.travelled_m
        along -= before.travelled_m
        slack, error, ratios = 1.5 * settings.keyframe_distance_m, SCALE_ERROR, SAME_DISTANCE
    else:
        moved = (frame.stamp_ns - entry.stamp_ns) * _NS
        along = (now.stamp_ns - before.stamp_ns) * _NS
        slack, error, ratios = 0.5 * settings.keyframe_interval_s, RATIO_ERROR, SPEED_RATIOS
    return {
        (ratio, direction) for ratio in ratios for direction in (1, -1)
        if abs(direction * along - moved * ratio) <= moved * ratio * error + slack
    }
