# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The facts of all places in memory, one array a column: about 110 bytes a place.

:class:`vpr_ros.types.Place` objects are made when somebody asks for one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import MapError
from vpr_ros.place_map.schema import REVISIT_OF
from vpr_ros.types import Place, Pose

Box = tuple[tuple[float, float, float], tuple[float, float, float]]

_ROW = np.dtype(
    [
        ('place_id', np.int64),
        ('session_id', np.int64),
        ('stamp_ns', np.int64),
        ('travelled_m', np.float64),
        ('pose', np.float64, (7,)),
        ('frame', np.int32),
        ('pose_frame', np.int32),
        ('revisit_of', np.int64),
    ]
)


class PlaceColumns:
    """Growing columns; a row is a place, rows ascend by place id and by session id."""

    def __init__(self) -> None:
        self._rows = np.empty(64, dtype=_ROW)
        self._count = 0
        self._names: list[str] = []
        self._codes: dict[str, int] = {}

    @classmethod
    def of(cls, rows: NDArray[Any], names: Sequence[str]) -> PlaceColumns | None:
        """Columns from :attr:`rows` and :attr:`names`; None where these are of another layout."""
        if rows.dtype != _ROW or rows.ndim != 1:
            return None
        columns = cls()
        columns._rows, columns._count = rows, len(rows)
        columns._names = list(names)
        columns._codes = {name: code for code, name in enumerate(names)}
        return columns

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> NDArray[Any]:
        """All columns of all places, a structured array (n,)."""
        return self._rows[: self._count]

    @property
    def names(self) -> list[str]:
        """The names of frames, by the number that stands for them."""
        return self._names

    @property
    def ids(self) -> NDArray[np.int64]:
        """Place ids, int64 (n,)."""
        return self._rows['place_id'][: self._count]

    @property
    def positions_m(self) -> NDArray[np.float64]:
        """Positions, float64 (n, 3); NaN for places without a pose."""
        return self._rows['pose'][: self._count, :3]

    def bounding_box_m(self) -> Box | None:
        """Lowest and highest coordinates over all poses; None without poses."""
        positions = self.positions_m[~np.isnan(self.positions_m[:, 0])]
        if len(positions) == 0:
            return None
        low, high = positions.min(axis=0).tolist(), positions.max(axis=0).tolist()
        return (low[0], low[1], low[2]), (high[0], high[1], high[2])

    def append(self, place: Place) -> None:
        """Add one place."""
        pose = place.pose
        self._reserve(1)
        self._rows[self._count] = (
            place.place_id,
            place.session_id,
            place.stamp_ns,
            math.nan if place.travelled_m is None else place.travelled_m,
            (math.nan,) * 7 if pose is None else (*pose.position_m, *pose.quaternion_xyzw),
            self._code(place.frame_id),
            self._code('' if pose is None else pose.frame_id),
            place.revisit_of,
        )
        self._count += 1

    def extend(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add many places, given as rows of the table ``places`` (see :mod:`.schema`)."""
        self._reserve(len(rows))
        self._fill(self._rows[self._count:self._count + len(rows)], rows)
        self._count += len(rows)

    def replace(self, row: int, content: Sequence[Any]) -> None:
        """Give a place what its row of the table ``places`` says now."""
        self._fill(self._rows[row:row + 1], [content])

    def remove(self, rows: NDArray[np.int64]) -> None:
        """Take out places by their rows; those above move down."""
        self._rows = np.delete(self.rows, rows)
        self._count = len(self._rows)

    def _fill(self, new: NDArray[Any], rows: Sequence[Sequence[Any]]) -> None:
        columns = list(zip(*rows, strict=True))
        new['place_id'], new['session_id'], new['stamp_ns'] = columns[:3]
        new['travelled_m'] = np.array(columns[4], dtype=np.float64)
        new['pose'] = np.array(columns[5:12], dtype=np.float64).T
        new['frame'] = [self._code(name) for name in columns[3]]
        new['pose_frame'] = [self._code(name) for name in columns[12]]
        new['revisit_of'] = columns[REVISIT_OF]

    def _reserve(self, more: int) -> None:
        needed = self._count + more
        if needed > len(self._rows):
            grown = np.empty(max(needed, 2 * len(self._rows)), dtype=_ROW)
            grown[: self._count] = self._rows[: self._count]
            self._rows = grown

    def place(self, row: int) -> Place:
        """Return the place in a row."""
        values = self._rows[row].item()
        place_id, session_id, stamp_ns, travelled_m, numbers, frame, pose_frame, spot = values
        pose = None
        if not math.isnan(numbers[0]):
            x_m, y_m, z_m, *quaternion = numbers.tolist()
            pose = Pose((x_m, y_m, z_m), tuple(quaternion), self._names[pose_frame])
        return Place(
            place_id=place_id,
            session_id=session_id,
            stamp_ns=stamp_ns,
            frame_id=self._names[frame],
            pose=pose,
            travelled_m=None if math.isnan(travelled_m) else travelled_m,
            revisit_of=spot,
        )

    def set_pose(self, row: int, pose: Pose) -> None:
        """Give the place in a row another pose."""
        self._rows[row]['pose'] = (*pose.position_m, *pose.quaternion_xyzw)
        self._rows[row]['pose_frame'] = self._code(pose.frame_id)

    def set_revisit(self, row: int, place_id: int) -> None:
        """Give the place in a row another earlier place that shows its spot."""
        self._rows[row]['revisit_of'] = place_id

    def revisits_of(self, place_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of the places that revisit one of these, ascending."""
        return np.flatnonzero(np.isin(self.rows['revisit_of'], place_ids))

    def rows_at(self, stamp_ns: int, session_id: int | None = None) -> NDArray[np.int64]:
        """Rows of the places of a stamp, of one session or of all, ascending."""
        rows = slice(0, self._count) if session_id is None else self.session_rows(session_id)
        return rows.start + np.flatnonzero(self._rows['stamp_ns'][rows] == stamp_ns)

    def row(self, place_id: int) -> int:
        """Return the row of a place.

        Raises:
            MapError: the map has no such place.
        """
        row = self.find(place_id)
        if row is None:
            raise MapError(f'the map has no place {place_id}; it holds {self._count} places')
        return row

    def find(self, place_id: int) -> int | None:
        """Return the row of a place; None when the map has no such place."""
        row = self.rows_below(place_id)
        return row if row < self._count and self.ids[row] == place_id else None

    def rows_below(self, place_id: int) -> int:
        """How many places have a smaller id."""
        return bisect_left(self.ids, place_id)  # numpy would copy the whole column first

    def session_rows(self, session_id: int) -> slice:
        """Return the rows of a session."""
        sessions = self._rows['session_id'][: self._count]
        return slice(bisect_left(sessions, session_id), bisect_left(sessions, session_id + 1))

    def seen_by(self, frame_id: str, rows: slice) -> NDArray[np.bool_]:
        """Which of some rows are places that the camera of this optical frame saw."""
        return np.asarray(self._rows['frame'][rows] == self._codes.get(frame_id, -1))

    def first_row_since(
        self, session_id: int, stamp_ns: int | None, travelled_m: float | None
    ) -> int | None:
        """Find the first row of a session that satisfies every bound that is given."""
        rows = self.session_rows(session_id)
        values = self._rows[rows]
        wanted = np.ones(len(values), dtype=bool)
        if stamp_ns is not None:
            wanted &= values['stamp_ns'] >= stamp_ns
        if travelled_m is not None:
            wanted &= values['travelled_m'] >= travelled_m
        return rows.start + int(np.argmax(wanted)) if wanted.any() else None

    def session_span(self, session_id: int) -> tuple[int, int | None, int | None, float]:
        """Places, first and last stamp, and metres travelled of a session."""
        values = self._rows[self.session_rows(session_id)]
        if len(values) == 0:
            return 0, None, None, 0.0
        travelled = values['travelled_m'][~np.isnan(values['travelled_m'])]
        length_m = float(np.ptp(travelled)) if len(travelled) else 0.0
        return len(values), int(values['stamp_ns'][0]), int(values['stamp_ns'][-1]), length_m

    def _code(self, name: str) -> int:
        code = self._codes.setdefault(name, len(self._names))
        if code == len(self._names):
            self._names.append(name)
        return code
