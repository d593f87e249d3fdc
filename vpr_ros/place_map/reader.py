# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that a map answers: searching and reading, for readers and writers alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
import sqlite3
import threading

import numpy as np

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import schema
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.place_map.limits import check_integer, LOCAL_FEATURES, to_half
from vpr_ros.place_map.lookups import Lookups
from vpr_ros.place_map.meta import State
from vpr_ros.place_map.records import MapBytes, MapInfo, Neighbour, Session
from vpr_ros.place_map.store import SessionRow, Store
from vpr_ros.place_map.view import MapView
from vpr_ros.types import FloatArray


class MapReader(Lookups):
    """The reading half of :class:`vpr_ros.place_map.PlaceMap`; methods take turns by one lock.

    Args:
        connection: leads to a map; taken over.
        path: its file, or ``:memory:``.
        read_only: opened for reading.
        index: kind of search index, or ``auto``.

    Raises:
        MapError: the map is damaged.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path | str, *, read_only: bool, index: str
    ) -> None:
        self._guard = threading.RLock()
        self._connection = connection
        self._path = path
        self._read_only = read_only
        self._index = index
        self._store = Store(connection, str(path))
        self._session_id: int | None = None
        self._closed = False
        self._in_step = False
        self._state = State()
        self._sessions: dict[int, SessionRow] = {}
        with sqlite.explained(path, 'read it'):
            self._uuid = self._store.uuid()
            self._model = self._store.model()
            self._load()

    # -- searching ------------------------------------------------------------------------------

    def search(
        self, descriptor: FloatArray, k: int, *, below_id: int | None = None
    ) -> list[Neighbour]:
        """Find the places most similar to a query.

        Args:
            descriptor: float32 (D,), L2-normalised.
            k: how many, at most.
            below_id: only places with a smaller id, to leave out the recent ones.

        Returns:
            Best first; empty when there is no such place.

        Raises:
            MapError: the descriptor does not fit the map.
        """
        half = to_half(descriptor, self._model.dim)
        with self._reading('search'):
            return self._view.search(half, k, below_id)

    def similarities(self, descriptor: FloatArray, place_ids: Iterable[int]) -> FloatArray:
        """Similarity of a query to some places, by the same statistics as :meth:`search`.

        Returns:
            float32 (n,), in the order of ``place_ids``.

        Raises:
            MapError: the descriptor does not fit the map, or a place does not exist.
        """
        half = to_half(descriptor, self._model.dim)
        ids = [check_integer(place_id, 'the place id') for place_id in place_ids]
        with self._reading('search'):
            rows = [self._view.columns.row(place_id) for place_id in ids]
            return self._view.similarities(half, np.array(rows, np.int64))

    def compare(self, descriptor: FloatArray, others: FloatArray) -> FloatArray:
        """Similarity of a query to descriptors from elsewhere, by the statistics of this map.

        Args:
            descriptor: float32 (D,), L2-normalised.
            others: float32 (n, D), each L2-normalised.

        Returns:
            float32 (n,), what :meth:`search` would say if they were places of this map.

        Raises:
            MapError: a descriptor does not fit the map.
        """
        dim = self._model.dim
        half = to_half(descriptor, dim)
        halves = np.array([to_half(other, dim) for other in others], np.float16).reshape(-1, dim)
        with self._reading('search'):
            return self._view.statistics.similarities(half, halves)

    # -- reading --------------------------------------------------------------------------------

    def descriptor(self, place_id: int) -> FloatArray:
        """Return the descriptor of a place as it was added, float32 (D,), rounded to float16."""
        with self._reading('read a descriptor'):
            self._view.columns.row(place_id)
            return self._store.descriptors([place_id], self._model.dim)[0].astype(np.float32)

    def thumbnail(self, place_id: int) -> bytes:
        """Return the JPEG of a place; empty when it was added without."""
        with self._reading('read a thumbnail'):
            self._view.columns.row(place_id)
            return self._store.thumbnail(place_id)

    def patches(
        self, place_id: int, sizes: Collection[int] | None = None
    ) -> Mapping[int, bytes]:
        """Patch size -> encoded patches of a place; empty when it was added without.

        Args:
            place_id: of the place.
            sizes: read only these; None reads all.
        """
        with self._reading('read patches'):
            self._view.columns.row(place_id)
            patches = self._store.patches(place_id, sizes)
            patches.pop(LOCAL_FEATURES, None)
            return patches

    def patch_sizes(self) -> set[int]:
        """Patch sizes that the first place and the last have; empty without places."""
        with self._reading('read patches'):
            ids = self._view.columns.ids
            ends = {int(ids[0]), int(ids[-1])} if len(ids) else set()
            return self._store.patch_sizes(LOCAL_FEATURES, sorted(ends))

    def local_features(self, place_id: int) -> bytes:
        """Local features of a place (:mod:`vpr_ros.geometry.features`); empty without."""
        with self._reading('read local features'):
            self._view.columns.row(place_id)
            return self._store.part(place_id, LOCAL_FEATURES)

    @property
    def session(self) -> Session | None:
        """The session that places are added to; None until one is begun."""
        with self._reading('read sessions'):
            return None if self._session_id is None else self._session(self._session_id)

    def sessions(self) -> tuple[Session, ...]:
        """All sessions, ascending."""
        with self._reading('read sessions'):
            return tuple(self._session(session_id) for session_id in self._sessions)

    def info(self) -> MapInfo:
        """Facts about the map."""
        with self._reading('read it'):
            view = self._view
            return MapInfo(
                path=str(self._path),
                uuid=self._uuid,
                revision=self._state.revision,
                format_version=schema.FORMAT_VERSION,
                model=self._model,
                places=len(view),
                sessions=len(self._sessions),
                has_patches=view.patch_bytes > 0 and self._store.has_patches(LOCAL_FEATURES),
                bytes=MapBytes(
                    sqlite.file_bytes(self._path), 2 * self._model.dim * len(view),
                    view.thumbnail_bytes, view.patch_bytes),
                statistics_count=view.statistics.count,
                statistics_revision=view.statistics.revision,
                prior_count=view.statistics.prior_count,
                context_window=self._context.window,
                index=view.index.kind,
                read_only=self._read_only,
                bounding_box_m=view.columns.bounding_box_m(),
                travelled_m=sum(view.columns.session_span(s)[3] for s in self._sessions),
                forgotten=self._state.forgotten,
            )

    def refresh(self) -> int:
        """Take in what another process has written since; returns the number of new places."""
        with self._reading('read it'):
            before = len(self._view)
            if self._store.state() != self._state:
                self._load()
            return len(self._view) - before

    @property
    def path(self) -> Path | str:
        """The file, or ``:memory:``."""
        return self._path

    @property
    def model(self) -> ModelIdentity:
        """The model that built it."""
        return self._model

    @property
    def context(self) -> MapContext:
        """How the descriptors were centred before they came into the map."""
        return self._context

    @property
    def uuid(self) -> str:
        """Made when the map was created; copies share it."""
        return self._uuid

    @property
    def revision(self) -> int:
        """Counts the transactions that changed the map."""
        return self._state.revision

    @property
    def forgotten(self) -> int:
        """Number of places that were removed to keep the map within its budget."""
        return self._state.forgotten

    @property
    def read_only(self) -> bool:
        """True when opened for reading."""
        return self._read_only

    def __len__(self) -> int:
        return self._state.places

    # -- inside ---------------------------------------------------------------------------

    def _load(self) -> None:
        """Read everything in one snapshot of the file."""
        self._connection.execute('BEGIN')
        try:
            self._state = self._store.state()
            self._sessions = self._store.sessions()
            self._context = self._store.context(self._model.dim)
            MapView.abandon(vars(self).get('_view'))
            self._view = MapView(self._store, self._model.dim, self._index, guard=self._guard,
                                 path=self._path, mapped=self._read_only)
        finally:
            self._connection.execute('ROLLBACK')
        if len(self._view) != self._state.places:
            raise MapError(
                f'map {self._path} is damaged: {len(self._view)} places found, '
                f'{self._state.places} were written; restore the map from a copy, or '
                f'save what is left with `vpr map repair`')
        self._in_step = True

    @contextmanager
    def _reading(self, doing: str) -> Iterator[None]:
        with self._guard, sqlite.explained(self._path, doing):
            if self._closed:
                raise MapError(f'map {self._path} is closed; open it again')
            if not self._in_step:
                self._load()
            yield

    def _session(self, session_id: int) -> Session:
        places, started_ns, ended_ns, _ = self._view.columns.session_span(session_id)
        name, robot, closed = self._sessions[session_id]
        return Session(session_id, name, started_ns, ended_ns, places, robot, closed)

    def _next_session_id(self) -> int:
        return max(self._sessions, default=0) + 1
