# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The adapter over real topics where the message packages are there, as its own process too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
import signal
import subprocess
import sys
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from slam.drive import awakening, drive, IN_BASE, Moment
from std_msgs.msg import Bool, Float64MultiArray
from std_srvs.srv import Trigger

from vpr_msgs.msg import Localization, LoopClosureCandidates, Recognition
from vpr_ros.errors import ConfigError, RosError
from vpr_ros.geometry.rigid import angle_between, Transform
from vpr_ros.ros import qos
from vpr_ros.ros.adapters.extrinsics import of_numbers, TfExtrinsics
from vpr_ros.ros.adapters.messages import load, RosMessages
from vpr_ros.ros.adapters.node import robot_numbers, SlamAdapter
from vpr_ros.slam.closure import stamp_ns
from vpr_ros.slam.systems import SYSTEMS
from vpr_ros.types import Pose

EXPECTED = [c for m in drive() if m.closures for c in m.closures.candidates]


class Bench:
    """An adapter and a node that plays place_recognition and the back end."""

    def __init__(self, **values: Any) -> None:
        space = f'/bench_{values["system"]}'
        self.adapter = SlamAdapter(namespace=space, parameter_overrides=[
            Parameter(name, value=value) for name, value in values.items()])
        self.node = rclpy.create_node('bench', namespace=space)
        self.executor = SingleThreadedExecutor()
        for node in (self.adapter, self.node):
            self.executor.add_node(node)
        self.got: list[Any] = []

    def listen(self, kind: Any, topic: str, profile: Any = qos.RESULT) -> list[Any]:
        got: list[Any] = []
        self.node.create_subscription(kind, topic, got.append, profile)
        self.until(lambda: self.node.count_publishers(topic) > 0)
        return got

    def speak(self, kind: Any, topic: str) -> Any:
        publisher = self.node.create_publisher(kind, topic, qos.RESULT)
        self.until(lambda: publisher.get_subscription_count() > 0)
        return publisher

    def until(self, done: Callable[[], bool]) -> None:
        for _ in range(600):
            if done():
                return
            self.executor.spin_once(timeout_sec=0.05)
        raise AssertionError('it did not happen')

    def close(self) -> None:
        self.executor.shutdown()
        self.adapter.destroy_node()
        self.node.destroy_node()


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**values: Any) -> Bench:
        made.append(Bench(**values))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_lio_sam_hears_two_stamps(bench: Callable[..., Bench]) -> None:
    table = bench(system='lio_sam')
    got = table.listen(Float64MultiArray, 'lio_loop/loop_closure_detection', qos.SENSOR)
    publisher = table.speak(LoopClosureCandidates, 'loop_closures')
    for moment in drive():
        if moment.closures is not None:
            count = len(got)
            publisher.publish(moment.closures)
            table.until(lambda count=count: len(got) > count)
    assert len(got) == len(EXPECTED)
    for message, candidate in zip(got, EXPECTED, strict=True):
        assert len(message.data) == 2  # of any other length LIO-SAM takes none
        now, before = (round(value * 1e6) for value in message.data)
        assert now == pytest.approx(stamp_ns(candidate.header.stamp) / 1e3, abs=1)
        assert before == pytest.approx(stamp_ns(candidate.match_stamp) / 1e3, abs=1)
        assert now > before


def play(table: Bench, *, until_found: bool) -> list[Any]:
    """Play the whole drive; return what was said on initialpose."""
    got = table.listen(PoseWithCovarianceStamped, 'initialpose')
    closures = table.speak(LoopClosureCandidates, 'loop_closures')
    recognitions = table.speak(Recognition, 'place_recognition/recognition')
    places = table.speak(Localization, 'place_recognition/localization')
    for moment in awakening():
        if moment.closures is not None:
            taken = table.adapter.taken
            closures.publish(moment.closures)
            table.until(lambda taken=taken: table.adapter.taken > taken)
        for publisher, message in ((recognitions, moment.recognition),
                                   (places, moment.localization)):
            followed = table.adapter.followed
            publisher.publish(message)
            table.until(lambda followed=followed: table.adapter.followed > followed)
    if until_found:
        table.until(lambda: len(got) > 0)
    return got


def found_first() -> Moment:
    """Return the first moment of the drive at which the robot is found and sure of a match."""
    return next(m for m in awakening() if not m.localization.lost and m.closures is not None)


