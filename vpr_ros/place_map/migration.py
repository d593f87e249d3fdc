# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Older formats, and how a map of one is brought forward.

Every step turns one format into the next. All steps of a map run in one transaction: after a
sudden end the file is of the old format or of the new one, whole in either case.

Format 1: sessions had a name only; how often a place was recognised was not counted, so that
``matches`` is made from the revisits that the places name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
import sqlite3

from vpr_ros.place_map import schema
from vpr_ros.place_map.damage import Intact

SESSIONS_1 = """CREATE TABLE sessions (
        session_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        checksum INTEGER NOT NULL)"""


def tables_of(version: int) -> dict[str, str]:
    """Table -> its SQL in a format; empty for an unknown one."""
    if version == 1:
        first = {name: sql for name, sql in schema.TABLES.items() if name != 'matches'}
        return {**first, 'sessions': SESSIONS_1}
    return schema.TABLES if version == schema.FORMAT_VERSION else {}


def migrate(connection: sqlite3.Connection, path: Path | str) -> None:
    """Bring a map to the present format, in one transaction.

    Args:
        connection: leads to the map, with the right to write it.
        path: its name in error messages.

    Raises:
        MapError: what must be rewritten was changed since it was written.
    """
    execute = connection.execute
    execute('PRAGMA foreign_keys = OFF')  # a table is replaced; the places in it keep their ids
    try:
        execute('BEGIN IMMEDIATE')
        try:
            version = execute('PRAGMA user_version').fetchone()[0]
            for step in range(version, schema.FORMAT_VERSION):
                _STEPS[step](connection, str(path))
            execute(f'PRAGMA user_version = {schema.FORMAT_VERSION}')
            execute('COMMIT')
        except BaseException:
            if connection.in_transaction:
                execute('ROLLBACK')
            raise
    finally:
        execute('PRAGMA foreign_keys = ON')


def _from_1(connection: sqlite3.Connection, label: str) -> None:
    execute = connection.execute
    sessions = execute('SELECT session_id, name, checksum FROM sessions').fetchall()
    execute('DROP TABLE sessions')
    execute(schema.TABLES['sessions'])
    for session_id, name, checksum in sessions:
        with Intact(label, f'session {session_id}'):
            if schema.text_checksum(session_id, name) != checksum:
                raise ValueError('checksum')
        new = session_id, name, '', 1
        execute('INSERT INTO sessions VALUES (?, ?, ?, ?, ?)',
                (*new, schema.session_checksum(*new)))
    execute(schema.TABLES['matches'])
    spots: Counter[int] = Counter()
    known: set[int] = set()
    for row in execute('SELECT * FROM places ORDER BY place_id'):
        with Intact(label, f'place {row[0]}'):
            if schema.place_checksum(row) != row[schema.CHECKSUM]:
                raise ValueError('checksum')
        known.add(row[0])
        spots[row[schema.REVISIT_OF]] += 1
    for place_id in sorted(known & set(spots)):
        count = spots[place_id]
        execute('INSERT INTO matches VALUES (?, ?, ?)',
                (place_id, count, schema.count_checksum(place_id, count)))


_STEPS: dict[int, Callable[[sqlite3.Connection, str], None]] = {1: _from_1}
