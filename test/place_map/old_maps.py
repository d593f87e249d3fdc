# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maps as older versions wrote them, byte for byte in what they hold."""

from __future__ import annotations

from contextlib import closing
import json
from pathlib import Path
import sqlite3

from place_map.map_helpers import fill, MODEL

from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.schema import text_checksum

SESSIONS = """CREATE TABLE sessions (
        session_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        checksum INTEGER NOT NULL)"""


def make_format_1(path: Path, count: int) -> Path:
    """Write a map of format 1 with one session ``old``; each third place revisits the first."""
    with PlaceMap.create(path, MODEL) as place_map:
        place_map.new_session('old')
        for seed in range(count):
            if seed and seed % 3 == 0:
                place_map.add(place_map.descriptor(1), stamp_ns=seed, revisit_of=1)
            else:
                fill(place_map, 1, first_seed=seed)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        execute = connection.execute
        execute('PRAGMA foreign_keys = OFF')
        names = execute('SELECT session_id, name FROM sessions').fetchall()
        execute('DROP TABLE matches')
        execute('DROP TABLE sessions')
        execute(SESSIONS)
        for session_id, name in names:
            execute('INSERT INTO sessions VALUES (?, ?, ?)',
                    (session_id, name, text_checksum(session_id, name)))
        state = json.loads(execute("SELECT value FROM meta WHERE key = 'state'").fetchone()[0])
        state.pop('forgotten')
        text = json.dumps(state)
        execute("UPDATE meta SET value = ?, checksum = ? WHERE key = 'state'",
                (text, text_checksum('state', text)))
        execute('PRAGMA user_version = 1')
        execute('VACUUM')
    return path
