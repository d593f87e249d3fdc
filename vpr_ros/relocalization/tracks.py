# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The places of a map as tracks: along each drive, at which metre (or second) every place lies.

The filter's states are these *stations*. Places that a drive took at one metre with several
cameras are one station.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import Place

IntArray = NDArray[np.int64]
DoubleArray = NDArray[np.float64]


class Tracks:
    """Stations of all sessions, ordered by session and position.

    Attributes:
        places: one place for each station, the first of it.
        position: float64 (n,), along the session: metres travelled, or seconds where the session
            has places without odometry.
        by_distance: bool (n,), True where positions are metres.
        start, end: int64 (n,), the rows of the station's session, end excluded.
        spacing: float64 (n,), median step between stations of the session.
    """

    def __init__(self, places: Sequence[Place], *, odometry: bool = True) -> None:
        """Put a map's places in order.

        Args:
            places: all of them, in any order.
            odometry: the robot knows how far it has travelled; else time is compared with time.
        """
        self.odometry = odometry
        sessions: dict[int, list[Place]] = {}
        for place in places:
            sessions.setdefault(place.session_id, []).append(place)
        self.places: list[Place] = []
        self._row_of: dict[int, int] = {}
        parts: list[tuple[DoubleArray, bool]] = []
        for session_id in sorted(sessions):
            parts.append(self._take(sessions[session_id]))
        lengths = [len(position) for position, _ in parts]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.position = np.concatenate([p for p, _ in parts]) if parts else np.zeros(0)
        self.by_distance = np.repeat([metres for _, metres in parts], lengths).astype(bool)
        self.start = np.repeat(starts[:-1], lengths)
        self.end = np.repeat(starts[1:], lengths)
        steps = [float(np.median(np.diff(p))) if len(p) > 1 else 1.0 for p, _ in parts]
        self.spacing = np.repeat(np.asarray(steps, np.float64), lengths)
        self._root = np.asarray([p.revisit_of or p.place_id for p in self.places], np.int64)
        self._session = np.asarray([p.session_id for p in self.places], np.int64)
        self._xyz = np.asarray([p.pose.position_m if p.pose else (np.nan,) * 3
                                for p in self.places], np.float64).reshape(-1, 3)

    def _take(self, places: list[Place]) -> tuple[DoubleArray, bool]:
        metres = self.odometry and all(place.travelled_m is not None for place in places)
        first_ns = min(place.stamp_ns for place in places)

        def along(place: Place) -> float:
            if metres:
                return float(place.travelled_m or 0.0)
            return (place.stamp_ns - first_ns) * 1e-9

        positions: list[float] = []
        for place in sorted(places, key=lambda place: (along(place), place.place_id)):
            if not positions or along(place) > positions[-1]:
                positions.append(along(place))
                self.places.append(place)
            self._row_of[place.place_id] = len(self.places) - 1
        return np.asarray(positions, np.float64), metres

    def __len__(self) -> int:
        return len(self.places)

    def row(self, place_id: int) -> int | None:
        """Return the station that a place belongs to; None for a place that came later."""
        return self._row_of.get(place_id)

    def window(self, low: DoubleArray, high: DoubleArray, rows: IntArray) -> tuple[
        IntArray, IntArray
    ]:
        """Return the stations between two positions of the same session.

        Args:
            low, high: float64 (k,), inclusive.
            rows: int64 (k,), stations that name the sessions.

        Returns:
            First row and the row after the last one, int64 (k,) each.
        """
        first, after = np.empty_like(rows), np.empty_like(rows)
        for start in np.unique(self.start[rows]):
            some = self.start[rows] == start
            position = self.position[start:self.end[start]]
            first[some] = start + np.searchsorted(position, low[some], 'left')
            after[some] = start + np.searchsorted(position, high[some], 'right')
        return first, after

    def same_spot(self, row: int, *, metres: float, seconds: float) -> NDArray[np.bool_]:
        """Which stations show the spot of one: near it, or near another visit to it.

        Args:
            row: the station.
            metres, seconds: how far a neighbourhood reaches with and without odometry.

        Returns:
            bool (n,).
        """
        near = np.zeros(len(self), dtype=bool)
        for visit in np.flatnonzero(self._root == self._root[row]):
            reach = metres if self.by_distance[visit] else seconds
            some = slice(self.start[visit], self.end[visit])
            near[some] |= np.abs(self.position[some] - self.position[visit]) <= reach
        here = self._session == self._session[row]
        apart = np.linalg.norm(self._xyz - self._xyz[row], axis=1)
        near |= here & (apart <= metres)  # NaN, where there is no pose, is not near
        return near
