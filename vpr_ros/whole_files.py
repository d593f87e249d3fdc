# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are there whole or not at all: a kill at any moment leaves the old one or the new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import glob
import os
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the name of a draft beside a file; when the block ends, it takes the file's place.

    The draft is hidden and ends as the file does, for writers that go by that. When the block
    fails, the draft is removed and the file is as before. Drafts that killed processes left are
    removed too.

    Args:
        path: of the file; its folder exists.

    Raises:
        OSError: the draft cannot take the file's place; and what the block raises.
    """
    _remove_left(path)
    draft = path.with_name(f'.{path.stem}.{os.getpid()}.partial{path.suffix}')
    try:
        yield draft
        os.replace(draft, path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text file (UTF-8) as :func:`replacing` does; missing folders are made.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        draft.write_text(text, encoding='utf-8')


def _remove_left(path: Path) -> None:
    for left in path.parent.glob(f'.{glob.escape(path.stem)}.*.partial{glob.escape(path.suffix)}'):
        pid = left.name[len(path.stem) + 2:].partition('.')[0]
        if pid.isdigit() and not _runs(int(pid)):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True
