# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of a map: reading with verification, writing inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map import schema
from vpr_ros.place_map.halves import half_matrix
from vpr_ros.place_map.limits import fits
from vpr_ros.place_map.meta import MetaStore
from vpr_ros.types import Place, Pose

_BATCH = 4096
_MOST_VARIABLES = 500  # in one statement; old builds of SQLite take 999
PlaceRow = Sequence[Any]


class SessionRow(NamedTuple):
    """What is written of a drive.

    Attributes:
        name: as given, or ''.
        robot: the robot that drove, or ''.
        closed: it was ended; False while places are added, and after a sudden end.
    """

    name: str = ''
    robot: str = ''
    closed: bool = False


class Store(MetaStore):
    """The tables of one map.

    Args:
        connection: leads to a map (see :func:`vpr_ros.place_map.connection.identify`).
        label: the map's name in error messages.
    """

    # -- sessions -------------------------------------------------------------------------------

    def sessions(self) -> dict[int, SessionRow]:
        """Session id -> its row, ascending."""
        found = {}
        for session_id, name, robot, closed, checksum in self.connection.execute(
            'SELECT session_id, name, robot, closed, checksum FROM sessions ORDER BY session_id'
        ):
            with self._intact(f'session {session_id}'):
                if schema.session_checksum(session_id, name, robot, closed) != checksum:
                    raise ValueError('checksum')
            found[session_id] = SessionRow(name, robot, bool(closed))
        return found

    def put_session(self, session_id: int, session: SessionRow) -> None:
        """Add a session, or write it again."""
        name, robot, closed = session.name, session.robot, int(session.closed)
        self.connection.execute(
            'INSERT INTO sessions VALUES (?, ?, ?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET '
            'name = excluded.name, robot = excluded.robot, closed = excluded.closed, '
            'checksum = excluded.checksum',
            (session_id, name, robot, closed,
             schema.session_checksum(session_id, name, robot, closed)),
        )

    # -- places ---------------------------------------------------------------------------------

    def put_place(
        self,
        place: Place,
        descriptor: bytes,
        thumbnail: bytes,
        patches: Mapping[int, bytes],
    ) -> None:
        """Add a place with its parts; ``descriptor`` is float16, little-endian."""
        row = [
            place.place_id,
            place.session_id,
            place.stamp_ns,
            place.frame_id,
            None if place.travelled_m is None else float(place.travelled_m),
            *_pose_columns(place.pose),
            len(thumbnail),
            sum(len(codes) for codes in patches.values()),
            place.revisit_of,
            0,
            descriptor,
        ]
        row[schema.CHECKSUM] = schema.place_checksum(row)
        execute = self.connection.execute
        execute(f'INSERT INTO places VALUES ({",".join("?" * len(row))})', row)
        key = place.place_id
        if thumbnail:
            checksum = schema.blob_checksum(key, 0, thumbnail)
            execute('INSERT INTO thumbnails VALUES (?, ?, ?)', (key, thumbnail, checksum))
        for size, codes in patches.items():
            checksum = schema.blob_checksum(key, size, codes)
            execute('INSERT INTO patches VALUES (?, ?, ?, ?)', (key, size, codes, checksum))

    def change_place(
        self, place_id: int, *, pose: Pose | None = None, revisit_of: int | None = None
    ) -> None:
        """Give a place another pose, or another earlier place that shows its spot."""
        query = 'SELECT * FROM places WHERE place_id = ?'
        row = list(self.connection.execute(query, (place_id,)).fetchone())
        with self._intact(f'place {place_id}'):
            if schema.place_checksum(row) != row[schema.CHECKSUM]:
                raise ValueError('checksum')
        if pose is not None:
            row[5:13] = _pose_columns(pose)
        if revisit_of is not None:
            row[schema.REVISIT_OF] = revisit_of
        row[schema.CHECKSUM] = schema.place_checksum(row)
        self.connection.execute(
            'UPDATE places SET x_m = ?, y_m = ?, z_m = ?, qx = ?, qy = ?, qz = ?, qw = ?, '
            'pose_frame = ?, revisit_of = ?, checksum = ? WHERE place_id = ?',
            (*row[5:13], row[schema.REVISIT_OF], row[schema.CHECKSUM], place_id),
        )

    def remove_places(self, place_ids: Iterable[int]) -> None:
        """Remove places with their parts."""
        self.connection.executemany(
            'DELETE FROM places WHERE place_id = ?', ((place_id,) for place_id in place_ids)
        )

    def place_rows(self, dim: int) -> Iterator[list[PlaceRow]]:
        """All rows of ``places``; as :meth:`rows_since`."""
        return self.rows_since(-2**63, dim)

    def rows_since(self, place_id: int, dim: int) -> Iterator[list[PlaceRow]]:
        """Rows of ``places`` from an id on, in batches, ascending by id, verified.

        Raises:
            MapError: a row was changed since it was written.
        """
        before, session_before = 0, 0
        cursor = self.connection.execute(
            'SELECT * FROM places WHERE place_id >= ? ORDER BY place_id', (place_id,))
        while rows := cursor.fetchmany(_BATCH):
            for row in rows:
                self._check(row, dim)
                if row[0] <= before or row[1] < session_before:
                    with self._intact(f'place {row[0]}'):
                        raise ValueError('order')
                before, session_before = row[0], row[1]
            yield rows

    def rows_of(self, place_ids: Sequence[int], dim: int) -> dict[int, PlaceRow]:
        """Read those of some places that there are still, verified; as :meth:`rows_since`."""
        found = {}
        for some, marks in in_parts(place_ids):
            query = f'SELECT * FROM places WHERE place_id IN ({marks})'
            for row in self.connection.execute(query, some):
                self._check(row, dim)
                found[int(row[0])] = row
        return found

    def descriptors(self, place_ids: Sequence[int], dim: int) -> NDArray[np.float16]:
        """Descriptors of some places, float16 (n, D), in the order asked for."""
        found: dict[int, bytes] = {}
        for some, marks in in_parts(place_ids):
            query = f'SELECT place_id, descriptor FROM places WHERE place_id IN ({marks})'
            found.update(self.connection.execute(query, some))
        with self._intact('a descriptor'):
            return half_matrix([found[place_id] for place_id in place_ids], dim)

    def verified_descriptors(self, place_ids: Sequence[int], dim: int) -> NDArray[np.float16]:
        """As :meth:`descriptors`, after checking that the rows are as they were written.

        Raises:
            MapError: one is not.
        """
        found = self.rows_of(place_ids, dim)
        with self._intact('a descriptor'):
            return half_matrix([found[i][schema.DESCRIPTOR] for i in place_ids], dim)

    def place_ids(self) -> list[int]:
        """Read the ids of all places, ascending."""
        cursor = self.connection.execute('SELECT place_id FROM places ORDER BY place_id')
        return [row[0] for row in cursor]

    def thumbnail(self, place_id: int) -> bytes:
        """Read the JPEG of a place; empty when it has none."""
        row = self.connection.execute(
            'SELECT jpeg, checksum FROM thumbnails WHERE place_id = ?', (place_id,)
        ).fetchone()
        data: bytes = b'' if row is None else row[0]
        with self._intact(f'the thumbnail of place {place_id}'):
            if row is not None and schema.blob_checksum(place_id, 0, data) != row[1]:
                raise ValueError('checksum')
            if len(data) != self._part_bytes('thumbnail_bytes', place_id):
                raise ValueError('length')
        return data

    def patches(self, place_id: int, sizes: Collection[int] | None = None) -> dict[int, bytes]:
        """Patch size -> encoded patches of a place, of some sizes or all; empty without any."""
        found, query = {}, 'SELECT size, codes, checksum FROM patches WHERE place_id = ?'
        if sizes is not None:
            query += f' AND size IN ({", ".join("?" * len(sizes))})'
        with self._intact(f'the patches of place {place_id}'):
            for size, codes, checksum in self.connection.execute(
                f'{query} ORDER BY size', (place_id, *(sizes or ()))
            ):
                if schema.blob_checksum(place_id, size, codes) != checksum:
                    raise ValueError('checksum')
                found[size] = codes
            total = sum(map(len, found.values()))
            if sizes is None and total != self._part_bytes('patch_bytes', place_id):
                raise ValueError('length')
        return found

    def part(self, place_id: int, size: int) -> bytes:
        """One row of ``patches``; empty when there is none."""
        row = self.connection.execute(
            'SELECT codes, checksum FROM patches WHERE place_id = ? AND size = ?',
            (place_id, size)).fetchone()
        with self._intact(f'the patches of place {place_id}'):
            if row is not None and schema.blob_checksum(place_id, size, row[0]) != row[1]:
                raise ValueError('checksum')
        return b'' if row is None else row[0]

    def patch_sizes(self, below: int, places: Sequence[int]) -> set[int]:
        """Patch sizes below this that all of these places have."""
        query = (f'SELECT size FROM patches WHERE place_id IN ({", ".join("?" * len(places))}) '
                 f'AND size < ? GROUP BY size HAVING count(*) = ?')
        return {row[0] for row in self.connection.execute(query, (*places, below, len(places)))}

    def has_patches(self, below: int) -> bool:
        """Whether one of the first places has patches of a size below this."""
        query = 'SELECT EXISTS (SELECT 1 FROM (SELECT size FROM patches LIMIT 100) WHERE size < ?)'
        return bool(self.connection.execute(query, (below,)).fetchone()[0])

    def matches(self) -> dict[int, int]:
        """Place id -> how often it was recognised; without those that never were."""
        found = {}
        for place_id, count, checksum in self.connection.execute('SELECT * FROM matches'):
            with self._intact(f'the matches of place {place_id}'):
                if schema.count_checksum(place_id, count) != checksum:
                    raise ValueError('checksum')
            found[place_id] = count
        return found

    def put_matches(self, place_id: int, count: int) -> None:
        """Write how often a place was recognised."""
        self.connection.execute(
            'INSERT OR REPLACE INTO matches VALUES (?, ?, ?)',
            (place_id, count, schema.count_checksum(place_id, count)),
        )

    def count_match(self, place_id: int) -> None:
        """Count one more recognition of a place."""
        query = 'SELECT count FROM matches WHERE place_id = ?'
        row = self.connection.execute(query, (place_id,)).fetchone()
        self.put_matches(place_id, 1 + (row[0] if row else 0))

    # -- sizes ----------------------------------------------------------------------------------

    def part_bytes(self) -> NDArray[np.int64]:
        """Bytes of thumbnail and patches of each place, int64 (n,), ascending by id."""
        query = 'SELECT thumbnail_bytes + patch_bytes FROM places ORDER BY place_id'
        return np.array([row[0] for row in self.connection.execute(query)], np.int64)

    def used_bytes(self) -> int:
        """Bytes of the file that hold something."""
        pages, free, size = (
            int(self.connection.execute(f'PRAGMA {name}').fetchone()[0])
            for name in ('page_count', 'freelist_count', 'page_size')
        )
        return (pages - free) * size

    def _check(self, row: PlaceRow, dim: int) -> None:
        intact = schema.is_intact(row)
        if not intact or not fits(row, dim):
            with self._intact(f'place {row[0]}'):
                raise ValueError('length' if intact else 'checksum')

    def _part_bytes(self, column: str, place_id: int) -> int:
        row = self.connection.execute(
            f'SELECT {column} FROM places WHERE place_id = ?', (place_id,)
        ).fetchone()
        return int(row[0])


def in_parts(ids: Sequence[int]) -> Iterator[tuple[Sequence[int], str]]:
    """Cut ids into what one statement takes, each part with its question marks."""
    for start in range(0, len(ids), _MOST_VARIABLES):
        some = ids[start:start + _MOST_VARIABLES]
        yield some, ','.join('?' * len(some))


def _pose_columns(pose: Pose | None) -> list[Any]:
    """Return the eight columns of a pose."""
    if pose is None:
        return [*(None,) * 7, '']
    return [*map(float, (*pose.position_m, *pose.quaternion_xyzw)), pose.frame_id]
