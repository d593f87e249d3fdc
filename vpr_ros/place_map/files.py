# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whole map files: made beside their place and moved there in one step.

A reader sees the old file or the new one, never half of one, also after a power cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import os
from pathlib import Path
import sqlite3

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map.lock import WriterLock


@contextmanager
def replacing(path: Path, doing: str) -> Iterator[sqlite3.Connection]:
    """Open a new SQLite file that becomes ``path`` when the block ends well.

    The caller holds the :class:`WriterLock` of ``path``. The file is without a journal: until it
    has its name, nobody needs it.

    Raises:
        MapError: the file cannot be written (no folder, no permission, disk full).
    """
    temporary = Path(f'{path}.tmp')
    with sqlite.explained(path, doing), _system_errors(path, doing):
        temporary.unlink(missing_ok=True)
        connection = sqlite.connect(temporary, 'rwc')
        try:
            connection.execute('PRAGMA journal_mode = MEMORY')
            connection.execute('PRAGMA synchronous = OFF')
            yield connection
            connection.execute('PRAGMA journal_mode = DELETE')
            connection.close()
            _sync(temporary)
            # The log of the file that is replaced must never be replayed into the new one.
            for suffix in ('-wal', '-shm'):
                Path(f'{path}{suffix}').unlink(missing_ok=True)
            os.replace(temporary, path)
            _sync(path.parent)
        finally:
            connection.close()
            for leftover in (temporary, Path(f'{temporary}-journal')):
                with suppress(OSError):
                    leftover.unlink(missing_ok=True)


def check_replaceable(path: Path) -> None:
    """Check that writing ``path`` destroys nothing but a map of a format known here.

    Raises:
        MapError: it is a folder, a damaged map, or a file that is no map.
    """
    if path.is_dir():
        raise MapError(f'map {path} is a folder; name a .vprmap file in it')
    if path.exists() and path.stat().st_size > 0:
        try:
            sqlite.check_is_map(path)
        except MapError as error:
            raise MapError(f'{error}; it is not overwritten, move it away first') from error


def check_folder(path: Path) -> None:
    """Check that the folder for a new map exists.

    Raises:
        MapError: it does not.
    """
    if not path.parent.is_dir():
        raise MapError(f'map {path}: the folder {path.parent} does not exist; make it first')


@contextmanager
def new_map(path: Path, *, overwrite: bool, doing: str) -> Iterator[sqlite3.Connection]:
    """Lock ``path``, and give :func:`replacing` for it.

    Raises:
        MapError: it exists and ``overwrite`` is False, it is no map, or it cannot be written.
    """
    check_folder(path)
    lock = WriterLock(path)
    try:
        if path.exists() and not overwrite:
            raise MapError(f'map {path} exists; open it, or say that it may be overwritten')
        check_replaceable(path)
        with replacing(path, doing) as connection:
            yield connection
    finally:
        lock.release()


@contextmanager
def _system_errors(path: Path, doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MapError(
            f'map {path}: cannot {doing}: {error.strerror}; choose a folder that can be written'
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
