# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One writer a map: a lock file beside it, which the kernel frees when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
import threading

from vpr_ros.errors import MapError

SUFFIX = '.lock'
_guard = threading.Lock()
_held: dict[str, int] = {}  # map -> process; POSIX locks do not exclude their own process


class WriterLock:
    """The right to write one map; taken when made, given back by :meth:`release`.

    Raises:
        MapError: another process, or another map object of this one, holds it (its process id is
            named), or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._map = os.path.realpath(path)
        self._path = Path(self._map + SUFFIX)
        with _guard:
            if _held.get(self._map) == os.getpid():
                raise MapError(_refusal(path, f'{os.getpid()} (this one)'))
            self._descriptor = self._take(path)
            _held[self._map] = os.getpid()

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        with _guard:
            if self._descriptor < 0:
                return
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = -1
            _held.pop(self._map, None)

    def _take(self, path: Path) -> int:
        while True:
            try:
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise MapError(
                    f'map {path} cannot be opened for writing ({error.strerror}); open it '
                    f'read-only or choose a folder that can be written'
                ) from error
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The former holder may have removed the file between open and lock.
                if os.fstat(descriptor).st_ino == os.stat(self._path).st_ino:
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, f'{os.getpid()}\n'.encode())
                    return descriptor
            except (BlockingIOError, PermissionError) as error:
                holder = os.read(descriptor, 32).decode('ascii', 'replace').strip()
                os.close(descriptor)
                raise MapError(_refusal(path, holder or 'unknown')) from error
            except FileNotFoundError:
                pass
            except OSError as error:
                os.close(descriptor)
                raise MapError(
                    f'map {path} cannot be locked for writing ({error.strerror}); open it '
                    f'read-only or choose another folder'
                ) from error
            os.close(descriptor)


def _refusal(path: Path, holder: str) -> str:
    return (
        f'map {path} is already open for writing in process {holder}; '
        f'end that process or open the map read-only'
    )
