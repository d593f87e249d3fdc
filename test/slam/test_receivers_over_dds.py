# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The receiving systems' own messages over DDS, both ways, with the adapter as it is run.

Skipped where a package is not installed; ``python -m slam.receiver_packages`` builds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import struct
from typing import Any
import zlib

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from slam.drive import BASE_T_CAMERA, drive, IN_BASE, SECOND

from vpr_msgs.msg import LoopClosureCandidates, PlaceDescriptor
from vpr_ros.geometry.rigid import angle_between, Transform
from vpr_ros.ros import qos
from vpr_ros.ros.adapters.messages import load
from vpr_ros.ros.adapters.node import SlamAdapter
from vpr_ros.ros.geometry import stamp_to_message
from vpr_ros.slam.closure import closure_of, stamp_ns
from vpr_ros.slam.pose_graph import INCREMENTAL
from vpr_ros.types import Pose

START_NS = drive()[0].stamp_ns
CLOSED = next(c for m in drive() if m.closures for c in m.closures.candidates)
STAMPS = stamp_ns(CLOSED.header.stamp), stamp_ns(CLOSED.match_stamp)
CLOSURES = LoopClosureCandidates(header=CLOSED.header, candidates=[CLOSED])
VALUES = np.random.default_rng(1).normal(size=64).astype(np.float32)


class Table:
    """An adapter with all its ports, and a node that is place_recognition and the back end."""

    def __init__(self, system: str, **values: Any) -> None:
        space = f'/dds_{system}'
        self.adapter = SlamAdapter(namespace=space, parameter_overrides=[
            Parameter(name, value=value) for name, value in {'system': system, **values}.items()])
        self.node = rclpy.create_node('peer', namespace=space)
        self._executor = SingleThreadedExecutor()
        for node in (self.adapter, self.node):
            self._executor.add_node(node)

    def listen(self, type_name: str, topic: str) -> list[Any]:
        """Subscribe to what the adapter publishes."""
        got: list[Any] = []
        self.node.create_subscription(load(type_name), topic, got.append, qos.RESULT)
        self.until(lambda: self.node.count_publishers(topic) > 0)
        return got

    def speak(self, kind: Any, topic: str) -> Callable[[Any], None]:
        """Return what publishes to the adapter."""
        publisher = self.node.create_publisher(kind, topic, qos.RESULT)
        self.until(lambda: publisher.get_subscription_count() > 0)
        return publisher.publish

    def until(self, done: Callable[[], Any]) -> None:
        """Spin both until something has happened."""
        for _ in range(1200):
            if done():
                return
            self._executor.spin_once(timeout_sec=0.05)
        raise AssertionError('it did not happen')

    def close(self) -> None:
        """Destroy both."""
        self._executor.shutdown()
        self.adapter.destroy_node()
        self.node.destroy_node()


@pytest.fixture
def table() -> Iterator[Callable[..., Table]]:
    made: list[Table] = []

    def make(package: str, system: str, **values: Any) -> Table:
        pytest.importorskip(package, reason=f'{package} is not installed')
        made.append(Table(system, **values))
        return made[-1]

    yield make
    for one in made:
        one.close()


def descriptor(at_ns: int) -> PlaceDescriptor:
    """Make what place_recognition says of an image."""
    message = PlaceDescriptor(descriptor=VALUES.tolist())
    message.header.stamp, message.header.frame_id = stamp_to_message(at_ns), 'camera'
    return message


def check_relative(relative: Pose, covariance: Any) -> None:
    """Check the match's base in the query's, and how sure it is."""
    expected = closure_of(CLOSED, BASE_T_CAMERA)
    found, true = Transform.of_pose(relative), expected.metric()
    np.testing.assert_allclose(found.translation_m, true.translation_m, atol=1e-9)
    assert angle_between(found.rotation, true.rotation) < 1e-6
    np.testing.assert_allclose(np.reshape(covariance, (6, 6)), expected.covariance, atol=1e-9)


