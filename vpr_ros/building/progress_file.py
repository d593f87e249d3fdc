# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far a build has come, and what the pipeline remembers there: for going on after a kill.

Beside the growing map lies an SQLite file. After each frame one transaction notes which frame is
done, how many places there are, and what is remembered of the frames before: the last keyframe,
the candidates of the last frames, and the descriptors of keyframes, which the mean of the drive's
context is made from, for each camera. The end of the process at any moment leaves map and file at
most the places of one moment apart.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import suppress
import json
from pathlib import Path
import sqlite3
from typing import NamedTuple

import numpy as np

from vpr_ros.decision.line import SEEN, Seen
from vpr_ros.errors import MapError
from vpr_ros.keyframes import NO_IMAGE
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.types import FloatArray, Frame

FORMAT = 2  # of the notes
LEADING = ''  # in the place of a camera: the keyframe itself; the context, too, of a lone camera
_TABLES = """
CREATE TABLE IF NOT EXISTS job (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), what TEXT);
CREATE TABLE IF NOT EXISTS done (only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    source INTEGER, frames INTEGER, places INTEGER, last TEXT, entries TEXT);
CREATE TABLE IF NOT EXISTS keyframes (number INTEGER PRIMARY KEY, source INTEGER,
    camera TEXT, descriptor BLOB);
"""


class Done(NamedTuple):
    """How far a build has come.

    Attributes:
        source: number of the source that is read.
        frames: of it that are done.
        places: in the map after them.
    """

    source: int = 0
    frames: int = 0
    places: int = 0


class ProgressFile:
    """The notes of one build.

    Args:
        path: of the file.
        job: says what is built, from what and how; notes of another job are thrown away.
    """

    def __init__(self, path: Path, job: str) -> None:
        self._path = path
        self._noted: dict[str, object] = {}  # camera -> its descriptor that was noted last
        try:
            self._open()
            found = self._connection.execute('SELECT what FROM job').fetchone()
        except sqlite3.DatabaseError:  # damaged: the build begins anew
            self.close()
            remove(path)
            found = None
            self._open()
        if found is None or found[0] != job:
            with self._connection:
                for table in ('done', 'keyframes', 'job'):
                    self._connection.execute(f'DELETE FROM {table}')
                self._connection.execute('INSERT INTO job VALUES (1, ?)', (job,))

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path)
        # A kill loses nothing in this mode; after a power cut the job may have to begin anew.
        self._connection.executescript('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;'
                                       + _TABLES)

    @property
    def done(self) -> Done:
        """How far the job has come."""
        row = self._connection.execute('SELECT source, frames, places FROM done').fetchone()
        return Done() if row is None else Done(*row)

    def note(self, done: Done, recognizer: PlaceRecognizer, *, new_keyframe: bool) -> None:
        """Note that a frame is done, in one transaction.

        Raises:
            MapError: the disk is full.
        """
        keyframes, search, sequence, pauses = recognizer.memory
        last = keyframes.last
        held = {camera: len(context) for camera, context in search.contexts().items()}
        facts = None if last is None else [
            last[0].stamp_ns, last[0].travelled_m, held, pauses.before_ns]
        entries = [[stamp, travelled, [place.place_id for place in places], *_written(seen)]
                   for stamp, travelled, places, seen in sequence.entries]
        try:
            with self._connection:
                if new_keyframe and last is not None:
                    self._note_keyframe(done.source, LEADING, last[1])
                    for camera, context in search.contexts().items():
                        # a camera that has missed this moment still has its last one
                        newest = context.newest
                        if camera and newest is not None and (
                                newest is not self._noted.get(camera)):
                            self._note_keyframe(done.source, camera, newest)
                            self._noted[camera] = newest
                self._connection.execute(
                    'INSERT OR REPLACE INTO done VALUES (1, ?, ?, ?, ?, ?)',
                    (*done, json.dumps(facts), json.dumps(entries)))
        except sqlite3.Error as error:
            raise MapError(f'{self._path} cannot be written ({error}); free space and run the '
                           f'build again, it goes on where it was') from error

    def restore(self, recognizer: PlaceRecognizer) -> None:
        """Let a recogniser with the map remember what was remembered after the last frame."""
        keyframes, search, sequence, pauses = recognizer.memory
        row = self._connection.execute('SELECT source, last, entries FROM done').fetchone()
        if row is None:
            return
        source, last, entries = row[0], json.loads(row[1]), json.loads(row[2])
        held = {} if last is None else last[2]  # since the last pause
        cameras = [camera for (camera,) in self._connection.execute(
            'SELECT DISTINCT camera FROM keyframes WHERE source = ?', (source,))]
        for camera in cameras if cameras == [LEADING] else set(cameras) - {LEADING}:
            context = search.context_of(Frame(NO_IMAGE, 0, camera))
            for descriptor in self._descriptors(source, camera, held.get(camera, 0)):
                context.push(descriptor)
            self._noted[camera] = context.newest
        leading = self._descriptors(source, LEADING, 1)
        if last is not None and leading:
            keyframes.added(Frame(NO_IMAGE, last[0], travelled_m=last[1]), leading[0])
            pauses.before_ns = last[3]
        sequence.restore(
            (stamp, travelled, tuple(recognizer.place_map.places(ids)), _read(*seen))
            for stamp, travelled, ids, *seen in entries)

    def _note_keyframe(self, source: int, camera: str, descriptor: FloatArray) -> None:
        self._connection.execute(
            'INSERT INTO keyframes (source, camera, descriptor) VALUES (?, ?, ?)',
            (source, camera, descriptor.astype('<f4').tobytes()))

    def _descriptors(self, source: int, camera: str, most: int) -> list[FloatArray]:
        """Read the last descriptors of a camera, float32 (D,) each, oldest first."""
        rows = self._connection.execute(
            'SELECT descriptor FROM keyframes WHERE source = ? AND camera = ? '
            'ORDER BY number DESC LIMIT ?', (source, camera, most)).fetchall()
        return [np.frombuffer(blob, '<f4').astype(np.float32) for (blob,) in rows[::-1]]

    def close(self) -> None:
        """Close the file; it stays."""
        with suppress(AttributeError, sqlite3.Error):
            self._connection.close()


def _written(seen: Seen) -> tuple[str, float]:
    """Return what was seen of a frame as JSON can hold it."""
    return b64encode(seen.rows.tobytes()).decode('ascii'), seen.rest


def _read(rows: str = '', rest: float = 0.0) -> Seen:
    """Return what :func:`_written` wrote; nothing where an older version noted the frame."""
    return Seen(np.frombuffer(b64decode(rows), SEEN), rest)


def remove(path: Path) -> None:
    """Delete a progress file."""
    for suffix in ('', '-wal', '-shm', '-journal'):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
