# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps NumPy's matrix products on the calling thread, while several threads make them.

Candidates are independent, so one thread each is faster than all threads on one product, and
does not suffer where another process holds a core. NumPy's wheels carry OpenBLAS, whose thread
count can be set at run time; with another library this reports that it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import ctypes
from functools import cache
import os
from pathlib import Path
import threading

import numpy as np

_SUFFIXES = ('64_', '')
_PREFIXES = ('scipy_openblas', 'openblas')


@cache
def _controls() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Getter and setter of the thread count of NumPy's own OpenBLAS, or None."""
    folder = Path(np.__file__).parent
    for path in sorted([*folder.with_name('numpy.libs').glob('*openblas*'),
                        *(folder / '.dylibs').glob('*openblas*')]):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                try:
                    get = getattr(library, f'{prefix}_get_num_threads{suffix}')
                    return get, getattr(library, f'{prefix}_set_num_threads{suffix}')
                except AttributeError:
                    continue
    return None


def can_limit() -> bool:
    """Whether products run on the calling thread inside :func:`single_threaded`."""
    return _controls() is not None or _limited_by_environment()


def _limited_by_environment() -> bool:
    names = ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS')
    return any(os.environ.get(name) == '1' for name in names)


class _Limit:
    """How many blocks are running, and the thread count to put back after the last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.blocks = 0
        self.before = 0


_LIMIT = _Limit()


@contextmanager
def single_threaded() -> Iterator[None]:
    """Products run on the calling thread until the block ends; the count is put back after.

    The count belongs to the process: blocks in several threads may overlap, and the last to end
    puts it back.
    """
    controls = _controls()
    if controls is None:
        yield
        return
    get, limit = controls
    with _LIMIT.lock:
        _LIMIT.blocks += 1
        if _LIMIT.blocks == 1:
            _LIMIT.before = get()
            limit(1)
    try:
        yield
    finally:
        with _LIMIT.lock:
            _LIMIT.blocks -= 1
            if _LIMIT.blocks == 0:
                limit(_LIMIT.before)
