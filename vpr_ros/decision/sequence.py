# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temporal consistency: whether the frames before lead to this match.

A robot that really is back on an earlier stretch of its route has matched the places before it
too, in the same order or in the opposite one. Distance travelled is compared with distance
travelled, so that speed does not matter. Without odometry time is compared with time, at one of
:data:`SPEED_RATIOS` between the two drives over the whole window.

A robot that has just come back to a known street has frames in the window that could not lead to
it. So the evidence is that of the best run of frames up to now (a CUSUM, Page 1954): each frame
that leads to the match adds to the sum of nats, each that does not takes from it, and the run
begins where the sum is highest. The sum, not the share, says how sure a run makes: six frames out
of six are less than eighteen out of twenty. Without odometry any of many speeds may fit, so that a
frame leads to a wrong match more often and counts less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
import math

import numpy as np
from numpy.typing import NDArray

from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Match, Place, Ranked

SPEED_RATIOS: tuple[float, ...] = (0.5, 0.7, 1.0, 1.4, 2.0)  # of the two drives' times
SAME_DISTANCE: tuple[float, ...] = (1.0,)
RATIO_ERROR = 0.2  # a ratio in between is as near as this to one of them
SCALE_ERROR = 0.05  # relative difference of the distances of two drives (with odometry)
ENTRIES = 20  # frames remembered per window
TOP = 3  # candidates of each earlier frame that may support a match
# How often a frame leads to the match: to a true one, and to a wrong one with odometry (rendered
# drives) and without (floors of a tower, laps of a track)
RATE_TRUE, RATE_WRONG, RATE_WRONG_TIMED = 0.8, 0.16, 0.4
_NS = 1e-9


def frame_nats(*, timed: bool) -> tuple[float, float]:
    """Return what a frame adds that leads to the match, and what one takes that does not, in nat.

    Args:
        timed: times were compared, for want of odometry.
    """
    wrong = RATE_WRONG_TIMED if timed else RATE_WRONG
    return math.log(RATE_TRUE / wrong), math.log((1 - wrong) / (1 - RATE_TRUE))


def sequence_nats(support: int, frames: int, *, timed: bool) -> float:
    """Return the evidence of a run in which ``support`` of ``frames`` lead to the match.

    Args:
        support, frames: see :meth:`SequenceTracker.support`.
        timed: see :func:`frame_nats`.

    Returns:
        Log-likelihood ratio of a true revisit against chance, in nat; never negative.
    """
    agrees, differs = frame_nats(timed=timed)
    return max(0.0, support * agrees - (frames - support) * differs)


def match_nats(match: Match) -> float:
    """Return :func:`sequence_nats` of a match, timed when its place has no travelled distance."""
    return sequence_nats(match.sequence_support, match.sequence_frames,
                         timed=match.place.travelled_m is None)


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

    @property
    def entries(self) -> list[tuple[int, float | None, tuple[Place, ...]]]:
        """What is remembered: stamp, distance travelled, candidates of each frame."""
        return [(entry.stamp_ns, entry.travelled_m, entry.places) for entry in self._entries]

    def restore(self, entries: Iterable[tuple[int, float | None, tuple[Place, ...]]]) -> None:
        """Remember what :attr:`entries` said."""
        self._entries = deque(_Entry(*entry) for entry in entries)

    def push(self, frame: Frame, ranked: Sequence[Ranked], settings: Settings) -> None:
        """Remember a processed frame and its best candidates, best first."""
        places = tuple(place for place, _, _ in ranked[:TOP])
        entry = _Entry(frame.stamp_ns, frame.travelled_m, places)
        if self._entries:
            moved, window = _moved(self._entries[-1], frame, settings)
            if moved < window / ENTRIES:
                return  # standing still is no further evidence
        self._entries.append(entry)
        while self._entries and not _within(self._entries[0], frame, settings):
            self._entries.popleft()

    def support(self, frame: Frame, place: Place, settings: Settings) -> tuple[int, int]:
        """Count the earlier frames of the best run that lead to ``place``.

        Returns:
            (frames that do, in the better of both directions; frames in the run). Where no run
            speaks for the place, the run is the whole window.
        """
        return self.supports(frame, [place], settings)[0]

    def supports(
        self, frame: Frame, places: Sequence[Place], settings: Settings
    ) -> list[tuple[int, int]]:
        """Return :meth:`support` of several places at once."""
        entries = [entry for entry in self._entries if _within(entry, frame, settings)]
        filled = np.asarray([bool(entry.places) for entry in entries], bool)
        if not filled.any() or not places:
            return [(0, len(entries))] * len(places)
        some = [entry for entry in entries if entry.places]
        fits = _fits(some, frame, places, settings)
        starts = np.cumsum([0, *(len(entry.places) for entry in some[:-1])])
        led = np.zeros((len(places), len(entries), fits.shape[2]), bool)
        led[:, filled] = np.logical_or.reduceat(fits, starts, axis=1)
        return [_best_run(of_place, timed=frame.travelled_m is None or place.travelled_m is None)
                for of_place, place in zip(led, places, strict=True)]


def _best_run(led: NDArray[np.bool_], *, timed: bool) -> tuple[int, int]:
    """Find the run of frames up to now that speaks most for a place.

    Args:
        led: bool (entries, hypotheses), oldest entry first.
        timed: see :func:`frame_nats`.

    Returns:
        Frames of the run that lead to the place, and frames of the run.
    """
    backwards = led[::-1]
    support = backwards.cumsum(axis=0)
    frames = np.arange(1, len(led) + 1)[:, None]
    agrees, differs = frame_nats(timed=timed)
    nats = support * agrees - (frames - support) * differs
    row, hypothesis = np.unravel_index(nats.argmax(), nats.shape)
    if nats[row, hypothesis] <= 0:
        return int(support[-1].max()), len(led)
    return int(support[row, hypothesis]), int(row) + 1


def _moved(entry: _Entry, frame: Frame, settings: Settings) -> tuple[float, float]:
    """How far the robot has come since ``entry``, and the window, in metres or seconds."""
    if entry.travelled_m is not None and frame.travelled_m is not None:
        return abs(frame.travelled_m - entry.travelled_m), settings.sequence_window_m
    return (frame.stamp_ns - entry.stamp_ns) * _NS, settings.sequence_window_s


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
    moved_s = np.asarray([frame.stamp_ns - entry.stamp_ns for entry, _ in rows]) * _NS
    along_m = now_travelled - travelled
    by_distance = ~np.isnan(along_m + moved_m)
    along = np.where(by_distance, along_m, (now_stamp - stamp) * _NS)
    moved = np.where(by_distance, moved_m, moved_s)
    error = np.where(by_distance, SCALE_ERROR, RATIO_ERROR)
    slack = np.where(by_distance, 1.5 * settings.keyframe_distance_m,
                     0.5 * settings.keyframe_interval_s)
    comparable = session == now_session
    hypotheses = []
    for ratio in SPEED_RATIOS:
        expected = moved * ratio
        limit = expected * error + slack
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
