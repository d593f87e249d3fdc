# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The two commands, read without running them (make -n)."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess

from helpers import ROOT
import pytest

pytestmark = pytest.mark.skipif(not shutil.which('make'), reason='needs make')


def plan(tmp_path: Path, *arguments: str) -> str:
    """Return the commands that make would run on a fresh machine."""
    # the tests may run below make themselves, which hands its options and variables down
    own = {'MAKEFLAGS', 'MAKELEVEL', 'MFLAGS', 'PYTHON', 'VENV', 'OUT', 'BAG', 'TORCH', 'ARGS'}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    done = subprocess.run(
        ['make', '--dry-run', f'VENV={tmp_path}/environment', *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_demo_installs_only_what_it_runs_on(tmp_path: Path) -> None:
    commands = plan(tmp_path, 'demo')
    assert 'bin/vpr demo --out' in commands
    assert '--bag' not in commands
    assert 'train' not in commands
    assert 'torch' not in commands


def test_the_demo_takes_a_bag_with_a_space_in_its_path(tmp_path: Path) -> None:
    assert "--bag 'my drives/yard.mcap'" in plan(tmp_path, 'demo', 'BAG=my drives/yard.mcap')


def test_tests_check_style_and_types_before_they_run(tmp_path: Path) -> None:
    commands = plan(tmp_path, 'test')
    order = [commands.index(tool) for tool in ('bin/ruff', 'bin/mypy', '-m pytest')]
    assert order == sorted(order)


def test_the_size_of_torch_is_said_before_it_is_installed(tmp_path: Path) -> None:
    commands = plan(tmp_path, 'test')
    assert commands.index('5 GB') < commands.index(",train]'")


def test_tests_can_do_without_torch(tmp_path: Path) -> None:
    assert 'train]' not in plan(tmp_path, 'test', 'TORCH=no')


def test_the_environment_is_made_once(tmp_path: Path) -> None:
    made = tmp_path / 'environment' / '.made'
    made.mkdir(parents=True)
    for step in ('venv', 'interfaces', 'package'):  # each younger than the one before
        (made / step).touch()
    assert plan(tmp_path, 'demo').strip().count('\n') == 0


def test_continuous_integration_runs_the_same_tests() -> None:
    script = (ROOT / '.ci' / 'run').read_text(encoding='utf-8')
    assert script.startswith('#!/usr/bin/env bash')
    assert 'make --keep-going test' in script
    assert (ROOT / '.ci' / 'run').stat().st_mode & 0o111
