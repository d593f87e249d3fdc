# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Broken set-ups for the doctor: real publishers, real files, real processes.

Each makes one fault, yields the words that ``vpr doctor`` is given, and takes the fault away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
from dataclasses import dataclass
import os
from pathlib import Path
import re
import subprocess
import sys
from typing import Any

import cv2
from helpers import place_image, ROOT, tiny_model
from lifecycle_msgs.srv import GetState
from nav_msgs.msg import Odometry
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from ros.client import Client, image_message, PATIENCE_S
from ros.publishing import now_ns, Publishing
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from vpr_msgs.msg import LoopClosureCandidates
from vpr_ros.assembly import model_identity
from vpr_ros.model import load_model
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros import qos
from vpr_ros.ros.doctor_graph import Graph
from vpr_ros.ros.geometry import stamp_to_message
from vpr_ros.ros.node_process import NodeProcess
from vpr_ros.types import Pose

TOPIC = '/camera/image_raw'
ALONE = ('--set', 'use_odometry=false')
PICTURE = place_image(3)


@dataclass
class Bench:
    """What a set-up is made with.

    Attributes:
        folder: to write files to.
        patch: to change the environment, undone at the end.
        domain: the ROS domain of the doctor.
    """

    folder: Path
    patch: pytest.MonkeyPatch
    domain: int


@dataclass(frozen=True)
class SetUp:
    """One broken set-up.

    Attributes:
        title: what is wrong, as a heading of the page.
        subject, level: of the finding that must name it.
        said: regular expressions that the finding and its fix must contain.
        make: makes it.
        with_node: it has a running node, which may take its time to be discovered.
    """

    title: str
    subject: str
    level: str
    said: tuple[str, ...]
    make: Callable[[Bench], contextlib.AbstractContextManager[tuple[str, ...]]]
    with_node: bool = False

    @contextlib.contextmanager
    def made(self, bench: Bench) -> Iterator[tuple[str, ...]]:
        """Make the set-up, with nothing of the environment in its way."""
        bench.patch.delenv('FASTDDS_DEFAULT_PROFILES_FILE', raising=False)
        discovery_s = PATIENCE_S if self.with_node else 0.2  # it ends when the node is found
        bench.patch.setattr('vpr_ros.ros.doctor_node.DISCOVERY_S', discovery_s)
        bench.patch.setattr('vpr_ros.ros.doctor_graph.ANSWER_S', PATIENCE_S)
        with self.make(bench) as words:
            yield words


SET_UPS: list[SetUp] = []


def broken(
    title: str, subject: str, *said: str, level: str = 'error', with_node: bool = False
) -> Callable[[Any], Any]:
    """Add a generator function to the list."""
    def add(function: Callable[[Bench], Iterator[tuple[str, ...]]]) -> Any:
        make = contextlib.contextmanager(function)
        SET_UPS.append(SetUp(title, subject, level, said, make, with_node))
        return function
    return add


def camera(make: Callable[[int], Any] | None = None, **keywords: Any) -> Publishing:
    """Publish as a camera of small images with good stamps, unless told otherwise."""
    keywords = {'kind': Image, 'topic': TOPIC, **keywords}
    return Publishing(make=make or (lambda n: image_message(PICTURE, now_ns(n))), **keywords)


def make_map(path: Path, model: Path, frame_id: str = 'map') -> None:
    """Make a map of three places."""
    described = load_model(str(model), provider='cpu', threads=1)
    with PlaceMap.create(path, model_identity(described)) as place_map:
        place_map.new_session('monday')
        for number in range(3):
            place_map.add(
                described.describe(place_image(number)).global_descriptor, stamp_ns=number + 1,
                pose=Pose((float(number), 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), frame_id))


@broken('The camera has another topic, or does not run', 'image topic',
        f'nobody publishes {TOPIC}; image topics there: /front/image_raw', 'image_topic:=')
def _no_camera(bench: Bench) -> Iterator[tuple[str, ...]]:
    with camera(topic='/front/image_raw'):
        yield ('--image-topic', TOPIC, *ALONE)


@broken('The camera is in another ROS domain', 'image topic',
        r'in ROS_DOMAIN_ID \d+, but /camera does in \d+', 'the same ROS_DOMAIN_ID')
def _other_domain(bench: Bench) -> Iterator[tuple[str, ...]]:
    other = bench.domain + 1
    with camera(domain=other):
        yield ('--image-topic', TOPIC, '--domains', str(other), *ALONE)


@broken('The camera is best effort and the node wants every image', 'image topic',
        'best effort, which the node cannot hear', 'lockstep: false')
