# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, run by a real ``ros2 launch`` wherever that and the package are installed."""

from __future__ import annotations

import json
import os
from pathlib import Path
import re
import signal

from ament_index_python.packages import get_package_share_directory, PackageNotFoundError
import cv2
from helpers import place_image, tiny_model
import pytest
from rcl_interfaces.srv import GetParameters
from ros.client import Client, image_message
from ros2_tools.commands import Launched, ros2

from vpr_ros.bags.from_images import bag_from_images
from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.checking import check

pytestmark = pytest.mark.timeout(900)
FILES = ('place_recognition.launch.py', 'build_map.launch.py', 'rosbag_evaluation.launch.py',
         'fleet.launch.py')


def ros2_launch(environment: dict[str, str], *words: str) -> tuple[int, str]:
    """Run a launch file to its end; returns exit code and output."""
    return ros2(environment, 'launch', 'vpr_ros', *words)


@pytest.mark.parametrize('name', FILES)
def test_every_argument_is_described(environment: dict[str, str], name: str) -> None:
    code, shown = ros2_launch(environment, name, '--show-args')
    assert code == 0, shown
    arguments = re.findall(r"^    '(\w+)':\n        (.*)$", shown, re.MULTILINE)
    assert len(arguments) >= 5
    assert all(len(text) > 15 and '.' in text for _, text in arguments), arguments
    assert 'no description given' not in shown


def test_the_node_comes_up_active_and_ends_cleanly(environment: dict[str, str],
                                                   tmp_path: Path) -> None:
    path, params = tmp_path / 'live.vprmap', tmp_path / 'params.yaml'
    params.write_text('/**:\n  ros__parameters:\n    candidates: 33\n    max_rate_hz: 0.0\n')
    process = Launched(
        environment, tmp_path / 'log', '/anna', 'place_recognition.launch.py', 'namespace:=anna',
        f'model:={tiny_model(tmp_path)}', f'map:={path}', 'image_topic:=front/image',
        'loop_closures_topic:=closures', 'preset:=fast', f'params_file:={params}',
        f'directories:={tmp_path}:{tmp_path}/more',
    )
    with Client(process) as client:
        for place in range(3):
            answer = client.send(
                image_message(place_image(place), client.advance(2.0)), 'front/image'
            )
            assert answer.added_to_map, answer.reason_text
        names = ['candidates', 'max_rate_hz', 'thumbnail_width_px', 'directories', 'mode']
        values = client.call(GetParameters, '~/get_parameters', names=names).values
        assert values[0].integer_value == 33  # params_file wins over the preset
        assert values[2].integer_value == 160  # which wins over the default
        assert list(values[3].string_array_value) == [str(tmp_path), f'{tmp_path}/more']
        assert values[4].string_value == 'mapping'
        closures = client.node.get_publishers_info_by_topic('/anna/closures')
        assert [c.topic_type for c in closures] == ['vpr_msgs/msg/LoopClosureCandidates']
        (pid,) = process.pids()
        variables = Path(f'/proc/{pid}/environ').read_bytes().split(b'\0')
        profile = [v for v in variables if v.startswith(b'FASTDDS_DEFAULT_PROFILES_FILE=')]
        assert profile and profile[0].endswith(b'config/fastdds_large_images.xml')
        assert client.stop() == 0, client.log()
        assert 'process has finished cleanly' in client.log()
        assert 'Traceback' not in client.log()
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == 3


def test_a_node_that_crashes_comes_back(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / 'live.vprmap'
    launched = Launched(
        environment, tmp_path / 'log', '/phoenix', 'place_recognition.launch.py',
        'namespace:=phoenix', 'respawn:=true', f'model:={tiny_model(tmp_path)}', f'map:={path}')
    try:
        launched.wait_for('waiting for Image')
        (first,) = launched.pids()
        os.kill(first, signal.SIGKILL)
        launched.wait_for('(?s)process has died.*waiting for Image')
        assert len(launched.pids()) == 2
        assert launched.stop() == 0, launched.log()
        assert 'process has finished cleanly' in launched.log()
    finally:
        launched.stop()
    assert check(path) == []


def test_a_map_is_built_and_the_launch_ends(environment: dict[str, str], tmp_path: Path) -> None:
    images, output = tmp_path / 'images', tmp_path / 'site.vprmap'
    images.mkdir()
    for number in range(30):
        picture = place_image(number // 5)[..., ::-1]
        cv2.imwrite(str(images / f'{number:03d}.png'), picture)
    words = (f'sources:={images}', f'output:={output}', f'model:={tiny_model(tmp_path)}')
    code, built = ros2_launch(environment, 'build_map.launch.py', *words)
    assert code == 0, built
    with PlaceMap.open(output, read_only=True) as place_map:
        assert len(place_map) >= 3
    code, again = ros2_launch(environment, 'build_map.launch.py', *words)
    assert 'exists' in again and 'Traceback' not in again
    assert code == 1 and 'ended with exit code 1' in again
    code, again = ros2_launch(environment, 'build_map.launch.py', *words, 'overwrite:=true')
    assert code == 0, again


def test_a_bag_is_played_through_the_node(environment: dict[str, str], tmp_path: Path) -> None:
    images, figures = tmp_path / 'images', tmp_path / 'figures.json'
    images.mkdir()
    for number in range(40):  # two laps over 20 places
        cv2.imwrite(str(images / f'{number:03d}.png'), place_image(number % 20)[..., ::-1])
    bag_from_images(images, tmp_path / 'bag', rate_hz=1.0)
    model = f'model:={tiny_model(tmp_path)}'
    code, played = ros2_launch(environment, 'rosbag_evaluation.launch.py', f'bag:={tmp_path}/bag',
                               model, f'json:={figures}')
    assert code == 0, played
    assert json.loads(figures.read_text())['frames'] == 40
    code, missing = ros2_launch(environment, 'rosbag_evaluation.launch.py',
                                f'bag:={tmp_path}/none', model)
    assert 'Traceback' not in missing
    assert code == 1 and str(tmp_path / 'none') in missing


def test_rviz_is_missed_by_name(environment: dict[str, str]) -> None:
    try:
        get_package_share_directory('rviz2')
    except PackageNotFoundError:
        code, said = ros2_launch(environment, 'place_recognition.launch.py', 'rviz:=true',
                                 'autostart:=false')
        assert code == 1 and "package 'rviz2' not found" in said, said
        assert 'process started' not in said  # nothing is left behind
    else:
        pytest.skip('rviz2 is installed, and would open a window')
