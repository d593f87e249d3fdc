# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SQLite connections to map files, and what their errors mean to a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
import os
from pathlib import Path
import sqlite3
from urllib.parse import quote

from vpr_ros.errors import MapError
from vpr_ros.place_map import migration, schema
from vpr_ros.place_map.limits import MAX_CARD_BYTES, MAX_PATCH_BYTES

MEMORY = ':memory:'
_BUSY_S = 5.0
_LIMIT_LENGTH, _LIMIT_ATTACHED = 0, 7  # SQLite's numbers; Python names them from 3.11 on
_LARGEST_VALUE = max(MAX_PATCH_BYTES, MAX_CARD_BYTES) + 4096
# What is removed is zeroed in the file: repairing must not bring it back, nor anybody else.
_PRAGMAS = ('trusted_schema = OFF', 'cell_size_check = ON', 'foreign_keys = ON',
            'secure_delete = ON', 'temp_store = MEMORY')

# SQLite's words, and what they mean here. Python 3.10 gives no error codes.
_MEANINGS = (
    ('full', 'the disk is full; free space, the map stays as it was'),
    ('readonly', 'it is read-only; choose a folder that can be written'),
    ('disk i/o', 'the disk reports an error; check it, the map stays as it was'),
    ('locked', 'another process keeps it busy; try again when that is done'),
    ('not a database', 'it is no map; choose a .vprmap file'),
    *((words, 'it is damaged; restore it from a copy, or save what is left with `vpr map repair`')
      for words in ('malformed', 'no such table', 'no such column', 'decode')),
    ('unable to open', 'it cannot be opened; check path and permissions'),
)


@contextmanager
def explained(path: Path | str, doing: str) -> Iterator[None]:
    """Turn errors of SQLite into :class:`MapError` with one sentence."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter from damaged text
        text = str(error)
        meaning = next((m for word, m in _MEANINGS if word in text.lower()), text)
        raise MapError(f'map {path}: cannot {doing}: {meaning}') from error
    except MemoryError as error:  # SQLite believes what a damaged file says of itself
        raise MapError(f'map {path}: cannot {doing}: it asks for more memory than there is, so it '
                       f'is damaged; restore it from a copy, or save what is left with '
                       f'`vpr map repair`') from error


def connect(path: Path | str, mode: str) -> sqlite3.Connection:
    """Open SQLite on a file, with nothing trusted that the file may hold.

    Args:
        path: the file, or ``:memory:``.
        mode: ``rw``, ``rwc`` or ``ro``, as in SQLite's URIs; ``ro&immutable=1``.
    """
    target = MEMORY if path == MEMORY else f'file:{quote(os.path.abspath(path))}?mode={mode}'
    connection = sqlite3.connect(
        target, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_S
    )
    if hasattr(connection, 'enable_load_extension'):
        connection.enable_load_extension(False)
    _limit(connection, _LIMIT_LENGTH, _LARGEST_VALUE)
    _limit(connection, _LIMIT_ATTACHED, 0)
    for pragma in _PRAGMAS:
        connection.execute(f'PRAGMA {pragma}')
    return connection


def open_file(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open a map file and make sure that it is one, of the present format.

    An older format is brought forward: in the file when it is opened for writing (the caller
    holds its :class:`.lock.WriterLock`), else in a copy in memory, so that the file stays as it
    is.

    Raises:
        MapError: missing, a directory, empty, foreign, of a newer version, or damaged.
    """
    check_file(path)
    with explained(path, 'open it'):
        connection = _connect_reader(path) if read_only else connect(path, 'rw')
        try:
            if identify(connection, path) < schema.FORMAT_VERSION:
                if read_only:
                    connection = _copy_in_memory(connection)
                migration.migrate(connection, path)
                identify(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def file_bytes(path: Path | str) -> int:
    """Bytes of a map's file and its log; 0 for a map in memory."""
    total = 0
    if path != MEMORY:
        for name in (str(path), f'{path}-wal'):
            with suppress(OSError):
                total += os.stat(name).st_size
    return total


def vacuum(connection: sqlite3.Connection) -> None:
    """Write a file anew without the space of removed rows; SQLite does so by way of a copy."""
    _limit(connection, _LIMIT_ATTACHED, 1)
    try:
        connection.execute('VACUUM')
    finally:
        _limit(connection, _LIMIT_ATTACHED, 0)


def check_is_map(path: Path) -> None:
    """Check that a file is a map of a format that is known here; nothing of it is changed.

    Raises:
        MapError: as :func:`open_file`.
    """
    check_file(path)
    with explained(path, 'open it'), closing(_connect_reader(path)) as connection:
        identify(connection, path)


def check_file(path: Path) -> None:
    """Check that there is a file with something in it.

    Raises:
        MapError: there is none.
    """
    try:
        if path.is_dir():
            raise MapError(f'map {path} is a folder; name the .vprmap file in it')
        if path.stat().st_size == 0:
            raise MapError(f'map {path} is empty, it was never written; delete it or restore it')
    except FileNotFoundError as error:
        raise MapError(
            f'map {path} does not exist; build it with `vpr map build`, or correct the path'
        ) from error
    except (OSError, ValueError) as error:
        raise MapError(
            f'map {path} cannot be read ({error}); check path and permissions'
        ) from error


def identify(connection: sqlite3.Connection, path: Path | str) -> int:
    """Check that a connection leads to a map of a known format, and to nothing besides.

    Returns:
        The format.

    Raises:
        MapError: it does not.
    """
    connection.execute('SELECT name FROM sqlite_master').fetchone()  # fails when it is none
    application = connection.execute('PRAGMA application_id').fetchone()[0]
    version = connection.execute('PRAGMA user_version').fetchone()[0]
    if application != schema.APPLICATION_ID:
        raise MapError(
            f'map {path} is an SQLite file of another program (application id {application}); '
            f'choose a .vprmap file'
        )
    if version > schema.FORMAT_VERSION:
        raise MapError(
            f'map {path} has format {version}, this version reads up to {schema.FORMAT_VERSION}; '
            f'update vpr_ros'
        )
    found = {
        name: sql
        for name, sql in connection.execute('SELECT name, sql FROM sqlite_master')
        if not str(name).startswith('sqlite_autoindex')
    }
    if version < 1 or found != migration.tables_of(version):
        raise MapError(
            f'map {path} is damaged: its tables are not those of format {version}; '
            f'restore it from a copy, or save what is left with `vpr map repair`'
        )
    return int(version)


def _limit(connection: sqlite3.Connection, limit: int, value: int) -> None:
    if hasattr(connection, 'setlimit'):  # Python 3.11 and later
        connection.setlimit(limit, value)


def _copy_in_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    copy = connect(MEMORY, 'rwc')
    with closing(connection):
        connection.backup(copy)
    return copy


def _connect_reader(path: Path) -> sqlite3.Connection:
    connection = connect(path, 'ro')
    try:
        connection.execute('SELECT 1 FROM sqlite_master').fetchone()
        return connection
    except sqlite3.OperationalError as error:
        connection.close()
        if 'unable to open' not in str(error) and 'readonly' not in str(error):
            raise
    # A folder that cannot be written, and a map that was not closed: SQLite cannot make its shared
    # memory there. Without a log the file itself is complete.
    log = Path(f'{path}-wal')
    if log.exists() and log.stat().st_size > 0:
        raise MapError(
            f'map {path} was not closed and its folder cannot be written, so that its log '
            f'{log.name} cannot be read; open it once where it can be written, or copy both files'
        )
    return connect(path, 'ro&immutable=1')
