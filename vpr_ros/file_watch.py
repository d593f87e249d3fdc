# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that the node has opened: whether they are still what lies under their names."""

from __future__ import annotations

from enum import Enum
import os
from pathlib import Path


class Fate(Enum):
    """What became of a file since it was opened."""

    SAME = 'same'
    GONE = 'gone'
    REPLACED = 'replaced'


class FileWatch:
    """Remembers a file as it is when this is made."""

    def __init__(self, path: Path | str, *, content: bool) -> None:
        """Look at the file.

        Args:
            path: of the file.
            content: a change of its content counts, too; False for a file that grows.
        """
        self.path, self._content = Path(path), content
        self._before = self._look()

    def fate(self) -> Fate:
        """Return what became of it."""
        now = self._look()
        if now == self._before:
            return Fate.SAME
        return Fate.REPLACED if now is not None else Fate.GONE

    def _look(self) -> tuple[int, ...] | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        where = found.st_dev, found.st_ino
        return (*where, found.st_size, found.st_mtime_ns) if self._content else where
