# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What pip installs: the modules, the share folder and the executables that ROS looks for."""

from __future__ import annotations

import ast
import os
from pathlib import Path
import shutil
import subprocess
import sys
import zipfile

from helpers import ROOT
import pytest
from setup_scripts import constant

KINDS = ('wheel', 'editable')
NAME = f'vpr_ros-{constant("setup.py", "VERSION")}'
DATA = f'{NAME}.data/data/'


@pytest.fixture(scope='module')
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, zipfile.ZipFile]:
    """Kind -> wheel, built from a copy, so that nothing is left in the checkout."""
    copy = tmp_path_factory.mktemp('source')
    for name in ('setup.py', 'setup.cfg', 'pyproject.toml', 'package.xml', 'LICENSE'):
        shutil.copy(ROOT / name, copy)
    for name in ('vpr_ros', 'resource', 'launch', 'config', 'models', 'security', 'test'):
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns('__pycache__')
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    built = {}
    for kind in KINDS:
        build = 'build_editable' if kind == 'editable' else 'build_wheel'
        program = f'from setuptools import build_meta; build_meta.{build}("{kind}")'
        done = subprocess.run(
            [sys.executable, '-c', program], cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        (path,) = (copy / kind).glob('*.whl')
        built[kind] = zipfile.ZipFile(path)
    return built


def files(*folders: str) -> set[str]:
    """All files of folders of the repository, relative to its root."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }


def test_the_wheel_holds_the_package_and_nothing_else(wheels: dict) -> None:
    names = set(wheels['wheel'].namelist())
    modules = {name for name in files('vpr_ros') if name.endswith('.py')}
    assert modules <= names
    others = {name.partition('/')[0] for name in names}
    assert others == {'vpr_ros', f'{NAME}.data', f'{NAME}.dist-info'}


@pytest.mark.parametrize('kind', KINDS)
def test_ros_finds_its_files_below_share(wheels: dict, kind: str) -> None:
    names = set(wheels[kind].namelist())
    assert f'{DATA}share/ament_index/resource_index/packages/vpr_ros' in names
    shared = {'package.xml', 'LICENSE'} | files('launch', 'config', 'models', 'security')
    assert {f'{DATA}share/vpr_ros/{name}' for name in shared} <= names


@pytest.mark.parametrize('kind', KINDS)
def test_ros_finds_the_executables(wheels: dict, kind: str) -> None:
    targets = constant('setup.py', 'NODES') | constant('setup.py', 'COMMANDS')
    assert {'place_recognition', 'vpr'} <= targets.keys()
    for name in targets:
        info = wheels[kind].getinfo(f'{DATA}lib/vpr_ros/{name}')
        assert info.external_attr >> 16 & 0o111 == 0o111, f'{name} cannot be executed'


def test_pip_installs_the_same_commands(wheels: dict) -> None:
    text = wheels['wheel'].read(f'{NAME}.dist-info/entry_points.txt').decode()
    targets = constant('setup.py', 'NODES') | constant('setup.py', 'COMMANDS')
    for name, target in targets.items():
        assert f'{name} = {target}\n' in text


@pytest.mark.parametrize('kind', KINDS)
def test_the_command_of_a_colcon_workspace_stays_out(wheels: dict, kind: str) -> None:
    assert not [name for name in wheels[kind].namelist() if name.startswith(f'{DATA}bin')]


def test_a_colcon_workspace_has_the_command() -> None:
    folder, scripts = constant('setup.py', 'COLCON_BIN')
    assert folder == 'bin'
    assert {Path(script).name for script in scripts} == constant('setup.py', 'COMMANDS').keys()
    for script in scripts:
        assert os.access(ROOT / script, os.X_OK)


def test_every_command_has_its_function() -> None:
    targets = constant('setup.py', 'NODES') | constant('setup.py', 'COMMANDS')
    for target in targets.values():
        module, function = target.split(':')
        path = ROOT.joinpath(*module.split('.')).with_suffix('.py')
        tree = ast.parse(path.read_text(encoding='utf-8'))
        assert function in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, target


def test_an_executable_runs_in_its_own_prefix(wheels: dict, tmp_path: Path) -> None:
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'lib' / 'vpr_ros').mkdir(parents=True)
    script = tmp_path / 'lib' / 'vpr_ros' / 'vpr'
    script.write_bytes(wheels['wheel'].read(f'{DATA}lib/vpr_ros/vpr'))
    script.chmod(0o755)
    python = tmp_path / 'bin' / 'python3'
    python.write_text(f'#!/bin/sh\necho "of this prefix"\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    link = tmp_path / 'link'
    link.symlink_to(script)
    done = subprocess.run(
        [link, '--help'],
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('of this prefix\nusage: vpr')
