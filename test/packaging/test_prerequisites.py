# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A missing prerequisite is named in one sentence with the command that installs it."""

from __future__ import annotations

import os
from pathlib import Path
import platform
import subprocess
import sys
import sysconfig

from helpers import ROOT
import pytest

pytestmark = pytest.mark.skipif(
    platform.system() != 'Linux' or platform.machine() != 'x86_64',
    reason='the ROS 2 wheels are for Linux on x86_64',
)


def check(python: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the check for an interpreter."""
    return subprocess.run(
        ['sh', ROOT / '.ci' / 'prerequisites', python],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def interpreter(folder: Path, *, without: str, then: str) -> Path:
    """Write an interpreter that answers ``then`` (shell) when its program mentions ``without``."""
    path = folder / 'python'
    path.write_text(
        f'#!/bin/sh\ncase "$2" in *{without}*) {then};; *) exec {sys.executable} "$@";; esac\n'
    )
    path.chmod(0o755)
    return path


def fails_with(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Exit code 1 and one line that has all parts."""
    assert done.returncode == 1
    assert done.stdout == ''
    assert done.stderr.count('\n') == 1
    for part in parts:
        assert part in done.stderr


def test_a_complete_machine_passes_silently(tmp_path: Path) -> None:
    if not Path(sysconfig.get_path('include'), 'Python.h').is_file():
        pytest.skip("needs Python's headers")
    done = check(sys.executable, CC='sh', CXX='sh')
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def test_no_python() -> None:
    done = check('python-of-nowhere')
    fails_with(done, '"python-of-nowhere" was not found', 'apt install python3')


@pytest.mark.parametrize('version', ['2.7', '3.9', '3.14'])
def test_a_python_that_the_wheels_do_not_serve(tmp_path: Path, version: str) -> None:
    python = interpreter(tmp_path, without='version_info', then=f'echo {version}')
    fails_with(check(python), f'is {version};', '3.10 to 3.13', 'PYTHON=python3.12')


def test_no_venv_module(tmp_path: Path) -> None:
    python = interpreter(tmp_path, without='ensurepip', then='exit 1')
    version = '.'.join(map(str, sys.version_info[:2]))
    fails_with(check(python), 'venv module is missing', f'apt install python{version}-venv')


def test_no_headers(tmp_path: Path) -> None:
    python = interpreter(tmp_path, without='get_path', then='echo /nowhere')
    fails_with(check(python), 'Python.h was not found', '-dev')


@pytest.mark.parametrize('variable', ['CC', 'CXX'])
def test_no_compiler(tmp_path: Path, variable: str) -> None:
    if not Path(sysconfig.get_path('include'), 'Python.h').is_file():
        pytest.skip("needs Python's headers")
    compilers = {'CC': 'sh', 'CXX': 'sh'} | {variable: 'compiler-of-nowhere -O2'}
    done = check(sys.executable, **compilers)
    fails_with(done, '"compiler-of-nowhere" was not found', 'apt install build-essential')
