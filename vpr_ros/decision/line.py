# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Line similarity: how alike the frames before were to the places that a match puts them at.

A match says where on the earlier drive the robot is, and so, back along the way that it has come,
where it was when it took the frames before. What those were like at these places was found when
they were searched for and is remembered; the mean of that is evidence even where no place was
among the best of its frame, as in another light. Distances or times are compared as in
:mod:`vpr_ros.decision.sequence`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vpr_ros.decision.motion import most_apart, NS, SAME_DISTANCE, SPEED_RATIOS
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Place, Ranked

WINDOW_M = 20.0  # of the way back, with odometry; without, it is the window of the sequence
SEEN = np.dtype([('session_id', '<i8'), ('stamp_ns', '<i8'), ('travelled_m', '<f8'),
                 ('similarity', '<f8')])

EndsOf = Callable[[int], tuple[Place, Place] | None]
"""Session -> its first and its last place in the map, or None."""

_Doubles = NDArray[np.float64]


class Seen(NamedTuple):
    """What the search returned for a frame.

    Attributes:
        rows: of the places by stamp, :data:`SEEN` (n,); an unknown travelled distance is NaN.
        rest: the similarity that any other place counts with.
    """

    rows: NDArray[Any]
    rest: float


class Earlier(NamedTuple):
    """A frame before the query."""

    stamp_ns: int
    travelled_m: float | None
    seen: Seen


def seen_of(ranked: Sequence[Ranked], settings: Settings) -> Seen:
    """Return what to remember of a search.

    Places that it did not return count as the least similar one that it did, and as 0 at most
    when there were no more to return.
    """
    rows = np.asarray(
        [(place.session_id, place.stamp_ns,
          np.nan if place.travelled_m is None else place.travelled_m, similarity)
         for place, similarity, _ in ranked], SEEN)
    rows = rows[np.argsort(rows['stamp_ns'])]  # so that little is left to sort for each query
    least = float(rows['similarity'].min(initial=np.inf))
    return Seen(rows, least if len(ranked) >= settings.candidates else min(least, 0.0))


def by_distance(frame: Frame, place: Place) -> bool:
    """Tell whether a query and a place are compared by distance travelled, else by time."""
    return frame.travelled_m is not None and place.travelled_m is not None


def line_similarities(
    earlier: Sequence[Earlier], frame: Frame, matches: Sequence[tuple[Place, float]],
    ends_of: EndsOf, settings: Settings,
) -> list[float]:
    """Return the line similarity of each match, in [-1, 1].

    It is the mean similarity of the query and of the frames before, each with the place at which
    the match puts it, under the hypothesis (ratio of the drives, direction) where it is highest.
    Frames that a hypothesis puts before the first or behind the last place of the session are
    left out of the mean.

    Args:
        earlier: the frames before, and what was seen of each.
        frame: the query.
        matches: places with their similarity to it.
        ends_of: where the sessions of the map begin and end.
        settings: windows and the spacing of keyframes.
    """
    groups: dict[tuple[int, bool], list[int]] = {}
    for number, (place, _) in enumerate(matches):
        groups.setdefault((place.session_id, by_distance(frame, place)), []).append(number)
    found = np.asarray([similarity for _, similarity in matches], np.float64)
    for (session_id, metric), numbers in groups.items():
        places = [matches[number][0] for number in numbers]
        moved, used = _way_back(earlier, frame, settings, metric=metric)
        if used:
            ends = ends_of(session_id) or (None, None)
            found[numbers] = _of_session(moved, used, places, found[numbers], ends, settings,
                                         metric=metric)
    return [float(value) for value in found]


def _way_back(
    earlier: Sequence[Earlier], frame: Frame, settings: Settings, *, metric: bool
) -> tuple[_Doubles, list[Seen]]:
    """How far back the frames of the window are, metres or seconds, and what was seen of them."""
    if metric and frame.travelled_m is not None:
        window = min(WINDOW_M, settings.sequence_window_m)
        pairs = [(abs(frame.travelled_m - entry.travelled_m), entry.seen) for entry in earlier
                 if entry.travelled_m is not None]
    else:
        window = settings.sequence_window_s
        pairs = [((frame.stamp_ns - entry.stamp_ns) * NS, entry.seen) for entry in earlier]
    pairs = [pair for pair in pairs if 0.0 <= pair[0] <= window]
    return np.asarray([moved for moved, _ in pairs], np.float64), [seen for _, seen in pairs]


def _of_session(
    moved: _Doubles, seen: Sequence[Seen], places: Sequence[Place], own: _Doubles,
    ends: tuple[Place | None, Place | None], settings: Settings, *, metric: bool,
) -> _Doubles:
    """Line similarity of places of one session, float64 (m,)."""
    origin_ns = places[0].stamp_ns

    def along(place: Place | None, unknown: float) -> float:
        if place is None or (metric and place.travelled_m is None):
            return unknown
        return place.travelled_m if metric and place.travelled_m is not None else (
            place.stamp_ns - origin_ns) * NS

    way = np.outer(moved, SAME_DISTANCE if metric else SPEED_RATIOS)
    apart = np.tile(most_apart(way, metric, settings), 2)  # (frames, hypotheses)
    target = np.asarray([along(place, np.nan) for place in places])[:, None, None] - np.hstack(
        [way, -way])  # (places, frames, hypotheses)
    low, high = target - apart, target + apart
    inside = (along(ends[0], -np.inf) <= high) & (low <= along(ends[1], np.inf))
    rows = np.frombuffer(b''.join([part.rows.tobytes() for part in seen]), SEEN)
    number = np.repeat(np.arange(len(seen)), [len(part.rows) for part in seen])
    mine = rows['session_id'] == places[0].session_id
    position = rows['travelled_m'] if metric else (rows['stamp_ns'] - origin_ns) * NS
    if metric:
        mine &= ~np.isnan(position)
    rest = np.asarray([part.rest for part in seen])
    value = _best_between(
        low, high, position[mine], number[mine], rows['similarity'][mine], rest[:, None])
    total = own[:, None] + np.where(inside, value, 0.0).sum(axis=1)
    return (total / (1.0 + inside.sum(axis=1))).max(axis=1)


def _best_between(
    low: _Doubles, high: _Doubles, position: _Doubles, number: NDArray[np.int64],
    similarity: _Doubles, rest: _Doubles,
) -> _Doubles:
    """Return the highest similarity of each frame's places between two positions.

    Args:
        low, high: (places, frames, hypotheses).
        position, number, similarity: of what was seen: where, of which frame, how alike.
        rest: of each frame, (frames, 1): what stands where there is no place.

    Returns:
        Of the shape of ``low``.
    """
    if not len(position):
        return np.broadcast_to(rest, low.shape)
    least = position.min() - 1.0  # one frame behind the other on one axis, a gap between them
    length = position.max() - least + 1.0
    key = number * length + (position - least)
    order = np.argsort(key, kind='stable')  # fast on what is nearly in order
    key, similarity = key[order], np.append(similarity[order], -np.inf)
    begin = np.arange(low.shape[1])[:, None] * length
    start = np.searchsorted(key, begin + np.clip(low - least, 0.5, length - 0.5), 'left')
    stop = np.searchsorted(key, begin + np.clip(high - least, 0.5, length - 0.5), 'right')
    spans = np.stack([start, stop], axis=-1).ravel()
    best = np.maximum.reduceat(similarity, spans)[::2].reshape(low.shape)
    return np.where(stop > start, best, rest)
