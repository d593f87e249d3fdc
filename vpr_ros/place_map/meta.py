# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map says about itself as a whole: identity, model, counters, normalisation, centring."""

from __future__ import annotations

from dataclasses import dataclass, replace
import json
import sqlite3
from typing import Any
import uuid

import numpy as np

from vpr_ros.place_map import schema
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.damage import Intact
from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.place_map.limits import MAX_DIM, MAX_INTEGER
from vpr_ros.place_map.statistics import Statistics


@dataclass(frozen=True)
class State:
    """What changes with every place.

    Attributes:
        revision: counts the transactions that changed the map.
        places: number of places.
        next_place_id: ids are never used twice, also when places are removed.
        forgotten: number of places that were removed to keep the map within its budget.
        edits: another number after each edit of places that were there (see :mod:`.edits`).
    """

    revision: int = 0
    places: int = 0
    next_place_id: int = 1
    forgotten: int = 0
    edits: int = 0

    def changed(self) -> State:
        """Return the state after a change that adds no place."""
        return replace(self, revision=self.revision + 1)

    def with_place(self) -> State:
        """Return the state after one more place."""
        return replace(self.changed(), places=self.places + 1,
                       next_place_id=self.next_place_id + 1)

    def without(self, places: int, *, forgotten: bool) -> State:
        """Return the state with some places less; the edit itself is counted by :mod:`.edits`."""
        return replace(self, places=self.places - places,
                       forgotten=self.forgotten + places * forgotten)


class MetaStore:
    """The table ``meta`` of one map.

    Args:
        connection: leads to a map (see :func:`vpr_ros.place_map.connection.identify`).
        label: the map's name in error messages.
    """

    def __init__(self, connection: sqlite3.Connection, label: str) -> None:
        self.connection = connection
        self.label = label

    # -- meta -----------------------------------------------------------------------------------

    def create(
        self, model: ModelIdentity, context: MapContext, *, map_uuid: str | None = None
    ) -> None:
        """Make the tables of an empty map, with a new identity or a given one."""
        execute = self.connection.execute
        execute(f'PRAGMA application_id = {schema.APPLICATION_ID}')
        execute(f'PRAGMA user_version = {schema.FORMAT_VERSION}')
        for sql in schema.TABLES.values():
            execute(sql)
        self._put('uuid', map_uuid or str(uuid.uuid4()))
        self._put(
            'model', json.dumps({'name': model.name, 'sha256': model.sha256, 'dim': model.dim})
        )
        self._put('model_card', model.card_json)
        self.put_state(State())
        self.put_statistics(Statistics.empty(model.dim))
        self.put_context(context)

    def uuid(self) -> str:
        """Return the map's identity."""
        return str(self._get('uuid'))

    def model(self) -> ModelIdentity:
        """Return the model that built the map."""
        with self._intact('its model'):
            raw = json.loads(self._get('model'))
            name, sha256, dim = str(raw['name']), str(raw['sha256']), int(raw['dim'])
            if not 0 < dim <= MAX_DIM:
                raise ValueError(f'{dim} dimensions')
            return ModelIdentity(name, sha256, dim, str(self._get('model_card')))

    def state(self) -> State:
        """Revision and counters."""
        with self._intact('its state'):
            state = State(**{k: int(v) for k, v in json.loads(self._get('state')).items()})
            if not all(0 <= value < MAX_INTEGER for value in vars(state).values()):
                raise ValueError('a counter is out of range')
            return state

    def put_state(self, state: State) -> None:
        """Write revision and counters."""
        self._put('state', json.dumps(vars(state)))

    def statistics(self, dim: int) -> Statistics:
        """Return the normalisation."""
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

    def extra(self, key: str) -> bytes | None:
        """Return what :meth:`put_extra` wrote, or None."""
        query = 'SELECT 1 FROM meta WHERE key = ?'
        return bytes(self._get(key)) if self.connection.execute(query, (key,)).fetchone() else None

    def put_extra(self, key: str, value: bytes) -> None:
        """Write what a map can do without."""
        self._put(key, value)

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

    def _intact(self, what: str) -> Intact:
        return Intact(self.label, what)
