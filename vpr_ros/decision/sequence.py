# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temporal consistency: whether the frames before lead to this match.

A robot that really is back on an earlier stretch of its route has matched the places before it
too, in the same order or in the opposite one. Distance travelled is compared with distance
travelled, so that speed does not matter. Without odometry time is compared with time, at one of
:data:`~vpr_ros.decision.motion.SPEED_RATIOS` between the two drives over the whole window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vpr_ros.decision.line import Earlier, EndsOf, line_similarities, Seen, seen_of
from vpr_ros.decision.motion import most_apart, NS, SAME_DISTANCE, SPEED_RATIOS
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Place, Ranked

ENTRIES = 20  # frames remembered per window
TOP = 5  # candidates of each earlier frame that may support a match ...
NEAR_BEST = 0.8  # ... and are at least this share as similar as the best of them


@dataclass(frozen=True)
class _Entry:
    stamp_ns: int
    travelled_m: float | None
    places: tuple[Place, ...]
    seen: Seen


@dataclass
class SequenceTracker:
    """The last frames with their best candidates; ``support`` counts those that lead to a place.

    State is explicit: ``push`` after each frame, ``reset`` when time jumps.
    """

    _entries: deque[_Entry] = field(default_factory=deque)

    def reset(self) -> None:
        """Forget all frames."""
        self._entries.clear()

    @property
    def entries(self) -> list[tuple[int, float | None, tuple[Place, ...], Seen]]:
        """What is remembered: stamp, distance travelled, best and all candidates of each frame."""
        return [(entry.stamp_ns, entry.travelled_m, entry.places, entry.seen)
                for entry in self._entries]

    def restore(
        self, entries: Iterable[tuple[int, float | None, tuple[Place, ...], Seen]]
    ) -> None:
        """Remember what :attr:`entries` said."""
        self._entries = deque(_Entry(*entry) for entry in entries)

    def push(self, frame: Frame, ranked: Sequence[Ranked], settings: Settings) -> None:
        """Remember a processed frame and its candidates, best first."""
        if self._entries:
            moved, window = _moved(self._entries[-1], frame, settings)
            if moved < window / ENTRIES:
                return  # standing still is no further evidence
        best = ranked[:TOP]
        least = NEAR_BEST * max((similarity for _, similarity, _ in best), default=0.0)
        places = tuple(place for place, similarity, _ in best if similarity >= least)
        self._entries.append(_Entry(
            frame.stamp_ns, frame.travelled_m, places, seen_of(ranked, settings)))
        while self._entries and not _within(self._entries[0], frame, settings):
            self._entries.popleft()

    def support(self, frame: Frame, place: Place, settings: Settings) -> tuple[int, int]:
        """Count the earlier frames that lead to ``place``.

        Returns:
            (frames that do, in the better of both directions; frames in the window).
        """
        return self.supports(frame, [place], settings)[0]

    def supports(
        self, frame: Frame, places: Sequence[Place], settings: Settings
    ) -> list[tuple[int, int]]:
        """:meth:`support` of several places at once."""
        entries = [entry for entry in self._entries if _within(entry, frame, settings)]
        filled = [entry for entry in entries if entry.places]
        if not filled or not places:
            return [(0, len(entries))] * len(places)
        fits = _fits(filled, frame, places, settings)
        starts = np.cumsum([0, *(len(entry.places) for entry in filled[:-1])])
        led = np.logical_or.reduceat(fits, starts, axis=1)  # (places, entries, hypotheses)
        return [(int(best), len(entries)) for best in led.sum(axis=1).max(axis=1)]

    def line_similarities(
        self, frame: Frame, matches: Sequence[tuple[Place, float]], ends_of: EndsOf,
        settings: Settings,
    ) -> list[float]:
        """See :func:`vpr_ros.decision.line.line_similarities`."""
        earlier = [Earlier(entry.stamp_ns, entry.travelled_m, entry.seen)
                   for entry in self._entries]
        return line_similarities(earlier, frame, matches, ends_of, settings)


def _moved(entry: _Entry, frame: Frame, settings: Settings) -> tuple[float, float]:
    """How far the robot has come since ``entry``, and the window, in metres or seconds."""
    if entry.travelled_m is not None and frame.travelled_m is not None:
        return abs(frame.travelled_m - entry.travelled_m), settings.sequence_window_m
    return (frame.stamp_ns - entry.stamp_ns) * NS, settings.sequence_window_s


def _within(entry: _Entry, frame: Frame, settings: Settings) -> bool:
    moved, window = _moved(entry, frame, settings)
    return 0.0 <= moved <= window


def _fits(
    entries: Sequence[_Entry], frame: Frame, places: Sequence[Place], settings: Settings
) -> NDArray[np.bool_]:
    """Whether the drives lead from each earlier match to each place.

    Returns:
        bool (places, earlier matches, hypotheses); a hypothesis is a ratio of the drives and a
        direction, 1 along the earlier drive and -1 against it. With odometry on both drives only
        the ratio 1 of the distances counts.
    """
    rows = [(entry, before) for entry in entries for before in entry.places]
    session, stamp, travelled = _columns([before for _, before in rows])
    now_session, now_stamp, now_travelled = (c[:, None] for c in _columns(places))
    query_m = np.nan if frame.travelled_m is None else frame.travelled_m
    moved_m = np.abs(query_m - np.asarray(
        [np.nan if entry.travelled_m is None else entry.travelled_m for entry, _ in rows]))
    moved_s = np.asarray([frame.stamp_ns - entry.stamp_ns for entry, _ in rows]) * NS
    along_m = now_travelled - travelled
    by_distance = ~np.isnan(along_m + moved_m)
    along = np.where(by_distance, along_m, (now_stamp - stamp) * NS)
    moved = np.where(by_distance, moved_m, moved_s)
    comparable = session == now_session
    hypotheses = []
    for ratio in SPEED_RATIOS:
        expected = moved * ratio
        limit = most_apart(expected, by_distance, settings)
        counts = comparable if ratio in SAME_DISTANCE else comparable & ~by_distance
        hypotheses += [counts & (np.abs(direction * along - expected) <= limit)
                       for direction in (1, -1)]
    return np.stack(hypotheses, axis=-1)


def _columns(places: Sequence[Place]) -> tuple[
    NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]
]:
    """Session, stamp and travelled distance (NaN: unknown) of places."""
    return (
        np.asarray([place.session_id for place in places], np.int64),
        np.asarray([place.stamp_ns for place in places], np.int64),
        np.asarray([np.nan if place.travelled_m is None else place.travelled_m
                    for place in places], np.float64),
    )
