# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of a map: reading with verification, writing inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
import json
import sqlite3
from typing import Any
import uuid

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map import schema
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.damage import Intact
from vpr_ros.place_map.halves import half_matrix
from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.place_map.limits import MAX_DIM
from vpr_ros.place_map.statistics import Statistics
from vpr_ros.types import Place

_BATCH = 4096
_MOST_VARIABLES = 500  # in one statement; old builds of SQLite take 999
PlaceRow = Sequence[Any]


@dataclass(frozen=True)
class State:
    """What changes with every place.

    Attributes:
        revision: counts the transactions that changed the map.
        places: number of places.
        next_place_id: ids are never used twice, also when places are removed.
    """

    revision: int = 0
    places: int = 0
    next_place_id: int = 1

    def changed(self) -> State:
        """The state after a change that adds no place."""
        return State(self.revision + 1, self.places, self.next_place_id)

    def with_place(self) -> State:
        """The state after one more place."""
        return State(self.revision + 1, self.places + 1, self.next_place_id + 1)


class Store:
    """The tables of one map.

    Args:
        connection: leads to a map (see :func:`vpr_ros.place_map.connection.identify`).
        label: the map's name in error messages.
    """

    def __init__(self, connection: sqlite3.Connection, label: str) -> None:
        self.connection = connection
        self.label = label

    # -- meta -----------------------------------------------------------------------------------

    def create(self, model: ModelIdentity, context: MapContext) -> None:
        """Make the tables of an empty map."""
        execute = self.connection.execute
        execute(f'PRAGMA application_id = {schema.APPLICATION_ID}')
        execute(f'PRAGMA user_version = {schema.FORMAT_VERSION}')
        for sql in schema.TABLES.values():
            execute(sql)
        self._put('uuid', str(uuid.uuid4()))
        self._put(
            'model', json.dumps({'name': model.name, 'sha256': model.sha256, 'dim': model.dim})
        )
        self._put('model_card', model.card_json)
        self.put_state(State())
        self.put_statistics(Statistics.empty(model.dim))
        self.put_context(context)

    def uuid(self) -> str:
        """The map's identity."""
        return str(self._get('uuid'))

    def model(self) -> ModelIdentity:
        """The model that built the map."""
        with self._intact('its model'):
            raw = json.loads(self._get('model'))
            name, sha256, dim = str(raw['name']), str(raw['sha256']), int(raw['dim'])
            if not 0 < dim <= MAX_DIM:
                raise ValueError(f'{dim} dimensions')
            return ModelIdentity(name, sha256, dim, str(self._get('model_card')))

    def state(self) -> State:
        """Revision and counters."""
        with self._intact('its state'):
            return State(**{k: int(v) for k, v in json.loads(self._get('state')).items()})

    def put_state(self, state: State) -> None:
        """Write revision and counters."""
        self._put('state', json.dumps(vars(state)))

    def statistics(self, dim: int) -> Statistics:
        """The normalisation."""
        with self._intact('its statistics'):
            raw = json.loads(self._get('statistics'))
            mean = np.frombuffer(self._get('mean'), dtype='<f8').astype(np.float64)
            if mean.shape != (dim,) or not np.isfinite(mean).all():
                raise ValueError('wrong mean')
            return Statistics(
                mean, int(raw['count']), int(raw['revision']), int(raw['prior_count'])
            )

    def put_statistics(self, statistics: Statistics) -> None:
        """Write the normalisation."""
        self._put('mean', statistics.mean.astype('<f8').tobytes())
        self._put(
            'statistics',
            json.dumps(
                {
                    'prior_count': statistics.prior_count,
                    'count': statistics.count,
                    'revision': statistics.revision,
                }
            ),
        )

    def context(self, dim: int) -> MapContext:
        """How descriptors were centred before they came into the map."""
        with self._intact('its context'):
            raw = json.loads(self._get('context'))
            mean = np.frombuffer(self._get('context_mean'), dtype='<f4').astype(np.float32)
            if mean.shape != (dim,) or not np.isfinite(mean).all():
                raise ValueError('wrong mean')
            return MapContext(int(raw['window']), mean, int(raw['count']))

    def put_context(self, context: MapContext) -> None:
        """Write how descriptors were centred."""
        self._put('context_mean', context.mean.astype('<f4').tobytes())
        self._put('context', json.dumps({'window': context.window, 'count': context.count}))

    def _put(self, key: str, value: str | bytes) -> None:
        self.connection.execute(
            'INSERT OR REPLACE INTO meta VALUES (?, ?, ?)',
            (key, value, schema.text_checksum(key, value)),
        )

    def _get(self, key: str) -> Any:
        row = self.connection.execute(
            'SELECT value, checksum FROM meta WHERE key = ?', (key,)
        ).fetchone()
        with self._intact(f'{key!r} of its meta data'):
            if row is None or schema.text_checksum(key, row[0]) != row[1]:
                raise ValueError('checksum')
        return row[0]

    # -- sessions -------------------------------------------------------------------------------

    def sessions(self) -> dict[int, str]:
        """Session id -> name, ascending."""
        names = {}
        for session_id, name, checksum in self.connection.execute(
            'SELECT session_id, name, checksum FROM sessions ORDER BY session_id'
        ):
            with self._intact(f'session {session_id}'):
                if schema.text_checksum(session_id, name) != checksum:
                    raise ValueError('checksum')
            names[session_id] = name
        return names

    def put_session(self, session_id: int, name: str) -> None:
        """Add a session."""
        self.connection.execute(
            'INSERT INTO sessions VALUES (?, ?, ?)',
            (session_id, name, schema.text_checksum(session_id, name)),
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
        pose = place.pose
        numbers = (None,) * 7 if pose is None else (*pose.position_m, *pose.quaternion_xyzw)
        row = [
            place.place_id,
            place.session_id,
            place.stamp_ns,
            place.frame_id,
            None if place.travelled_m is None else float(place.travelled_m),
            *(None if number is None else float(number) for number in numbers),
            '' if pose is None else pose.frame_id,
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

    def place_rows(self, dim: int) -> Iterator[list[PlaceRow]]:
        """All rows of ``places`` in batches, ascending by id, verified.

        Raises:
            MapError: a row was changed since it was written.
        """
        length, before, session_before = 2 * dim, 0, 0
        cursor = self.connection.execute('SELECT * FROM places ORDER BY place_id')
        while rows := cursor.fetchmany(_BATCH):
            for row in rows:
                with self._intact(f'place {row[0]}'):
                    if schema.place_checksum(row) != row[schema.CHECKSUM]:
                        raise ValueError('checksum')
                    if len(row[schema.DESCRIPTOR]) != length:
                        raise ValueError('length')
                    if row[0] <= before or row[1] < session_before:
                        raise ValueError('order')
                before, session_before = row[0], row[1]
            yield rows

    def descriptors(self, place_ids: Sequence[int], dim: int) -> NDArray[np.float16]:
        """Descriptors of some places, float16 (n, D), in the order asked for."""
        found: dict[int, bytes] = {}
        for start in range(0, len(place_ids), _MOST_VARIABLES):
            some = place_ids[start : start + _MOST_VARIABLES]
            marks = ','.join('?' * len(some))
            found.update(
                self.connection.execute(
                    f'SELECT place_id, descriptor FROM places WHERE place_id IN ({marks})', some
                )
            )
        with self._intact('a descriptor'):
            return half_matrix([found[place_id] for place_id in place_ids], dim)

    def all_descriptors(self, dim: int) -> NDArray[np.float16]:
        """Descriptors of all places, float16 (n, D), ascending by id."""
        cursor = self.connection.execute('SELECT descriptor FROM places ORDER BY place_id')
        return half_matrix([row[0] for row in cursor], dim)

    def thumbnail(self, place_id: int) -> bytes:
        """The JPEG of a place; empty when it has none."""
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

    def patches(self, place_id: int) -> dict[int, bytes]:
        """Patch size -> encoded patches of a place; empty when it has none."""
        found = {}
        with self._intact(f'the patches of place {place_id}'):
            for size, codes, checksum in self.connection.execute(
                'SELECT size, codes, checksum FROM patches WHERE place_id = ? ORDER BY size',
                (place_id,),
            ):
                if schema.blob_checksum(place_id, size, codes) != checksum:
                    raise ValueError('checksum')
                found[size] = codes
            if sum(map(len, found.values())) != self._part_bytes('patch_bytes', place_id):
                raise ValueError('length')
        return found

    def _part_bytes(self, column: str, place_id: int) -> int:
        row = self.connection.execute(
            f'SELECT {column} FROM places WHERE place_id = ?', (place_id,)
        ).fetchone()
        return int(row[0])

    def _intact(self, what: str) -> Intact:
        return Intact(self.label, what)
