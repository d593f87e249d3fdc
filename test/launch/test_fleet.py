# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch file of a fleet: a server and two robots, from nothing to a map each and back."""

from __future__ import annotations

from pathlib import Path

from helpers import tiny_model
import pytest
from ros2_tools.commands import Launched, ros2

from vpr_ros.place_map import PlaceMap  # noqa: I100
from vpr_ros.place_map.checking import check

pytest.importorskip('pymilvus', reason='needs the extra fleet')
pytest.importorskip('milvus_lite', reason='needs the extra fleet')

pytestmark = pytest.mark.timeout(900)


def test_two_robots_and_their_server(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / 'fleet'
    folder.mkdir()
    launched = Launched(
        environment, tmp_path / 'log', '', 'fleet.launch.py', 'robots:=anna:bert',
        f'folder:={folder}', f'model:={tiny_model(tmp_path)}', 'preset:=fast')
    try:
        for robot in ('anna', 'bert'):
            launched.wait_for(rf'\[{robot}.place_recognition\]: waiting for Image')
        code, nodes = ros2(environment, 'lifecycle', 'nodes')
        assert code == 0
        assert {'/anna/place_recognition', '/bert/place_recognition'} <= set(nodes.split())
        for robot in ('anna', 'bert'):
            node = f'/{robot}/place_recognition'
            code, said = ros2(environment, 'param', 'get', node, 'robot')
            assert code == 0 and said.strip().endswith(robot), said
            code, said = ros2(environment, 'topic', 'echo', '--once', '/diagnostics', '--filter',
                              f"any('fleet' in s.name and '{robot}' in s.name for s in m.status)")
            assert code == 0 and 'fleet' in said, said
        launched.check()
    finally:
        assert launched.stop() == 0, launched.log()
    assert 'Traceback' not in launched.log()
    assert launched.log().count('process has finished cleanly') == 3, launched.log()
    for robot in ('anna', 'bert'):
        assert check(folder / f'{robot}.vprmap') == []
        with PlaceMap.open(folder / f'{robot}.vprmap', read_only=True) as place_map:
            assert len(place_map) == 0
