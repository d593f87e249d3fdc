# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The map: places in one SQLite file, found again by their descriptors.

:class:`PlaceMap` may be used from several threads: one lock makes its methods take turns, except
that :meth:`PlaceMap.save_as` copies the file through a connection of its own while places are
added. Files can be read by many processes beside one writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
import os
from pathlib import Path
import sqlite3
import threading
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import files, schema
from vpr_ros.place_map.index import check_kind
from vpr_ros.place_map.limits import (
    MAX_CARD_BYTES,
    MAX_DIM,
    check_integer,
    check_name,
    check_parts,
    check_pose,
    check_travelled,
    to_half,
)
from vpr_ros.place_map.lock import WriterLock
from vpr_ros.place_map.records import MapBytes, MapInfo, ModelIdentity, Neighbour, Session
from vpr_ros.place_map.store import State, Store
from vpr_ros.place_map.view import MapView
from vpr_ros.types import FloatArray, Place, Pose

_NO_PATCHES: Mapping[int, bytes] = {}


class PlaceMap:
    """A map of places; made by :meth:`create` or :meth:`open`, ended by :meth:`close`.

    Example:
        >>> import numpy as np
        >>> with PlaceMap.create(':memory:', ModelIdentity('example', 'ab12', 3)) as place_map:
        ...     place = place_map.add(np.array([1, 0, 0], np.float32), stamp_ns=1)
        ...     place = place_map.add(np.array([0, 1, 0], np.float32), stamp_ns=2)
        ...     [n.place.place_id for n in place_map.search(np.array([0, 1, 0], np.float32), 1)]
        [2]
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path | str,
        *,
        read_only: bool,
        index: str,
        lock: WriterLock | None,
    ) -> None:
        """For :meth:`create` and :meth:`open`; takes over connection and lock."""
        self._guard = threading.RLock()
        self._connection = connection
        self._path = path
        self._read_only = read_only
        self._lock = lock
        self._index = index
        self._store = Store(connection, str(path))
        self._session_id: int | None = None
        self._closed = False
        self._in_step = False
        self._state = State()
        self._sessions: dict[int, str] = {}
        with sqlite.explained(path, 'read it'):
            self._uuid = self._store.uuid()
            self._model = self._store.model()
            self._load()

    # -- opening and closing --------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        path: Path | str,
        model: ModelIdentity,
        *,
        overwrite: bool = False,
        index: str = 'auto',
    ) -> PlaceMap:
        """Make an empty map.

        Args:
            path: the new file, or ``:memory:``.
            model: the model that will describe its places.
            overwrite: replace a map that is there; a file that is no map is never replaced.
            index: kind of search index (see :mod:`vpr_ros.place_map.index`).

        Raises:
            MapError: the file exists, is in use, or cannot be written.
        """
        check_kind(index)
        _check_model(model)
        if str(path) == sqlite.MEMORY:
            connection = sqlite.connect(sqlite.MEMORY, 'rwc')
            Store(connection, sqlite.MEMORY).create(model)
            return cls(connection, sqlite.MEMORY, read_only=False, index=index, lock=None)
        with files.new_map(Path(path), overwrite=overwrite, doing='create it') as connection:
            connection.execute('BEGIN')
            Store(connection, str(path)).create(model)
            connection.execute('COMMIT')
        return cls.open(path, index=index)

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        model: ModelIdentity | None = None,
        read_only: bool = False,
        index: str = 'auto',
    ) -> PlaceMap:
        """Open a map, to let it grow or only to recognise in it.

        Args:
            path: the file.
            model: the model in use; None to take the map as it is.
            read_only: other processes may write; see :meth:`refresh`.
            index: kind of search index (see :mod:`vpr_ros.place_map.index`).

        Raises:
            MapError: missing, damaged, foreign, of a newer format, built by another model, or
                already open for writing (the message names the process).
        """
        check_kind(index)
        path = Path(path)
        sqlite.check_file(path)
        lock = None if read_only else WriterLock(path)
        connection = None
        try:
            connection = sqlite.open_file(path, read_only=read_only)
            if not read_only:
                with sqlite.explained(path, 'open it for writing'):
                    connection.execute('PRAGMA journal_mode = WAL')
                    connection.execute('PRAGMA synchronous = NORMAL')
            place_map = cls(connection, path, read_only=read_only, index=index, lock=lock)
            place_map._check_built_by(model)
            return place_map
        except BaseException:
            if connection is not None:
                connection.close()
            if lock is not None:
                lock.release()
            raise

    def close(self) -> None:
        """End; the file is complete by itself afterwards. A second call does nothing."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            if not self._read_only:
                # Readers of other processes, or a full disk, may keep the log beside the file.
                with suppress(sqlite3.Error):
                    self._connection.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
                    self._connection.execute('PRAGMA busy_timeout = 0')
                    self._connection.execute('PRAGMA journal_mode = DELETE').fetchall()
            self._connection.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> PlaceMap:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # -- growing --------------------------------------------------------------------------------

    def new_session(self, name: str = '') -> Session:
        """Begin a drive; places are added to it from now on.

        Raises:
            MapError: the map is read-only or cannot be written, or the name is too long.
        """
        check_name(name, 'the name of the session')
        with self._guard:
            session_id = self._next_session_id()
            with self._transaction('begin a session'):
                self._store.put_session(session_id, name)
                state = State(
                    self._state.revision + 1, self._state.places, self._state.next_place_id
                )
                self._store.put_state(state)
            self._state = state
            self._sessions[session_id] = name
            self._session_id = session_id
            self._in_step = True
            return self._session(session_id)

    def add(
        self,
        descriptor: FloatArray,
        *,
        stamp_ns: int,
        frame_id: str = '',
        pose: Pose | None = None,
        travelled_m: float | None = None,
        thumbnail: bytes = b'',
        patches: Mapping[int, bytes] = _NO_PATCHES,
    ) -> Place:
        """Add a place in one transaction: all of it is in the file when this returns, or nothing.

        Args:
            descriptor: float32 (D,), L2-normalised.
            stamp_ns: stamp of the image.
            frame_id: the camera's optical frame.
            pose: pose of the robot, or None.
            travelled_m: distance travelled in this session, or None.
            thumbnail: a JPEG, or empty.
            patches: patch size -> encoded patch descriptors.

        Returns:
            The place with its id. Without a current session, one is begun.

        Raises:
            MapError: a value is beyond its limit, or the file cannot be written; the map then is
                as it was and can still be searched.
        """
        half = to_half(descriptor, self._model.dim)
        check_name(frame_id, 'the frame')
        check_travelled(travelled_m)
        check_parts(thumbnail, patches)
        if pose is not None:
            check_pose(pose)
        with self._guard:
            session_id = self._session_id or self._next_session_id()
            place = Place(
                place_id=self._state.next_place_id,
                session_id=session_id,
                stamp_ns=check_integer(stamp_ns, 'the stamp'),
                frame_id=frame_id,
                pose=pose,
                travelled_m=travelled_m,
            )
            view = self._view
            state = State(
                self._state.revision + 1, self._state.places + 1, self._state.next_place_id + 1
            )
            total = view.total + half
            statistics, index = view.statistics, view.index
            with self._transaction('add a place'):
                if session_id not in self._sessions:
                    self._store.put_session(session_id, '')
                self._store.put_place(
                    place, half.astype('<f2').tobytes(), bytes(thumbnail), patches
                )
                if state.places >= statistics.next_count:
                    statistics = statistics.renewed(total, state.places)
                    self._store.put_statistics(statistics)
                    index = view.build_index(
                        statistics, self._store.all_descriptors(self._model.dim)
                    )
                self._store.put_state(state)
            if index is view.index:
                index.add(half[np.newaxis])
            view.columns.append(place)
            view.statistics, view.index, view.total = statistics, index, total
            view.thumbnail_bytes += len(thumbnail)
            view.patch_bytes += sum(len(codes) for codes in patches.values())
            self._sessions.setdefault(session_id, '')
            self._session_id = session_id
            self._state = state
            self._in_step = True
            return place

    # -- searching ------------------------------------------------------------------------------

    def search(
        self, descriptor: FloatArray, k: int, *, below_id: int | None = None
    ) -> list[Neighbour]:
        """The places most similar to a query.

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
            for place_id in ids:
                self._view.columns.row(place_id)
            return self._view.similarities(half, ids)

    def first_id_since(
        self, session_id: int, *, stamp_ns: int | None = None, travelled_m: float | None = None
    ) -> int | None:
        """The first place of a session at or after a stamp or a travelled distance.

        With both bounds it satisfies both; with none it is the first place of the session. A
        place without a travelled distance satisfies no bound on it. None when there is none.
        """
        with self._reading('search'):
            row = self._view.columns.first_row_since(session_id, stamp_ns, travelled_m)
            return None if row is None else int(self._view.columns.ids[row])

    # -- reading --------------------------------------------------------------------------------

    def place(self, place_id: int) -> Place:
        """A place.

        Raises:
            MapError: it does not exist. So do all methods that take an id.
        """
        with self._reading('read a place'):
            return self._view.columns.place(self._view.columns.row(place_id))

    def places(self, ids: Iterable[int] | None = None) -> list[Place]:
        """Some places, in the order of ``ids``, or all, ascending."""
        with self._reading('read places'):
            columns = self._view.columns
            rows = range(len(columns)) if ids is None else [columns.row(i) for i in ids]
            return [columns.place(row) for row in rows]

    def positions_m(self) -> NDArray[np.float64]:
        """Positions of all places, float64 (n, 3), ascending by id; NaN without a pose."""
        with self._reading('read positions'):
            return self._view.columns.positions_m.copy()

    def descriptor(self, place_id: int) -> FloatArray:
        """The descriptor of a place as it was added, float32 (D,), rounded to float16."""
        with self._reading('read a descriptor'):
            self._view.columns.row(place_id)
            return self._store.descriptors([place_id], self._model.dim)[0].astype(np.float32)

    def thumbnail(self, place_id: int) -> bytes:
        """The JPEG of a place; empty when it was added without."""
        with self._reading('read a thumbnail'):
            self._view.columns.row(place_id)
            return self._store.thumbnail(place_id)

    def patches(self, place_id: int) -> Mapping[int, bytes]:
        """Patch size -> encoded patches of a place; empty when it was added without."""
        with self._reading('read patches'):
            self._view.columns.row(place_id)
            return self._store.patches(place_id)

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
            positions = view.columns.positions_m
            positions = positions[~np.isnan(positions[:, 0])]
            box = None
            if len(positions):
                low, high = positions.min(axis=0).tolist(), positions.max(axis=0).tolist()
                box = ((low[0], low[1], low[2]), (high[0], high[1], high[2]))
            return MapInfo(
                path=str(self._path),
                uuid=self._uuid,
                revision=self._state.revision,
                format_version=schema.FORMAT_VERSION,
                model=self._model,
                places=len(view),
                sessions=len(self._sessions),
                has_patches=view.patch_bytes > 0,
                bytes=MapBytes(
                    file=self._file_bytes(),
                    descriptors=2 * self._model.dim * len(view),
                    thumbnails=view.thumbnail_bytes,
                    patches=view.patch_bytes,
                ),
                statistics_count=view.statistics.count,
                statistics_revision=view.statistics.revision,
                prior_count=view.statistics.prior_count,
                index=view.index.kind,
                read_only=self._read_only,
                bounding_box_m=box,
                travelled_m=sum(view.columns.session_span(s)[3] for s in self._sessions),
            )

    def refresh(self) -> int:
        """Take in what another process has written since; returns the number of new places."""
        with self._reading('read it'):
            before = len(self._view)
            if self._store.state() != self._state:
                self._load()
            return len(self._view) - before

    def save_as(self, path: Path | str) -> None:
        """Write a copy of the map as it is now; the map stays where it is and goes on.

        The copy appears under its name in one step, complete and on the disk. Saving a map under
        its own name brings all of it to the disk.

        Raises:
            MapError: the copy cannot be written, is in use, or would replace what is no map.
        """
        path = Path(path)
        if self._path != sqlite.MEMORY and os.path.realpath(path) == os.path.realpath(self._path):
            with self._reading('save it'):
                if not self._read_only:
                    self._connection.execute('PRAGMA wal_checkpoint(FULL)').fetchall()
            return
        with files.new_map(path, overwrite=True, doing='save it') as target:
            if self._path == sqlite.MEMORY:
                with self._reading('save it'):
                    self._connection.backup(target)
                return
            with self._reading('save it'):
                source = sqlite.open_file(Path(self._path), read_only=True)
            try:
                source.backup(target)
            finally:
                source.close()

    @property
    def path(self) -> Path | str:
        """The file, or ``:memory:``."""
        return self._path

    @property
    def model(self) -> ModelIdentity:
        """The model that built the map."""
        return self._model

    @property
    def uuid(self) -> str:
        """Made when the map was created; copies share it."""
        return self._uuid

    @property
    def revision(self) -> int:
        """Counts the transactions that changed the map."""
        return self._state.revision

    @property
    def read_only(self) -> bool:
        """True when opened for reading."""
        return self._read_only

    def __len__(self) -> int:
        return self._state.places

    # -- inside ---------------------------------------------------------------------------------

    def _load(self) -> None:
        """Read everything in one snapshot of the file."""
        self._connection.execute('BEGIN')
        try:
            self._state = self._store.state()
            self._sessions = self._store.sessions()
            self._view = MapView(self._store, self._model.dim, self._index)
        finally:
            self._connection.execute('ROLLBACK')
        if len(self._view) != self._state.places:
            raise MapError(
                f'map {self._path} is damaged: {len(self._view)} places found, '
                f'{self._state.places} were written; restore the map from a copy'
            )
        self._in_step = True

    @contextmanager
    def _reading(self, doing: str) -> Iterator[None]:
        with self._guard, sqlite.explained(self._path, doing):
            if self._closed:
                raise MapError(f'map {self._path} is closed; open it again')
            if not self._in_step:
                self._load()
            yield

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[None]:
        """All or nothing, in the file and, through ``_in_step``, in memory."""
        with self._reading(doing):
            if self._read_only:
                raise MapError(
                    f'map {self._path} is open read-only, cannot {doing}; open it for writing '
                    f'(mode mapping)'
                )
            execute = self._connection.execute
            execute('BEGIN IMMEDIATE')
            try:
                yield
                self._in_step = False
                execute('COMMIT')
            except BaseException:
                if self._connection.in_transaction:
                    execute('ROLLBACK')
                raise

    def _next_session_id(self) -> int:
        return max(self._sessions, default=0) + 1

    def _session(self, session_id: int) -> Session:
        places, started_ns, ended_ns, _ = self._view.columns.session_span(session_id)
        return Session(session_id, self._sessions[session_id], started_ns, ended_ns, places)

    def _file_bytes(self) -> int:
        if self._path == sqlite.MEMORY:
            return 0
        total = 0
        for name in (str(self._path), f'{self._path}-wal'):
            with suppress(OSError):
                total += os.stat(name).st_size
        return total

    def _check_built_by(self, model: ModelIdentity | None) -> None:
        mine = self._model
        if model is not None and (model.sha256, model.dim) != (mine.sha256, mine.dim):
            raise MapError(
                f'map {self._path} was built with model {mine.name} (sha256 {mine.sha256[:12]}, '
                f'{mine.dim} dimensions), not with {model.name} (sha256 {model.sha256[:12]}, '
                f'{model.dim} dimensions); choose that model or build the map again'
            )


def _check_model(model: ModelIdentity) -> None:
    check_name(model.name, 'the name of the model')
    check_name(model.sha256, 'the sha256 of the model')
    if not 0 < model.dim <= MAX_DIM:
        raise MapError(
            f'model {model.name} has {model.dim} dimensions, a map takes 1 to {MAX_DIM}'
        )
    if len(model.card_json.encode('utf-8', 'replace')) > MAX_CARD_BYTES:
        raise MapError(f'the card of model {model.name} is larger than {MAX_CARD_BYTES} bytes')