@pytest.mark.parametrize('metric', [True, False])
def test_initialpose_once_when_found(bench: Callable[..., Bench], metric: bool) -> None:
    values = {'camera_in_base': IN_BASE} if metric else {}
    table = bench(system='initialpose', **values)
    lost = table.listen(Bool, 'slam_adapter/lost', qos.STATUS)
    table.until(lambda: len(lost) > 0)
    assert lost[0].data
    [message] = play(table, until_found=True)
    table.until(lambda: len(lost) > 1)
    assert [flag.data for flag in lost] == [True, False]
    moment = found_first()
    assert awakening()[0].localization.lost  # it took more than one image
    assert stamp_ns(message.header.stamp) == moment.stamp_ns
    assert message.header.frame_id == 'map'
    p, q = message.pose.pose.position, message.pose.pose.orientation
    found = Transform.of_pose(Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w)))
    away = np.linalg.norm(found.translation_m - moment.base.translation_m)
    covariance = message.pose.covariance.reshape(6, 6)
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-9)
    if metric:
        assert away < 1e-6 and angle_between(found.rotation, moment.base.rotation) < 1e-6
    else:  # the place beside which the robot stands, half a metre away
        assert 0.4 < away < 0.6
        assert away < 3 * np.sqrt(covariance[0, 0] + covariance[1, 1])
        assert covariance[5, 5] >= 0.05**2


def test_said_again_on_request(bench: Callable[..., Bench]) -> None:
    table = bench(system='initialpose')
    assert len(play(table, until_found=True)) == 1
    client = table.node.create_client(Trigger, 'slam_adapter/relocalise')
    table.until(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    table.until(answer.done)
    assert answer.result().success and 'next recognition' in answer.result().message
    got = table.listen(PoseWithCovarianceStamped, 'initialpose')
    recognitions = table.speak(Recognition, 'place_recognition/recognition')
    places = table.speak(Localization, 'place_recognition/localization')
    for moment in awakening()[-8:]:
        recognitions.publish(moment.recognition)
        places.publish(moment.localization)
    table.until(lambda: len(got) > 0)
    assert len(got) == 1


def test_packages_that_are_missing_are_named() -> None:
    for system, needed in SYSTEMS.items():
        missing = [p.type_name for p in (*needed.outputs, *needed.inputs) if p.type_name.split(
            '/')[0] not in ('std_msgs', 'geometry_msgs', 'vpr_msgs')]
        if not missing or _installed(missing[0]):
            continue
        with pytest.raises(RosError, match='is not installed here'):
            SlamAdapter(parameter_overrides=[Parameter('system', value=system)])
    with pytest.raises(RosError, match='without std_msgs/msg/Nonsense'):
        load('std_msgs/msg/Nonsense')
    assert RosMessages()('std_msgs/msg/Bool', data=True).data


def _installed(type_name: str) -> bool:
    try:
        load(type_name)
    except RosError:
        return False
    return True


@pytest.mark.parametrize(('values', 'why'), [
    ({'system': 'orb'}, 'expected one of lio_sam'),
    ({'system': 'lio_sam', 'robots': ['a']}, 'NAME:NUMBER'),
    ({'system': 'lio_sam', 'camera_in_base': [1.0]}, 'seven numbers'),
    ({'system': 'maplab'}, '.yaml file'),
])
def test_wrong_parameters_are_explained(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        SlamAdapter(parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])


def test_numbers_of_robots_and_cameras() -> None:
    assert robot_numbers(['a:0', 'x:y:7']) == {'a': 0, 'x:y': 7}
    with pytest.raises(ConfigError, match='two robots'):
        robot_numbers(['a:1', 'b:1'])
    assert of_numbers([]) is None
    try:
        import tf2_ros  # noqa: F401
    except ImportError:
        with pytest.raises(RosError, match='camera_in_base'):
            TfExtrinsics(None, 'base_link')


def test_the_executable_says_why_and_ends() -> None:
    command = [sys.executable, '-m', 'vpr_ros.ros.adapters.slam_adapter', '--ros-args', '-p']
    wrong = subprocess.run([*command, 'system:=orb'], capture_output=True, text=True, timeout=120,
                           check=False)
    assert wrong.returncode == 1 and wrong.stderr.startswith("slam_adapter: system is 'orb'")
    environment = {**os.environ, 'ROS_DOMAIN_ID': str(rclpy.get_default_context().get_domain_id())}
    with subprocess.Popen([*command, 'system:=lio_sam'], stderr=subprocess.PIPE, text=True,
                          env=environment) as process:
        assert process.stderr is not None
        assert 'lio_loop/loop_closure_detection' in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
