# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The map: places in one SQLite file, found again by their descriptors.

:class:`PlaceMap` may be used from several threads: one lock makes its methods take turns, but
:meth:`PlaceMap.save_as` copies the file by a connection of its own while places are added. Files
can be read by many processes beside one writer.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, suppress
import os
from pathlib import Path
import sqlite3

from vpr_ros.errors import MapError
from vpr_ros.file_watch import Fate, FileWatch
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import files
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.editing import MapEditor
from vpr_ros.place_map.halves import half_bytes
from vpr_ros.place_map.identity import check_built_by, check_model, ModelIdentity
from vpr_ros.place_map.indexes import check_kind
from vpr_ros.place_map.limits import check_facts, check_parts, to_half
from vpr_ros.place_map.lock import WriterLock
from vpr_ros.place_map.store import SessionRow, Store
from vpr_ros.types import FloatArray, Place, Pose

_NO_PATCHES: Mapping[int, bytes] = {}


class PlaceMap(MapEditor):
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
        index: str = 'auto',
        lock: WriterLock | None = None,
    ) -> None:
        """For :meth:`create` and :meth:`open`; takes over connection and lock."""
        super().__init__(connection, path, read_only=read_only, index=index)
        self._lock = lock
        self._watch = FileWatch(path, content=False)

    # -- opening and closing --------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        path: Path | str,
        model: ModelIdentity,
        *,
        overwrite: bool = False,
        index: str = 'auto',
        context_window: int = 0,
    ) -> PlaceMap:
        """Make an empty map.

        Args:
            path: the new file, or ``:memory:``.
            model: the model that will describe its places.
            overwrite: replace a map that is there; a file that is no map is never replaced.
            index: kind of search index (see :mod:`vpr_ros.place_map.indexes.kinds`).
            context_window: over how many keyframes descriptors are centred before they are
                added (see :mod:`vpr_ros.place_map.context`); 0 for not at all.

        Raises:
            MapError: the file exists, is in use, or cannot be written.
        """
        check_kind(index)
        check_model(model)
        context = MapContext.empty(context_window, model.dim)
        if str(path) == sqlite.MEMORY:
            connection = sqlite.connect(sqlite.MEMORY, 'rwc')
            Store(connection, sqlite.MEMORY).create(model, context)
            return cls(connection, sqlite.MEMORY, read_only=False, index=index, lock=None)
        with files.new_map(Path(path), overwrite=overwrite, doing='create it') as connection:
            connection.execute('BEGIN')
            Store(connection, str(path)).create(model, context)
            connection.execute('COMMIT')
        return cls.open(path, index=index)

    @classmethod
    def open(  # noqa: A003
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
            index: kind of search index (see :mod:`vpr_ros.place_map.indexes.kinds`).

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
            place_map = cls(connection, path, read_only=read_only, index=index, lock=lock)
            check_built_by(path, place_map.model, model)
            if not read_only:  # only now that the map is known to be sound is it touched
                place_map._prepare_writing()
            return place_map
        except BaseException:
            if connection is not None:
                connection.close()
            if lock is not None:
                lock.release()
            raise

    def close(self) -> None:
        """End; the file is complete by itself afterwards. A second call does nothing."""
        self._view.index.stop()
        with self._guard:
            if self._closed:
                return
            with suppress(MapError):  # a full disk: the session then stays open in the file
                self.end_session()
            if not self._read_only:
                self._keep_view(now=True)
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

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- growing --------------------------------------------------------------------------------

    def add(
        self,
        descriptor: FloatArray,
        *,
        stamp_ns: int,
        frame_id: str = '',
        pose: Pose | None = None,
        travelled_m: float | None = None,
        revisit_of: int = 0,
        context: FloatArray | None = None,
        thumbnail: bytes = b'',
        patches: Mapping[int, bytes] = _NO_PATCHES,
    ) -> Place:
        """Add a place in one transaction: all of it is in the file when this returns, or nothing.

        It then survives the end of the process, however sudden. A power cut can take the places
        of the last moments, whole places only; :meth:`save_as` to the map's own name prevents it.

        Args:
            descriptor: float32 (D,), L2-normalised.
            stamp_ns: stamp of the image.
            frame_id: the camera's optical frame.
            pose: pose of the robot, or None.
            travelled_m: distance travelled in this session, or None.
            context: float32 (D,), what was subtracted from the descriptor; None for nothing.
            revisit_of: id of the earlier place that shows the same spot, 0 for none.
            thumbnail: a JPEG, or empty.
            patches: patch size -> encoded patch descriptors.

        Returns:
            The place with its id. Without a current session, one is begun.

        Raises:
            MapError: a value is beyond its limit, or the file cannot be written; the map then is
                as it was and can still be searched.
        """
        half, thumbnail = to_half(descriptor, self._model.dim), bytes(thumbnail)
        check_facts(stamp_ns, frame_id, pose, travelled_m)
        check_parts(thumbnail, patches)
        with self._guard:
            if context is not None:
                to_half(context, self._model.dim)  # the same checks as of a descriptor
            if revisit_of:
                self._view.columns.row(revisit_of)
            session_id = self._session_id or self._next_session_id()
            place = Place(
                place_id=self._state.next_place_id,
                session_id=session_id,
                stamp_ns=int(stamp_ns),
                frame_id=frame_id,
                pose=pose,
                travelled_m=travelled_m,
                revisit_of=revisit_of,
            )
            state = self._state.with_place()
            seen = self._context if context is None else self._context.with_place(context)
            with self._transaction('add a place'):
                if session_id not in self._sessions:
                    self._store.put_session(session_id, SessionRow())
                if revisit_of:
                    self._store.count_match(revisit_of)
                self._store.put_place(place, half_bytes(half), thumbnail, patches)
                growth = self._view.prepare(half)
                if growth.statistics is not self._view.statistics:
                    self._store.put_statistics(growth.statistics)
                self._store.put_state(state)
                if seen is not self._context:
                    self._store.put_context(seen)
            self._view.grow(place, half, growth, thumbnail, patches)
            self._sessions.setdefault(session_id, SessionRow())
            self._session_id = session_id
            self._state = state
            self._context = seen
            self._in_step = True
            self._keep_budget()
            self._keep_view()
            return place

    def save_as(self, path: Path | str) -> None:
        """Write a copy of the map as it is now; the map stays where it is and goes on.

        The copy appears under its name in one step, complete and on the disk. Saving a map under
        its own name brings all of it to the disk; a file that was deleted meanwhile is written
        once more.

        Raises:
            MapError: the copy cannot be written, is in use, or would replace what is no map; or
                another file lies under the map's own name now.
        """
        path = Path(path)
        if self._path != sqlite.MEMORY and os.path.realpath(path) == os.path.realpath(self._path):
            with self._reading('save it'):
                if self.fate is Fate.REPLACED:
                    raise MapError(f'map {path} was replaced by another file while it was in use; '
                                   f'save it under another name')
                if self.fate is Fate.GONE:
                    self._write_again()
                elif not self._read_only:
                    self._connection.execute('PRAGMA wal_checkpoint(FULL)').fetchall()
            return
        with files.new_map(path, overwrite=True, doing='save it') as target:
            with self._reading('save it'):
                if self._path == sqlite.MEMORY or self.fate is not Fate.SAME:
                    self._connection.backup(target)
                    return
                source = sqlite.open_file(Path(self._path), read_only=True)
            with closing(source):
                source.backup(target)

    @property
    def fate(self) -> Fate:
        """What became of the map's file since it was opened; the map works on with the old one."""
        return Fate.SAME if self._path == sqlite.MEMORY else self._watch.fate()

    def _write_again(self) -> None:
        """Make the deleted file anew from the one that is still open, and go on with that."""
        path = Path(self._path)
        with files.replacing(path, 'save it') as target:
            self._connection.backup(target)
        # closed first: SQLite removes a log by its name, and the new file's has the same
        self._connection.close()
        self._connection = sqlite.open_file(path, read_only=self._read_only)
        if not self._read_only:
            self._prepare_writing()
        self._store = Store(self._connection, str(path))
        self._watch = FileWatch(path, content=False)
        self._load()

    def _prepare_writing(self) -> None:
        with sqlite.explained(self._path, 'open it for writing'), self._guard:  # the index reads
            self._connection.execute('PRAGMA journal_mode = WAL')
            self._connection.execute('PRAGMA synchronous = NORMAL')