def pose_of(pose: Any) -> Pose:
    """Read a geometry_msgs/Pose."""
    p, q = pose.position, pose.orientation
    return Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w))


def test_rtabmap_links_two_of_its_nodes(table: Callable[..., Table]) -> None:
    at = table('rtabmap_msgs', 'rtabmap', camera_in_base=IN_BASE)
    asked: list[Any] = []

    def answer(request: Any, response: Any) -> Any:
        asked.append(request.link)
        return response

    at.node.create_service(load('rtabmap_msgs/srv/AddLink'), 'rtabmap/add_link', answer)
    client = next(iter(at.adapter._clients_of.values()))
    at.until(client.service_is_ready)
    info = load('rtabmap_msgs/msg/Info')
    tell = at.speak(info, 'rtabmap/info')
    for number, stamp in ((7, CLOSED.match_stamp), (31, CLOSED.header.stamp)):
        message = info(ref_id=number)
        message.header.stamp = stamp
        tell(message)
    at.speak(LoopClosureCandidates, 'loop_closures')(CLOSURES)
    at.until(lambda: asked)
    [link] = asked
    assert (link.from_id, link.to_id, link.type) == (31, 7, 4)
    t, q = link.transform.translation, link.transform.rotation
    check_relative(Pose((t.x, t.y, t.z), (q.x, q.y, q.z, q.w)),
                   np.linalg.inv(np.reshape(link.information, (6, 6))))


def test_rtabmap_gets_described_images(table: Callable[..., Table]) -> None:
    at = table('rtabmap_msgs', 'rtabmap_descriptor')
    kind = load('rtabmap_msgs/msg/RGBDImage')
    got = at.listen('rtabmap_msgs/msg/RGBDImage', 'rgbd_image_described')
    describe = at.speak(PlaceDescriptor, 'place_recognition/descriptor')
    show = at.speak(kind, 'rgbd_image')
    image = kind(rgb=Image(height=2, width=2, encoding='rgb8', step=6, data=bytes(range(12))))
    image.header.stamp = stamp_to_message(START_NS)
    describe(descriptor(START_NS - SECOND))
    describe(descriptor(START_NS))
    show(image)
    at.until(lambda: got)
    [message] = got
    assert stamp_ns(message.header.stamp) == START_NS
    assert bytes(message.rgb.data) == bytes(range(12))  # the image is as it came
    found = message.global_descriptor
    assert (found.type, stamp_ns(found.header.stamp)) == (1, START_NS)
    data = bytes(found.data)
    assert struct.unpack('<iii', data[-12:]) == (1, len(VALUES), 5)
    row = np.frombuffer(zlib.decompress(data[:-12]), np.float32)
    np.testing.assert_allclose(row, VALUES / np.linalg.norm(VALUES), rtol=1e-5)


def test_swarm_slam_gets_pairs_and_descriptors(table: Callable[..., Table]) -> None:
    at = table('cslam_common_interfaces', 'swarm_slam', robot='a', robots=['b:0', 'a:1'])
    package = 'cslam_common_interfaces/msg'
    pairs = at.listen(f'{package}/LocalKeyframeMatch', 'cslam/local_keyframe_match')
    descriptors = at.listen(f'{package}/GlobalDescriptors', '/cslam/global_descriptors')
    frame = load(f'{package}/KeyframeRGB')
    tell = at.speak(frame, 'cslam/keyframe_data')
    describe = at.speak(PlaceDescriptor, 'place_recognition/descriptor')
    close = at.speak(LoopClosureCandidates, 'loop_closures')
    for number, stamp in ((7, CLOSED.match_stamp), (31, CLOSED.header.stamp)):
        message = frame(id=number)
        message.image.header.stamp = stamp
        tell(message)
    close(CLOSURES)
    at.until(lambda: pairs)
    assert [(pair.keyframe0_id, pair.keyframe1_id) for pair in pairs] == [(31, 7)]
    describe(descriptor(stamp_ns(CLOSED.header.stamp) + 5 * SECOND))  # of no key frame
    describe(descriptor(stamp_ns(CLOSED.match_stamp)))
    at.until(lambda: descriptors)
    [message] = descriptors
    [one] = message.descriptors
    assert (one.keyframe_id, one.robot_id) == (7, 1)
    np.testing.assert_array_equal(one.descriptor, VALUES.astype(np.float64))


