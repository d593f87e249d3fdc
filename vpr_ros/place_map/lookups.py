# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Finding places by id, stamp, session and way: what a map answers without descriptors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.view import MapView
from vpr_ros.types import Place


class Lookups(ABC):
    """The part of :class:`vpr_ros.place_map.reader.MapReader` that asks the columns alone."""

    _view: MapView

    @abstractmethod
    def _reading(self, doing: str) -> AbstractContextManager[None]:
        """Hold the lock, and let memory follow the file."""

    def ids_at(self, stamp_ns: int, session_id: int | None = None) -> list[int]:
        """Ids of the places of a stamp, in one session or in all, ascending."""
        with self._reading('search'):
            rows = self._view.columns.rows_at(stamp_ns, session_id)
            return self._view.columns.ids[rows].tolist()

    def first_id_since(
        self, session_id: int, *, stamp_ns: int | None = None, travelled_m: float | None = None
    ) -> int | None:
        """Find the first place of a session at or after a stamp or a travelled distance.

        With both bounds it satisfies both; with none it is the first place of the session. A
        place without a travelled distance satisfies no bound on it. None when there is none.
        """
        with self._reading('search'):
            row = self._view.columns.first_row_since(session_id, stamp_ns, travelled_m)
            return None if row is None else int(self._view.columns.ids[row])

    def last_ids(self, session_id: int, count: int, frame_id: str) -> list[int]:
        """Ids of those of the last ``count`` places of a session that a camera saw, ascending."""
        with self._reading('search'):
            columns = self._view.columns
            rows = columns.session_rows(session_id)
            rows = slice(max(rows.start, rows.stop - count), rows.stop)
            return columns.ids[rows][columns.seen_by(frame_id, rows)].tolist()

    def place(self, place_id: int) -> Place:
        """Return a place.

        Raises:
            MapError: it does not exist. So do all methods that take an id.
        """
        with self._reading('read a place'):
            return self._view.columns.place(self._view.columns.row(place_id))

    def has(self, place_id: int) -> bool:
        """Whether the map has a place of this id."""
        with self._reading('read a place'):
            return self._view.columns.find(place_id) is not None

    def places_of(self, session_id: int) -> list[Place]:
        """Return the places of a session, ascending."""
        with self._reading('read places'):
            rows = self._view.columns.session_rows(session_id)
            return [self._view.columns.place(row) for row in range(rows.start, rows.stop)]

    def ends_of(
        self, session_id: int, *, below_id: int | None = None
    ) -> tuple[Place, Place] | None:
        """Return the first and the last place of a session; None when it has none.

        Args:
            session_id: of the session.
            below_id: leave out the places from this id on.
        """
        with self._reading('read places'):
            columns = self._view.columns
            rows = columns.session_rows(session_id)
            stop = rows.stop
            if below_id is not None:
                stop = min(stop, int(np.searchsorted(columns.ids, below_id)))
            if stop <= rows.start:
                return None
            return columns.place(rows.start), columns.place(stop - 1)

    def spot_of(self, place: Place) -> Place:
        """Return the first place that showed the same spot: another for a revisit, else itself."""
        with self._reading('read a place'):
            row = self._view.columns.find(place.revisit_of)
            return place if row is None else self._view.columns.place(row)

    def places(self, ids: Iterable[int] | None = None) -> list[Place]:
        """Return some places, in the order of ``ids``, or all, ascending."""
        with self._reading('read places'):
            columns = self._view.columns
            rows = range(len(columns)) if ids is None else [columns.row(i) for i in ids]
            return [columns.place(row) for row in rows]

    def positions_m(self) -> NDArray[np.float64]:
        """Positions of all places, float64 (n, 3), ascending by id; NaN without a pose."""
        with self._reading('read positions'):
            return self._view.columns.positions_m.copy()
