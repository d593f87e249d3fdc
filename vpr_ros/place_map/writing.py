# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A map written in one go from the places of others: merged, split, repaired or imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
import sqlite3

import numpy as np

from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.halves import half_matrix
from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.place_map.meta import State
from vpr_ros.place_map.statistics import Statistics
from vpr_ros.place_map.store import SessionRow, Store
from vpr_ros.types import Place


class MapWriter:
    """Fills a new map; places come in ascending order of their ids and sessions.

    Args:
        connection: leads to an empty file (see :func:`vpr_ros.place_map.files.new_map`).
        label: the map's name in error messages.
        model: that described the places.
        context: how their descriptors were centred.
        map_uuid: identity of the map; None for a new one.
    """

    def __init__(
        self, connection: sqlite3.Connection, label: str, model: ModelIdentity,
        context: MapContext, *, map_uuid: str | None = None,
    ) -> None:
        self.store = Store(connection, label)
        self._dim = model.dim
        self._total = np.zeros(model.dim)
        self._places = self._last_id = 0
        connection.execute('BEGIN')
        self.store.create(model, context, map_uuid=map_uuid)

    def session(self, session_id: int, session: SessionRow) -> None:
        """Write a session."""
        self.store.put_session(session_id, session)

    def place(
        self, place: Place, descriptor: bytes, thumbnail: bytes, patches: Mapping[int, bytes],
        matches: int = 0,
    ) -> None:
        """Write a place; ``descriptor`` is float16 (D,), little-endian."""
        self._total += half_matrix([descriptor], self._dim)[0]
        self.store.put_place(place, descriptor, thumbnail, patches)
        if matches:
            self.store.put_matches(place.place_id, matches)
        self._places, self._last_id = self._places + 1, place.place_id

    def finish(
        self, state: State | None = None, statistics: Statistics | None = None
    ) -> None:
        """Write counters and normalisation, and commit.

        Args:
            state: revision, next id and so on to carry over; the counters are made to fit.
            statistics: of the map that these places are from; None makes them from the places.
        """
        state = state or State(revision=1)
        self.store.put_state(replace(
            state, places=self._places,
            next_place_id=max(state.next_place_id, self._last_id + 1),
        ))
        if statistics is None:
            statistics = Statistics.empty(self._dim)
            if self._places:
                statistics = statistics.renewed(self._total, self._places)
        self.store.put_statistics(statistics)
        self.store.connection.execute('COMMIT')
