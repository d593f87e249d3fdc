# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, run by a real ``ros2 launch`` wherever that and the package are installed."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys

import cv2
from helpers import place_image, tiny_model
import pytest

from vpr_ros.bags.from_images import bag_from_images
from vpr_ros.place_map import PlaceMap

pytest.importorskip('vpr_msgs.msg', reason='needs ROS 2 with vpr_msgs')
pytest.importorskip('launch.actions', reason='needs ROS 2 with launch')
pytest.importorskip('launch_ros.actions', reason='needs ROS 2 with launch_ros')
pytest.importorskip('ros2launch', reason='needs ROS 2 with the command ros2 launch')

pytestmark = pytest.mark.ros
FILES = ('place_recognition.launch.py', 'build_map.launch.py', 'rosbag_evaluation.launch.py')
BEGIN_S, END_S = 120.0, 60.0  # ros2 launch imports a lot


@pytest.fixture(scope='module')
def environment() -> dict[str, str]:
    """Of the commands; skips where the package is not installed for ROS."""
    from ament_index_python.packages import get_package_share_directory, PackageNotFoundError

    values = dict(os.environ)
    values.setdefault('AMENT_PREFIX_PATH', sys.prefix)  # where pip has put the package
    values |= {'ROS_DOMAIN_ID': str(101 + os.getpid() % 115), 'OMP_NUM_THREADS': '1',
               'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    values.pop('FASTDDS_DEFAULT_PROFILES_FILE', None)
    with pytest.MonkeyPatch.context() as patch:
        for name in ('AMENT_PREFIX_PATH', 'ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE'):
            patch.setenv(name, values[name])
        try:
            share = get_package_share_directory('vpr_ros')
        except PackageNotFoundError:
            pytest.skip('needs vpr_ros itself installed, by colcon or pip, not only a checkout')
        if shutil.which('ros2') is None:
            pytest.skip('needs the command ros2 on the PATH')
        assert (Path(share) / 'launch').is_dir()
        yield values


def ros2_launch(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess:
    """Run a launch file to its end."""
    return subprocess.run(
        ['ros2', 'launch', 'vpr_ros', *words], env=environment, timeout=BEGIN_S, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd='/',
    )


class Launched:
    """A launch file that runs on, in the form in which a client takes a node's process."""

    def __init__(self, environment: dict[str, str], log: Path, namespace: str,
                 *words: str) -> None:
        self.namespace, self._path = namespace, log
        self._file = log.open('w')
        self._process = subprocess.Popen(
            ['ros2', 'launch', 'vpr_ros', *words], env=environment, cwd='/',
            stdout=self._file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )

    def topic(self, name: str) -> str:
        return f"{self.namespace}/{name.replace('~', 'place_recognition', 1)}"

    def log(self) -> str:
        return self._path.read_text()

    def check(self) -> None:
        assert self._process.poll() is None, self.log()

    def stop(self) -> int:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S)
            self._process.kill()
        self._file.close()
        return self._process.wait()


@pytest.mark.parametrize('name', FILES)
def test_every_argument_is_described(environment: dict[str, str], name: str) -> None:
    shown = ros2_launch(environment, name, '--show-args')
    assert shown.returncode == 0, shown.stdout
    arguments = re.findall(r"^    '(\w+)':\n        (.*)$", shown.stdout, re.MULTILINE)
    assert len(arguments) >= 7
    assert all(len(text) > 15 and '.' in text for _, text in arguments), arguments
    assert 'no description given' not in shown.stdout


def test_the_node_comes_up_active_and_ends_cleanly(environment: dict[str, str],
                                                   tmp_path: Path) -> None:
    from rcl_interfaces.srv import GetParameters
    from ros.client import Client, image_message

    from vpr_msgs.msg import LoopClosureCandidates

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
        assert LoopClosureCandidates is not None
        (pid,) = re.findall(r'process started with pid \[(\d+)\]', client.log())
        variables = Path(f'/proc/{pid}/environ').read_bytes().split(b'\0')
        profile = [v for v in variables if v.startswith(b'FASTDDS_DEFAULT_PROFILES_FILE=')]
        assert profile and profile[0].endswith(b'config/fastdds_large_images.xml')
        assert client.stop() == 0, client.log()
        assert 'process has finished cleanly' in client.log()
        assert 'Traceback' not in client.log()
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == 3


def test_a_map_is_built_and_the_launch_ends(environment: dict[str, str], tmp_path: Path) -> None:
    images, output = tmp_path / 'images', tmp_path / 'site.vprmap'
    images.mkdir()
    for number in range(30):
        picture = place_image(number // 5)[..., ::-1]
        cv2.imwrite(str(images / f'{number:03d}.png'), picture)
    words = (f'sources:={images}', f'output:={output}', f'model:={tiny_model(tmp_path)}')
    built = ros2_launch(environment, 'build_map.launch.py', *words)
    assert built.returncode == 0, built.stdout
    with PlaceMap.open(output, read_only=True) as place_map:
        assert len(place_map) >= 3
    again = ros2_launch(environment, 'build_map.launch.py', *words)
    assert 'exists' in again.stdout and 'Traceback' not in again.stdout
    assert again.returncode == 1 and 'ended with exit code 1' in again.stdout
    again = ros2_launch(environment, 'build_map.launch.py', *words, 'overwrite:=true')
    assert again.returncode == 0, again.stdout


def test_a_bag_is_played_through_the_node(environment: dict[str, str], tmp_path: Path) -> None:
    images, figures = tmp_path / 'images', tmp_path / 'figures.json'
    images.mkdir()
    for number in range(40):  # two laps over 20 places
        cv2.imwrite(str(images / f'{number:03d}.png'), place_image(number % 20)[..., ::-1])
    bag_from_images(images, tmp_path / 'bag', rate_hz=1.0)
    model = f'model:={tiny_model(tmp_path)}'
    played = ros2_launch(environment, 'rosbag_evaluation.launch.py', f'bag:={tmp_path}/bag',
                         model, f'json:={figures}')
    assert played.returncode == 0, played.stdout
    assert json.loads(figures.read_text())['frames'] == 40
    missing = ros2_launch(environment, 'rosbag_evaluation.launch.py', f'bag:={tmp_path}/none',
                          model)
    assert 'Traceback' not in missing.stdout
    assert missing.returncode == 1 and str(tmp_path / 'none') in missing.stdout
