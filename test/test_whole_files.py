# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A file is replaced whole, or it stays as it was and nothing lies beside it."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

from helpers import ROOT
import pytest

from vpr_ros.whole_files import replacing, write_whole


def test_the_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'card.json'
    write_whole(path, 'old')
    with replacing(path) as draft:
        assert draft.suffix == '.json' and draft.parent == path.parent
        draft.write_text('new')
        assert path.read_text() == 'old'
    assert path.read_text() == 'new' and os.listdir(path.parent) == ['card.json']


def test_a_block_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / 'card.json'
    write_whole(path, 'old')
    with pytest.raises(KeyError), replacing(path) as draft:
        draft.write_text('half')
        raise KeyError('here')
    with pytest.raises(OSError, match='No such file'), replacing(path):
        pass  # nothing was written
    assert path.read_text() == 'old' and os.listdir(tmp_path) == ['card.json']


def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / 'card.json'
    write_whole(path, 'old')
    program = ('import os, sys; from pathlib import Path; from vpr_ros.whole_files import *\n'
               'with replacing(Path(sys.argv[1])) as draft:\n'
               '    draft.write_text("half"); os.kill(os.getpid(), 9)')
    ended = subprocess.run([sys.executable, '-c', program, str(path)], cwd=ROOT, check=False)
    assert ended.returncode == -9 and path.read_text() == 'old'
    write_whole(path, 'new')  # what the kill left beside it does not matter
    assert path.read_text() == 'new'


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / 'a[1].index'
    gone = subprocess.Popen([sys.executable, '-c', ''])
    gone.wait()
    left, other = (tmp_path / f'.a[1].{pid}.partial.index' for pid in (gone.pid, os.getppid()))
    for file in (left, other):
        file.write_text('half')
    with replacing(path) as draft:
        draft.write_text('whole')
    assert not left.exists() and other.exists() and path.read_text() == 'whole'
