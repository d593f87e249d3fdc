# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Global descriptors on disk, so that an image is described once per model and handling.

One SQLite file. An entry is found by what made it: sha256 of the model, its input form, sha256 of
the image file, and the handling; so nothing in it can be out of date. The file is bounded: the
entries that were not used for longest go first. A cache that cannot be used is no error: the
images are described again.
"""

from __future__ import annotations

from collections.abc import Sequence
import hashlib
import os
from pathlib import Path
import sqlite3
import struct

import numpy as np

from vpr_ros.model import ModelCard
from vpr_ros.types import FloatArray

CACHE_FILE = 'descriptors.sqlite3'
DEFAULT_MB = 1024.0
_HEAD = struct.Struct('<dII')  # milliseconds, number of descriptors, their length
_KEPT_SHARE = 0.9  # of the bound, after something had to go
_COMMIT_EVERY = 64


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/vpr_ros``, else ``~/.cache/vpr_ros``."""
    base = os.environ.get('XDG_CACHE_HOME') or str(Path.home() / '.cache')
    return Path(base) / 'vpr_ros'


def key_of(card: ModelCard, image: bytes, handling: str, extra: str = '') -> bytes:
    """Return the key of an image's descriptors, 32 bytes.

    Args:
        card: of the model.
        image: the image file's content.
        handling: see :mod:`vpr_ros.evaluation.query_handling`.
        extra: what else matters, for example a part of the image or the provider.
    """
    digest = hashlib.sha256(image).hexdigest()
    form = f'{card.height}x{card.width} {card.interpolation}'
    return hashlib.sha256(
        '\n'.join((card.sha256, form, digest, handling, extra)).encode()).digest()


class DescriptorCache:
    """Descriptors by key, with the milliseconds that describing took.

    Attributes:
        hits, misses: of :meth:`get`.
        problem: '' or why the cache is not used any more.
    """

    def __init__(self, path: Path | None, *, most_mb: float = DEFAULT_MB) -> None:
        """Open or make the file.

        Args:
            path: the file; None keeps nothing.
            most_mb: bound of the stored descriptors, megabytes.
        """
        self.hits = self.misses = 0
        self.problem = ''
        self._most, self._pending = int(most_mb * 1e6), 0
        self._connection: sqlite3.Connection | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=5.0)
            self._connection.execute('PRAGMA journal_mode = WAL').fetchall()
            self._connection.execute('PRAGMA synchronous = OFF')
            self._connection.execute(
                'CREATE TABLE IF NOT EXISTS descriptors '
                '(key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL)')
            newest = self._connection.execute('SELECT max(used) FROM descriptors').fetchone()
            self._turn = int(newest[0] or 0) + 1  # entries of one run share a turn
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def get(self, key: bytes, dim: int) -> tuple[list[FloatArray], float] | None:
        """Descriptors float32 (dim,) and the milliseconds they took; None when not there."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute(
                'SELECT value FROM descriptors WHERE key = ?', (key,)).fetchone()
            found = None if row is None else _unpacked(row[0], dim)
            if found is None:
                self.misses += 1
                return None
            self._connection.execute(
                'UPDATE descriptors SET used = ? WHERE key = ?', (self._turn, key))
            self._commit_sometimes()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        self.hits += 1
        return found

    def put(self, key: bytes, descriptors: Sequence[FloatArray], milliseconds: float) -> None:
        """Store the descriptors of one image."""
        if self._connection is None:
            return
        table = np.asarray(descriptors, '<f4')
        value = _HEAD.pack(milliseconds, *table.shape) + table.tobytes()
        try:
            self._connection.execute(
                'INSERT OR REPLACE INTO descriptors VALUES (?, ?, ?)', (key, value, self._turn))
            self._commit_sometimes()
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        """Keep to the bound, and close the file."""
        if self._connection is None:
            return
        try:
            self._trim()
            self._connection.commit()
            self._connection.close()
        except sqlite3.Error as error:
            self._give_up(error)
        self._connection = None

    def __enter__(self) -> DescriptorCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _commit_sometimes(self) -> None:
        assert self._connection is not None
        self._pending += 1
        if self._pending >= _COMMIT_EVERY:
            self._pending = 0
            self._trim()
            self._connection.commit()

    def _trim(self) -> None:
        """Drop the entries that were not used for longest while there is too much."""
        assert self._connection is not None
        execute = self._connection.execute
        size = 'SELECT coalesce(sum(length(value) + length(key)), 0) FROM descriptors'
        total = int(execute(size).fetchone()[0])
        if total <= self._most:
            return
        over = total - int(self._most * _KEPT_SHARE)
        rows = execute('SELECT rowid, length(value) + length(key) FROM descriptors '
                       'ORDER BY used, rowid')
        doomed = []
        for row, length in rows:
            if over <= 0:
                break
            doomed.append((row,))
            over -= length
        self._connection.executemany('DELETE FROM descriptors WHERE rowid = ?', doomed)

    def _give_up(self, error: Exception) -> None:
        self.problem = f'the descriptor cache is not used: {error}'
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _unpacked(value: bytes, dim: int) -> tuple[list[FloatArray], float] | None:
    """Unpack what :meth:`DescriptorCache.put` packed; None for anything else."""
    if len(value) < _HEAD.size:
        return None
    milliseconds, count, length = _HEAD.unpack_from(value)
    if length != dim or len(value) != _HEAD.size + 4 * count * length:
        return None
    table = np.frombuffer(value, '<f4', offset=_HEAD.size).reshape(count, length)
    return [np.array(row, np.float32) for row in table], milliseconds