def _quality_of_service(bench: Bench) -> Iterator[tuple[str, ...]]:
    with camera(profile=qos.SENSOR):
        yield ('--image-topic', TOPIC, '--set', 'lockstep=true', *ALONE)


@broken('A compressed topic is given as a raw one', 'image topic',
        'as sensor_msgs/msg/CompressedImage, and image_transport is raw',
        f'image_transport:=compressed image_topic:={TOPIC}')
def _compressed(bench: Bench) -> Iterator[tuple[str, ...]]:
    data = cv2.imencode('.jpg', PICTURE)[1].tobytes()
    topic = f'{TOPIC}/compressed'
    with camera(lambda n: CompressedImage(format='jpeg', data=data), kind=CompressedImage,
                topic=topic):
        yield ('--image-topic', topic, *ALONE)


@broken('The encoding cannot be read', 'images', 'yuv_of_tomorrow', 'set the camera driver')
def _encoding(bench: Bench) -> Iterator[tuple[str, ...]]:
    with camera(lambda n: image_message(PICTURE, now_ns(n), encoding='yuv_of_tomorrow')):
        yield ('--image-topic', TOPIC, *ALONE)


@broken('The stamps of the images stand still', 'stamps', 'are all the same', 'driver stamp')
def _stamps(bench: Bench) -> Iterator[tuple[str, ...]]:
    began = now_ns(0)
    with camera(lambda n: image_message(PICTURE, began)):
        yield ('--image-topic', TOPIC, *ALONE)


@broken('use_sim_time without a clock', 'clock', 'nobody publishes /clock', 'use_sim_time:=false')
def _clock(bench: Bench) -> Iterator[tuple[str, ...]]:
    with camera():
        yield ('--image-topic', TOPIC, '--sim-time', *ALONE)


@broken('Large raw images through the default transport', 'dds', 'most are lost',
        'fastdds_large_images.xml', level='warning')
def _large(bench: Bench) -> Iterator[tuple[str, ...]]:
    picture = place_image(3, height=480, width=640)
    with camera(lambda n: image_message(picture, now_ns(n)), rate_hz=10.0):
        yield ('--image-topic', TOPIC, *ALONE)


@broken('The model is slower than the camera', 'pace', r'images a second here and .* come',
        'max_rate_hz', level='warning')
def _slow(bench: Bench) -> Iterator[tuple[str, ...]]:
    model = tiny_model(bench.folder, name='large', height=4096, width=4096, cell=512)
    small = PICTURE[::8, ::8]
    with camera(lambda n: image_message(small, now_ns(n)), rate_hz=400.0):
        yield ('--image-topic', TOPIC, '--model', str(model), *ALONE)


@broken('The model file is not the one of its card', 'model', 'sha256')
def _card(bench: Bench) -> Iterator[tuple[str, ...]]:
    model = tiny_model(bench.folder, name='replaced')
    model.write_bytes(tiny_model(bench.folder, name='newer', cell=16).read_bytes())
    yield ('--no-graph', '--model', str(model))


@broken('The map was built with another model', 'map', 'built with', 'older')
def _other_model(bench: Bench) -> Iterator[tuple[str, ...]]:
    make_map(bench.folder / 'site.vprmap', tiny_model(bench.folder, name='older', cell=16))
    yield ('--no-graph', '--model', str(tiny_model(bench.folder, name='newer')), '--map',
           str(bench.folder / 'site.vprmap'))


@broken('Another process has the map', 'map lock', r'writing in process \d+;.* it is python',
        'mode:=localization')
