# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo from end to end, at a tenth of its frames: rendered, recognised, reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from helpers import ROOT
import pytest

from vpr_ros.place_map import check, PlaceMap

pytest.importorskip('rclpy', reason='needs rclpy (the wheels or a ROS 2 distribution)')
pytest.importorskip('vpr_msgs.msg', reason='needs vpr_msgs (pip install ./vpr_msgs)')


@pytest.mark.ros
def test_demo_closes_loops_and_writes_its_report(tmp_path):
    environment = {
        **os.environ, 'ROS_DOMAIN_ID': '87', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'PYTHONPATH': str(ROOT),
    }
    out, figures = tmp_path / 'demo', tmp_path / 'demo.json'
    done = subprocess.run(
        [sys.executable, '-m', 'vpr_ros.cli.main', 'demo', '--out', str(out), '--rate', '1',
         '--json', str(figures)],
        env=environment, capture_output=True, text=True, timeout=280, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(figures.read_text())
    assert result['frames'] == result['keyframes'] > 100
    assert result['loop_closures']['false'] == 0
    assert result['loop_closures']['true'] > 0.4 * result['queries'] > 20
    page = (out / 'report.html').read_text(encoding='utf-8')
    assert 'Loop closures' in page
    assert str(out / 'report.html') in done.stdout
    assert check(out / 'demo.vprmap') == []
    with PlaceMap.open(out / 'demo.vprmap', read_only=True) as place_map:
        assert len(place_map) == result['keyframes']
