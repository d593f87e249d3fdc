# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the shared map has acknowledged: a small SQLite file beside the robot's map.

A place waits for nothing here: the map's own transaction makes it durable, and what the map holds
and the journal does not is still to be pushed. So the map and the journal together are the outbox,
no descriptor is stored twice, and the loss of the journal only means that places are pushed again,
which changes nothing (see :class:`.record.SharedPlace`). Beside that it keeps places of other
robots over a restart (:mod:`.cache`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
import sqlite3

from vpr_ros.fleet.errors import FleetError

APPLICATION_ID = 0x56505246  # 'VPRF'
FORMAT_VERSION = 2  # 1 remembered no places of other robots
SUFFIX = '.fleet'
MEMORY = ':memory:'
_TABLES = (
    'CREATE TABLE about (belongs_to TEXT NOT NULL)',
    'CREATE TABLE sent (place_id INTEGER PRIMARY KEY, digest INTEGER NOT NULL, '
    'compared INTEGER NOT NULL)',
)
_OTHERS = ('CREATE TABLE others (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, '
           'facts TEXT NOT NULL, descriptor BLOB NOT NULL)')


def journal_path(map_path: Path | str) -> Path | str:
    """Where the journal of a map lies; in memory for a map that does."""
    return MEMORY if str(map_path) == MEMORY else Path(f'{map_path}{SUFFIX}')


class Journal:
    """Place id -> digest of what was acknowledged, and whether it was compared with the others'.

    Used by one thread.

    Args:
        path: the file, made when it is missing, or ``:memory:``.
        belongs_to: map and collection; entries of another pair are forgotten.

    Raises:
        FleetError: the file is none of ours, damaged, or cannot be written.
    """

    def __init__(self, path: Path | str, belongs_to: str) -> None:
        self.path = path
        with self._explained():
            self._connection = sqlite3.connect(
                str(path), isolation_level=None, check_same_thread=False)
        try:
            with self._explained():
                self._open(belongs_to)
        except BaseException:
            self._connection.close()
            raise

    def __len__(self) -> int:
        """How many places the shared map has acknowledged and still should hold."""
        with self._explained():
            query = 'SELECT count(*) FROM sent WHERE digest >= 0'
            return int(self._connection.execute(query).fetchone()[0])

    def entries(self, first: int, last: int) -> dict[int, tuple[int, bool]]:
        """Place id -> (digest, compared) of the acknowledged ones from ``first`` to ``last``."""
        with self._explained():
            rows = self._connection.execute(
                'SELECT * FROM sent WHERE place_id BETWEEN ? AND ?', (first, last))
            return {place_id: (digest, bool(compared)) for place_id, digest, compared in rows}

    def acknowledge(self, digests: Iterable[tuple[int, int]]) -> None:
        """Places, given as (id, digest), are in the shared map."""
        with self._transaction() as connection:
            connection.executemany(
                'INSERT INTO sent VALUES (?, ?, 0) ON CONFLICT (place_id) DO UPDATE SET '
                'digest = excluded.digest', digests)

    def compared(self, place_ids: Iterable[int]) -> None:
        """Places were compared with those of the other robots, and what was found was told."""
        with self._transaction() as connection:
            connection.executemany('UPDATE sent SET compared = 1 WHERE place_id = ?',
                                   ((place_id,) for place_id in place_ids))

    def doubt(self) -> None:
        """Count nothing as sent any more: the shared map holds less than it acknowledged.

        What was compared is not compared again.
        """
        with self._transaction() as connection:
            connection.execute('UPDATE sent SET digest = -1')

    def remember(
        self, places: Iterable[tuple[str, str, bytes]], forget: Iterable[str]
    ) -> None:
        """Keep places of other robots, given as (key, facts, descriptor); forget some keys."""
        with self._transaction() as connection:
            connection.executemany(
                'INSERT OR REPLACE INTO others (key, facts, descriptor) VALUES (?, ?, ?)', places)
            connection.executemany('DELETE FROM others WHERE key = ?', ((k,) for k in forget))

    def remembered(self) -> list[tuple[str, bytes]]:
        """(facts, descriptor) of the places of other robots, in the order in which they came."""
        with self._explained():
            return list(self._connection.execute(
                'SELECT facts, descriptor FROM others ORDER BY number'))

    def close(self) -> None:
        """End; a second call does nothing."""
        self._connection.close()

    def _open(self, belongs_to: str) -> None:
        execute = self._connection.execute
        if hasattr(self._connection, 'enable_load_extension'):
            self._connection.enable_load_extension(False)
        execute('PRAGMA trusted_schema = OFF')
        application = execute('PRAGMA application_id').fetchone()[0]
        version = execute('PRAGMA user_version').fetchone()[0]
        empty = execute('SELECT count(*) FROM sqlite_master').fetchone()[0] == 0
        if not empty and (application != APPLICATION_ID or not 1 <= version <= FORMAT_VERSION):
            raise FleetError(
                f'{self.path} is no journal of a fleet of format 1 to {FORMAT_VERSION}; move it '
                f'away, places are then pushed once more, which doubles none')
        execute('PRAGMA journal_mode = WAL').fetchall()
        execute('PRAGMA synchronous = NORMAL')
        with self._transaction() as connection:
            if empty:
                connection.execute(f'PRAGMA application_id = {APPLICATION_ID}')
                for sql in _TABLES:
                    connection.execute(sql)
            if version < FORMAT_VERSION:
                connection.execute(f'PRAGMA user_version = {FORMAT_VERSION}')
                connection.execute(_OTHERS)
            row = connection.execute('SELECT belongs_to FROM about').fetchone()
            if row != (belongs_to,):
                connection.execute('DELETE FROM sent')
                connection.execute('DELETE FROM others')
                connection.execute('DELETE FROM about')
                connection.execute('INSERT INTO about VALUES (?)', (belongs_to,))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            self._connection.execute('BEGIN IMMEDIATE')
            try:
                yield self._connection
                self._connection.execute('COMMIT')
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute('ROLLBACK')
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise FleetError(
                f'{self.path} cannot be used ({error}); check the disk, or move the file away: '
                f'places are then pushed once more, which doubles none') from error
