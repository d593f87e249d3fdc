# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The Dockerfile is clean for hadolint where that is installed, and takes what the build needs."""

from __future__ import annotations

from fnmatch import fnmatch
import os
import re
import shlex
import shutil
import subprocess

from helpers import ROOT
import pytest
from setup_scripts import constant

FILE = ROOT / 'docker' / 'Dockerfile'
IGNORED = ROOT / 'docker' / 'Dockerfile.dockerignore'
ENTRYPOINT = ROOT / 'docker' / 'entrypoint.sh'


def instructions() -> list[tuple[str, str]]:
    """(INSTRUCTION, arguments) with continued lines joined and comments left out."""
    lines = [line for line in FILE.read_text(encoding='utf-8').splitlines()
             if not line.startswith('#')]
    joined = re.sub(r'\s*\\\n\s*', ' ', '\n'.join(lines))
    return [(name, rest) for name, _, rest in
            (line.partition(' ') for line in joined.splitlines() if line.strip())]


def of(name: str) -> list[str]:
    """Arguments of every instruction of a name."""
    return [rest for found, rest in instructions() if found == name]


def is_copied(path: str) -> bool:
    """Whether .dockerignore lets a path of the checkout through; the last rule that fits holds."""
    kept = True
    for rule in IGNORED.read_text(encoding='utf-8').splitlines():
        pattern = rule.removeprefix('!')
        parts = [path, *(path[:i] for i, c in enumerate(path) if c == '/')]
        names = pattern.removeprefix('**/')
        fits = any(fnmatch(part.rpartition('/')[2] if '**/' in pattern else part, names)
                   for part in parts)
        if rule and not rule.startswith('#') and fits:
            kept = rule.startswith('!')
    return kept


@pytest.mark.skipif(not shutil.which('hadolint'), reason='needs hadolint')
def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(['hadolint', FILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_base_is_jazzy_and_named() -> None:
    (base,) = of('FROM')
    assert re.fullmatch(r'ros:jazzy-\S+', base)


def test_packages_are_installed_without_traces() -> None:
    (install,) = [text for text in of('RUN') if 'apt-get install' in text]
    assert install.startswith('apt-get update && ')
    assert '--no-install-recommends' in install
    assert install.endswith('rm -rf /var/lib/apt/lists/*')
    assert 'sudo' not in FILE.read_text(encoding='utf-8')


def test_it_does_not_run_as_root_and_ends_with_the_node() -> None:
    assert of('USER')[-1] not in ('0', 'root')
    assert [name for name, _ in instructions()][-2:] == ['ENTRYPOINT', 'CMD']
    assert all(text.startswith('["') for text in of('ENTRYPOINT') + of('CMD'))
    assert 'place_recognition.launch.py' in of('CMD')[0]


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    for text in of('COPY'):
        *sources, _ = [word for word in shlex.split(text) if not word.startswith('--')]
        for source in sources:
            assert (ROOT / source).exists() and is_copied(source), source


def test_all_that_the_build_reads_goes_along_and_nothing_else() -> None:
    needed = ['setup.py', 'setup.cfg', 'package.xml', 'LICENSE', 'resource/vpr_ros',
              'vpr_msgs/CMakeLists.txt', 'vpr_msgs/msg/Recognition.msg', 'vpr_ros/pipeline.py',
              'models/default.onnx', 'config/fast.yaml', 'launch/place_recognition.launch.py']
    assert [path for path in needed if not (ROOT / path).is_file() or not is_copied(path)] == []
    refused = ['.git/config', '.venv/bin/python', 'test/helpers.py', 'training/cli.py',
               'vpr_ros/__pycache__/types.pyc', 'vpr_msgs/build/x', 'runs/secret', 'demo_out/x']
    assert [path for path in refused if is_copied(path)] == []
    assert constant('setup.py', 'PACKAGE') == 'vpr_ros'


def test_the_entry_point_is_a_shell_script_that_hands_over() -> None:
    assert os.access(ENTRYPOINT, os.X_OK)
    text = ENTRYPOINT.read_text(encoding='utf-8')
    assert text.startswith('#!/bin/bash\n')
    assert text.endswith('exec "$@"\n')
    subprocess.run(['bash', '-n', ENTRYPOINT], check=True)
