# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``slam:=NAME`` of the launch file, for every adapter, by a real ``ros2 launch``.

Where the message package of a SLAM system is not installed, its adapter must say so in a sentence
and leave place_recognition alone.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
import re
from typing import Any

import pytest
from ros2_tools.commands import Launched, ros2
import yaml

from vpr_ros.slam.systems import SYSTEMS  # noqa: I100

pytestmark = pytest.mark.timeout(900)
CAMERA = [0.3, 0.0, 0.8, -0.5, 0.5, -0.5, 0.5]
VALUES: dict[str, Any] = {
    'camera_in_base': CAMERA, 'robot': 'anna', 'robots': ['anna:0', 'berta:1'],
}


def missing(name: str) -> set[str]:
    """Name the packages of an adapter's messages that are not installed."""
    system = SYSTEMS[name]
    types = (*system.types, *(port.type_name for port in (*system.outputs, *system.inputs)))
    found = {name.partition('/')[0] for name in types}
    return {package for package in found if importlib.util.find_spec(package) is None}


@pytest.mark.parametrize('name', SYSTEMS)
def test_an_adapter_is_launched(environment: dict[str, str], tmp_path: Path, name: str) -> None:
    values = VALUES | ({'path': str(tmp_path / 'loops.yaml')} if name == 'maplab' else {})
    params = tmp_path / 'slam.yaml'
    params.write_text(yaml.safe_dump({'/**': {'ros__parameters': values}}))
    # unconfigured: what matters here is that it starts, and stays when the adapter does not
    launched = Launched(
        environment, tmp_path / 'log', f'/{name}', 'place_recognition.launch.py',
        f'namespace:={name}', f'slam:={name}', f'slam_params_file:={params}', 'autostart:=false',
        'loop_closures_topic:=closures', 'log_level:=info')
    try:
        if missing(name):
            log = launched.wait_for(r'slam_adapter-\d+\]: process has died')
            (sentence,) = re.findall(r'slam_adapter: (.*)', log)
            assert 'is not installed here' in sentence and any(p in sentence
                                                               for p in missing(name))
            assert 'exit code 1' in log
        else:
            launched.wait_for(f'passing loop closures on to {name}')
            node = f'/{name}/slam_adapter'
            code, dump = ros2(environment, 'param', 'dump', node)
            assert code == 0, dump
            given = yaml.safe_load(dump)[node]['ros__parameters']
            assert given['system'] == name
            assert {key: given[key] for key in values} == values
            code, info = ros2(environment, 'topic', 'info', '--verbose', f'/{name}/closures')
            assert code == 0 and 'Node name: slam_adapter' in info, info
            assert 'Topic type: vpr_msgs/msg/LoopClosureCandidates' in info
            for port in SYSTEMS[name].outputs:
                code, info = ros2(environment, 'topic', 'info', f'/{name}/{port.name}')
                assert f'Type: {port.type_name}' in info and 'Publisher count: 1' in info
        launched.check()  # place_recognition goes on
    finally:
        assert launched.stop() == 0, launched.log()
    assert re.search(r'place_recognition-\d+\]: process has finished cleanly', launched.log())
    assert 'Traceback' not in launched.log()


def test_an_unknown_system_is_refused_with_the_names(environment: dict[str, str]) -> None:
    code, said = ros2(environment, 'launch', 'vpr_ros', 'place_recognition.launch.py',
                      'slam:=slam_toolbox')
    assert code == 1 and all(name in said for name in SYSTEMS), said


def test_base_frame_needs_tf_or_says_so(environment: dict[str, str], tmp_path: Path) -> None:
    launched = Launched(
        environment, tmp_path / 'log', '/tf', 'place_recognition.launch.py', 'namespace:=tf',
        'slam:=lio_sam', 'base_frame:=base_link', 'autostart:=false', 'use_sim_time:=true')
    try:
        if importlib.util.find_spec('tf2_ros') is None:
            launched.wait_for('base_frame needs the package tf2_ros')
        else:
            launched.wait_for('passing loop closures on to lio_sam')
            code, said = ros2(environment, 'param', 'get', '/tf/slam_adapter', 'base_frame')
            assert code == 0 and 'base_link' in said
    finally:
        assert launched.stop() == 0, launched.log()
    assert 'Traceback' not in launched.log()