def test_hydra_gets_an_edge_between_stamps(table: Callable[..., Table]) -> None:
    at = table('pose_graph_tools_msgs', 'hydra', camera_in_base=IN_BASE)
    got = at.listen('pose_graph_tools_msgs/msg/PoseGraph', 'external_loop_closures')
    at.speak(LoopClosureCandidates, 'loop_closures')(CLOSURES)
    at.until(lambda: got)
    [edge] = got[0].edges
    assert (edge.key_from, edge.key_to) == STAMPS
    assert edge.type == edge.LOOPCLOSE
    check_relative(pose_of(edge.pose), edge.covariance)


def test_kimera_multi_gets_an_edge_between_its_key_frames(table: Callable[..., Table]) -> None:
    at = table('pose_graph_tools_msgs', 'kimera_multi', camera_in_base=IN_BASE, robot='a',
               robots=['a:3', 'b:5'])
    graph, topic = load('pose_graph_tools_msgs/msg/PoseGraph'), INCREMENTAL.name
    got = at.listen(INCREMENTAL.type_name, topic)
    frame = load('pose_graph_tools_msgs/msg/PoseGraphNode')
    nodes = []
    for number, stamp in ((7, CLOSED.match_stamp), (31, CLOSED.header.stamp)):
        nodes.append(frame(robot_id=3, key=number))
        nodes[-1].header.stamp = stamp
    at.speak(graph, topic)(graph(nodes=nodes))
    at.speak(LoopClosureCandidates, 'loop_closures')(CLOSURES)
    at.until(lambda: any(message.edges for message in got))
    [edge] = next(message.edges for message in got if message.edges)
    assert (edge.key_from, edge.key_to) == (31, 7)
    assert (edge.robot_from, edge.robot_to, edge.type) == (3, 3, edge.LOOPCLOSE)
    check_relative(pose_of(edge.pose), edge.covariance)


def test_voxgraph_gets_stamps_and_a_transform(table: Callable[..., Table]) -> None:
    at = table('voxgraph_msgs', 'voxgraph', camera_in_base=IN_BASE)
    got = at.listen('voxgraph_msgs/msg/LoopClosure', 'loop_closure')
    at.speak(LoopClosureCandidates, 'loop_closures')(CLOSURES)
    at.until(lambda: got)
    [loop] = got
    assert (stamp_ns(loop.from_timestamp), stamp_ns(loop.to_timestamp)) == STAMPS
    t, q = loop.transform.translation, loop.transform.rotation
    check_relative(Pose((t.x, t.y, t.z), (q.x, q.y, q.z, q.w)),
                   np.linalg.inv(np.reshape(loop.information, (6, 6))))


def test_maplabs_server_gets_an_edge(table: Callable[..., Table]) -> None:
    at = table('voxgraph_msgs', 'maplab_server', camera_in_base=IN_BASE)
    got = at.listen('voxgraph_msgs/msg/LoopClosureEdgeList', 'loop_closure_edges')
    at.speak(LoopClosureCandidates, 'loop_closures')(CLOSURES)
    at.until(lambda: got)
    [edge] = got[0].loop_closure_edges
    assert (stamp_ns(edge.timestamp_a), stamp_ns(edge.timestamp_b)) == STAMPS
    check_relative(pose_of(edge.t_a_b.pose), edge.t_a_b.covariance)