def _locked(bench: Bench) -> Iterator[tuple[str, ...]]:
    model, path = tiny_model(bench.folder), bench.folder / 'site.vprmap'
    make_map(path, model)
    with subprocess.Popen(
        [sys.executable, 'hold_map.py', str(path)], cwd=Path(__file__).parent,
        env={**os.environ, 'PYTHONPATH': str(ROOT)}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == b'open\n'
        yield ('--no-graph', '--model', str(model), '--map', str(path))
        process.stdin.close()


@broken('Localization without a map', 'parameters', 'mode is localization and map_path is empty',
        'map:=FILE', level='warning')
def _no_map(bench: Bench) -> Iterator[tuple[str, ...]]:
    yield ('--no-graph', '--mode', 'localization')


@broken('No odometry where the parameters want it', 'odometry', 'nobody publishes /odom',
        'odom_topic:=', level='warning')
def _no_odometry(bench: Bench) -> Iterator[tuple[str, ...]]:
    with camera():
        yield ('--image-topic', TOPIC)


def odometry(number: int, *, frame_id: str = 'odom', late_ns: int = 0) -> Odometry:
    """Odometry that says the robot stands."""
    message = Odometry(child_frame_id='base_link')
    message.header.frame_id = frame_id
    message.header.stamp = stamp_to_message(now_ns(number) - late_ns)
    message.pose.pose.orientation.w = 1.0
    return message


@broken("The map's poses are in another frame than the odometry", 'frames',
        "poses are in 'map', the odometry's in 'odom'", level='warning')
def _frames(bench: Bench) -> Iterator[tuple[str, ...]]:
    model, path = tiny_model(bench.folder), bench.folder / 'site.vprmap'
    make_map(path, model, 'map')
    with camera(), Publishing(Odometry, '/odom', odometry, name='wheels'):
        yield ('--image-topic', TOPIC, '--model', str(model), '--map', str(path), '--mode',
               'localization')


@broken('Odometry is stamped by another clock', 'odometry', r'are \d+\.\d s apart', 'one clock')
def _odometry_clock(bench: Bench) -> Iterator[tuple[str, ...]]:
    with camera(), Publishing(
        Odometry, '/odom', lambda n: odometry(n, late_ns=600 * 10**9), name='wheels'
    ):
        yield ('--image-topic', TOPIC)


@broken('The calibration is of another resolution', 'camera_info', '1280x960, the images are',
        level='warning')
def _calibration(bench: Bench) -> Iterator[tuple[str, ...]]:
    info = CameraInfo(width=1280, height=960)
    with camera(), Publishing(CameraInfo, '/camera/camera_info', lambda n: info):
        yield ('--image-topic', TOPIC, '--camera-info-topic', '/camera/camera_info', *ALONE)


@broken('The middleware that is asked for is not installed', 'middleware',
        'RMW_IMPLEMENTATION is rmw_of_tomorrow', 'unset RMW_IMPLEMENTATION')
def _middleware(bench: Bench) -> Iterator[tuple[str, ...]]:
    bench.patch.setenv('RMW_IMPLEMENTATION', 'rmw_of_tomorrow')
    yield ('--image-topic', TOPIC)


@broken('The Fast DDS profile does not exist', 'dds', 'profile.xml, which does not exist')
def _profile(bench: Bench) -> Iterator[tuple[str, ...]]:
    bench.patch.setenv('FASTDDS_DEFAULT_PROFILES_FILE', str(bench.folder / 'profile.xml'))
    yield ('--no-graph',)


@broken('A package is missing', 'optional packages', 'scipy cannot be imported',
        'pip install scipy', level='warning')
def _package(bench: Bench) -> Iterator[tuple[str, ...]]:
    bench.patch.setitem(sys.modules, 'scipy', None)  # what Python itself does for "not there"
    yield ('--no-graph',)


@broken('The node waits for a lifecycle manager that is not there', 'node',
        'place_recognition is unconfigured', 'ros2 lifecycle set', with_node=True)
def _inactive(bench: Bench) -> Iterator[tuple[str, ...]]:
    model = str(tiny_model(bench.folder))
    with camera(), NodeProcess({'model': model, 'autostart': False}) as process:
        wait_for_service('/place_recognition/get_state', process)
        yield ('--image-topic', TOPIC, *ALONE)


@broken('A subscriber asks for more than the node offers', 'outputs',
        'cannot hear /loop_closures', 'durability volatile', with_node=True)
def _deaf(bench: Bench) -> Iterator[tuple[str, ...]]:
    model = str(tiny_model(bench.folder))
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    parameters = {'model': model, 'provider': 'cpu', 'threads': 1, 'use_odometry': False}
    remapped = {'image': TOPIC}
    process = NodeProcess(parameters, remappings=remapped)
    with camera() as images, Client(process) as client:
        client.node.create_subscription(LoopClosureCandidates, '/loop_closures', print, latched)
        images.wait_until_heard(client.log)
        yield ()


def wait_for_service(name: str, process: NodeProcess) -> None:
    """Wait until a node answers that is not yet active."""
    with Graph() as graph:
        client = graph.node.create_client(GetState, name)
        assert graph.spin_until(client.service_is_ready, PATIENCE_S), process.log()


def quick(words: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """Add a model that loads in no time to the words, unless they or a node name one."""
    if '--model' in words or not words:
        return words
    return (*words, '--model', str(tiny_model(folder)))


def without_numbers(text: str, folder: Path) -> str:
    """Leave figures, folders and versions out of a text: what is left, all machines print."""
    text = text.replace(str(folder), '/home/robot/site')
    return re.sub(r'\d+(\.\d+)*', 'N', text)
