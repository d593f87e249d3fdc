# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A plain ``colcon build`` in the repository root finds both packages."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess

from helpers import ROOT
import pytest
import yaml

VERBS = ('build', 'graph', 'info', 'list', 'test')


@pytest.mark.parametrize('verb', VERBS)
def test_the_defaults_name_both_packages(verb: str) -> None:
    defaults = yaml.safe_load((ROOT / 'colcon_defaults.yaml').read_text(encoding='utf-8'))
    assert set(defaults) == set(VERBS)
    folders = [ROOT / path for path in defaults[verb]['base-paths']]
    found = {folder for folder in folders if (folder / 'package.xml').is_file()}
    assert found == {ROOT, ROOT / 'vpr_msgs'}


@pytest.mark.skipif(not shutil.which('colcon'), reason='needs colcon')
def test_colcon_finds_both_packages(tmp_path: Path) -> None:
    done = subprocess.run(
        ['colcon', '--log-base', tmp_path / 'log', 'list'],
        cwd=ROOT,
        env={**os.environ, 'COLCON_HOME': str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        'vpr_msgs\tvpr_msgs\t(ros.ament_cmake)',
        'vpr_ros\t.\t(ros.ament_python)',
    ]
