# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every adapter over a replayed drive: what it sends, decoded as the receiver would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import struct
from typing import Any
import zlib

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from slam.drive import BASE_T_CAMERA, COVARIANCE, drive, IN_BASE, SECOND, truth
from slam.receivers import header, Receiver, stamp
import yaml

from vpr_msgs.msg import LoopClosureCandidates, PlaceDescriptor  # noqa: I100
from vpr_ros.geometry.rigid import carried_covariance, Transform
from vpr_ros.ros import qos
from vpr_ros.ros.adapters.node import SlamAdapter
from vpr_ros.slam.closure import closure_of, stamp_ns
from vpr_ros.slam.rtabmap import DESCRIPTORS, IMAGES, INFO
from vpr_ros.slam.swarm_slam import DESCRIPTORS_IN, KEYFRAMES
from vpr_ros.slam.system import Port

EXPECTED = [(c.header.stamp, c.match_stamp, c) for m in drive() if m.closures
            for c in m.closures.candidates]
PATIENCE = 600  # turns of the executor of at most 0.05 s


def test_the_drive_closes_loops_all_around() -> None:
    assert len(EXPECTED) >= 15
    assert all(candidate.has_relative_pose for *_, candidate in EXPECTED)


@pytest.fixture
def replay(tmp_path: Path) -> Any:
    """Run the real node over the drive; the loop closures come over a real topic."""
    executor, nodes = SingleThreadedExecutor(), []

    def run(system: str, *, back_end: Callable[[SlamAdapter, int, int], None] | None = None,
            **values: Any) -> Receiver:
        receiver = Receiver()
        settings = {'system': system, 'camera_in_base': IN_BASE, 'robot': 'a', **values}
        adapter = SlamAdapter(
            make=receiver.make, connect=False, namespace=f'/replay_{system}',
            parameter_overrides=[rclpy.Parameter(k, value=v) for k, v in settings.items()])
        adapter.send = receiver.take
        source = rclpy.create_node('source', namespace=f'/replay_{system}')
        nodes.extend((adapter, source))
        for node in (adapter, source):
            executor.add_node(node)
        publisher = source.create_publisher(LoopClosureCandidates, 'loop_closures', qos.RESULT)
        wait(lambda: publisher.get_subscription_count() > 0)
        for number, moment in enumerate(drive()):
            if moment.closures is not None:
                taken = adapter.taken
                publisher.publish(moment.closures)
                wait(lambda taken=taken: adapter.taken > taken)
            if back_end is not None:  # key frames come after the image, as from a back end
                back_end(adapter, number, moment.stamp_ns + SECOND // 50)
        return receiver

    def wait(done: Callable[[], bool]) -> None:
        for _ in range(PATIENCE):
            if done():
                return
            executor.spin_once(timeout_sec=0.05)
        raise AssertionError('nothing came')

    yield run
    for node in nodes:
        node.destroy_node()
    executor.shutdown()


def of_transform(found: Any) -> Transform:
    t, q = found.translation, found.rotation
    from vpr_ros.types import Pose

    return Transform.of_pose(Pose((t.x, t.y, t.z), (q.x, q.y, q.z, q.w)))


def of_pose(found: Any) -> Transform:
    p, q = found.position, found.orientation
    from vpr_ros.types import Pose

    return Transform.of_pose(Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w)))


def check_transform(found: Transform, query: Any, match: Any) -> None:
    """Check that it takes a point of the match's base into the query's."""
    expected = truth(stamp_ns(query), stamp_ns(match))
    np.testing.assert_allclose(found.translation_m, expected.translation_m, atol=1e-9)
    np.testing.assert_allclose(found.rotation, expected.rotation, atol=1e-9)


def base_covariance(candidate: Any) -> Any:
    """Carry that of the camera to the base by differences instead of the formula."""
    camera = closure_of(candidate, Transform.identity()).relative
    assert camera is not None
    return carried_covariance(BASE_T_CAMERA, camera, BASE_T_CAMERA.inverse(), COVARIANCE)


def tell_rtabmap(adapter: SlamAdapter, number: int, at_ns: int) -> None:
    make = adapter.system.make
    adapter.heard(INFO, make('rtabmap_msgs/msg/Info', header=header(make, at_ns),
                             ref_id=number + 1))


def test_rtabmap_links_its_own_nodes(replay: Any) -> None:
    receiver = replay('rtabmap', back_end=tell_rtabmap)
    assert len(receiver.received) == len(EXPECTED)
    for (port, request), (query, match, candidate) in zip(receiver.received, EXPECTED,
                                                          strict=True):
        link = request.link
        assert (port.name, link.type) == ('rtabmap/add_link', 4)
        first = drive()[0].stamp_ns
        assert link.from_id == (stamp_ns(query) - first) // SECOND + 1
        assert link.to_id == (stamp_ns(match) - first) // SECOND + 1
        check_transform(of_transform(link.transform), query, match)
        np.testing.assert_allclose(
            link.information.reshape(6, 6) @ base_covariance(candidate), np.eye(6), atol=1e-6)


def test_rtabmap_without_the_node_says_so(replay: Any) -> None:
    """Its nodes begin after the first lap: the matches are none of them."""
    told: list[str] = []

    def late(adapter: SlamAdapter, number: int, at_ns: int) -> None:
        adapter._warn = told.append  # type: ignore[method-assign]
        if number >= 24:
            tell_rtabmap(adapter, number, at_ns)

    assert not replay('rtabmap', back_end=late).received
    assert 'no frame within 0.1 s' in told[0]


def test_hydra_takes_stamps_as_keys(replay: Any) -> None:
    receiver = replay('hydra')
    assert len(receiver.received) == len(EXPECTED)
    for (port, graph), (query, match, candidate) in zip(receiver.received, EXPECTED, strict=True):
        [edge] = graph.edges
        assert (port.name, len(graph.nodes)) == ('external_loop_closures', 0)
        assert (edge.key_from, edge.key_to) == (stamp_ns(query), stamp_ns(match))
        assert edge.type == edge.LOOPCLOSE == 1
        check_transform(of_pose(edge.pose), query, match)
        np.testing.assert_allclose(edge.covariance.reshape(6, 6), base_covariance(candidate))


def tell_kimera(adapter: SlamAdapter, number: int, at_ns: int) -> None:
    make = adapter.system.make
    node = make('pose_graph_tools_msgs/msg/PoseGraphNode', header=header(make, at_ns),
                robot_id=adapter.system.setup.number('a'), key=1000 + number)
    port = adapter.system.inputs[0]
    adapter.heard(port, make(port.type_name, header=header(make, at_ns), nodes=[node]))


def test_kimera_multi_takes_key_frames(replay: Any) -> None:
    receiver = replay('kimera_multi', back_end=tell_kimera, robots=['a:3', 'b:5'])
    assert len(receiver.received) == len(EXPECTED)
    for (port, graph), (query, match, candidate) in zip(receiver.received, EXPECTED, strict=True):
        [edge] = graph.edges
        assert port.name == 'kimera_vio_ros/pose_graph_incremental'
        assert (edge.robot_from, edge.robot_to, edge.type) == (3, 3, 1)
        first = drive()[0].stamp_ns
        assert edge.key_from == 1000 + (stamp_ns(query) - first) // SECOND
        assert edge.key_to == 1000 + (stamp_ns(match) - first) // SECOND
        check_transform(of_pose(edge.pose), query, match)
        np.testing.assert_allclose(edge.covariance.reshape(6, 6), base_covariance(candidate))


def tell_swarm(adapter: SlamAdapter, number: int, at_ns: int) -> None:
    make = adapter.system.make
    image = make('sensor_msgs/msg/Image', header=header(make, at_ns))
    adapter.heard(KEYFRAMES, make(KEYFRAMES.type_name, id=number, image=image))


def test_swarm_slam_takes_pairs_of_key_frames(replay: Any) -> None:
    receiver = replay('swarm_slam', back_end=tell_swarm, robots=['a:0', 'b:1'])
    assert len(receiver.received) == len(EXPECTED)
    for (port, pair), (query, match, _) in zip(receiver.received, EXPECTED, strict=True):
        assert port.name == 'cslam/local_keyframe_match'
        first = drive()[0].stamp_ns
        assert pair.keyframe0_id == (stamp_ns(query) - first) // SECOND
        assert pair.keyframe1_id == (stamp_ns(match) - first) // SECOND


def test_voxgraph_and_maplab_server(replay: Any) -> None:
    received = replay('voxgraph').received
    for (_, loop), (query, match, candidate) in zip(received, EXPECTED, strict=True):
        assert stamp_ns(loop.from_timestamp) == stamp_ns(query)
        assert stamp_ns(loop.to_timestamp) == stamp_ns(match)
        check_transform(of_transform(loop.transform), query, match)
        np.testing.assert_allclose(
            loop.information.reshape(6, 6) @ base_covariance(candidate), np.eye(6), atol=1e-6)
    received = replay('maplab_server').received
    for (_, edges), (query, match, candidate) in zip(received, EXPECTED, strict=True):
        [edge] = edges.loop_closure_edges
        assert stamp_ns(edge.timestamp_a) == stamp_ns(query)
        assert stamp_ns(edge.timestamp_b) == stamp_ns(match)
        check_transform(of_pose(edge.t_a_b.pose), query, match)
        np.testing.assert_allclose(edge.t_a_b.covariance.reshape(6, 6),
                                   base_covariance(candidate))


def test_maplab_reads_the_file(replay: Any, tmp_path: Path) -> None:
    path = tmp_path / 'loops.yaml'
    replay('maplab', path=str(path))
    edges = yaml.safe_load(path.read_text())
    assert len(edges) == len(EXPECTED)
    for edge, (query, match, candidate) in zip(edges, EXPECTED, strict=True):
        assert edge['camera_from']['timestamp_ns'] == stamp_ns(query)
        assert edge['camera_to']['timestamp_ns'] == stamp_ns(match)
        x, y, z = edge['T_from_to']['translation_m']
        qx, qy, qz, qw = edge['T_from_to']['rotation_xyzw']
        from vpr_ros.types import Pose

        check_transform(Transform.of_pose(Pose((x, y, z), (qx, qy, qz, qw))), query, match)
        np.testing.assert_allclose(np.reshape(edge['covariance'], (6, 6)),
                                   base_covariance(candidate))


def descriptor_at(stamp_at: int, values: Any) -> PlaceDescriptor:
    message = PlaceDescriptor(descriptor=values.tolist())
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_at, SECOND)
    return message


def test_descriptors_go_into_rtabmaps_images() -> None:
    receiver = Receiver()
    adapter = SlamAdapter(make=receiver.make, connect=False, parameter_overrides=[
        rclpy.Parameter('system', value='rtabmap_descriptor')])
    adapter.send = receiver.take
    values = np.random.default_rng(1).normal(size=64).astype(np.float32)
    image = receiver.make(IMAGES.type_name, header=header(receiver.make, 5 * SECOND))
    adapter.heard(IMAGES, image)
    adapter.heard(DESCRIPTORS, descriptor_at(4 * SECOND, values))
    assert not receiver.received  # of another image
    adapter.heard(DESCRIPTORS, descriptor_at(5 * SECOND, values))
    [(port, found)] = receiver.received
    adapter.destroy_node()
    assert port.name == 'rgbd_image_described'
    described = found.global_descriptor
    assert (described.type, stamp_ns(described.header.stamp)) == (1, 5 * SECOND)
    data = described.data.tobytes()
    assert struct.unpack('<iii', data[-12:]) == (1, 64, 5)
    row = np.frombuffer(zlib.decompress(data[:-12]), np.float32)
    np.testing.assert_allclose(np.linalg.norm(row), 1.0, atol=1e-6)
    np.testing.assert_allclose(row, values / np.linalg.norm(values), rtol=1e-5)


def test_descriptors_of_swarm_slams_key_frames() -> None:
    receiver = Receiver()
    adapter = SlamAdapter(make=receiver.make, connect=False, parameter_overrides=[
        rclpy.Parameter('system', value='swarm_slam'),
        rclpy.Parameter('robot', value='b'), rclpy.Parameter('robots', value=['a:0', 'b:1'])])
    adapter.send = receiver.take
    tell_swarm(adapter, 7, 5 * SECOND)
    adapter.heard(DESCRIPTORS_IN, descriptor_at(9 * SECOND, np.ones(4)))
    adapter.heard(DESCRIPTORS_IN, descriptor_at(5 * SECOND, np.array([0.5, -0.5, 0.5, 0.5])))
    [(port, message)] = receiver.received
    adapter.destroy_node()
    [one] = message.descriptors
    assert port.name == '/cslam/global_descriptors'
    assert (one.keyframe_id, one.robot_id) == (7, 1)
    np.testing.assert_array_equal(one.descriptor, [0.5, -0.5, 0.5, 0.5])


def other_robot(candidate: Any) -> Any:
    """Return the same loop closure with a place that robot b saw."""
    candidate.match_robot = 'b'
    return candidate


def test_pairs_between_robots() -> None:
    receiver = Receiver()
    values = {'robot': 'a', 'robots': ['a:0', 'b:1'], 'camera_in_base': IN_BASE}
    query, match, candidate = EXPECTED[0]
    closure = closure_of(other_robot(candidate), BASE_T_CAMERA)
    candidate.match_robot = 'a'
    for name in ('swarm_slam', 'kimera_multi'):
        adapter = SlamAdapter(make=receiver.make, connect=False, parameter_overrides=[
            rclpy.Parameter(k, value=v) for k, v in {'system': name, **values}.items()])
        assert not adapter.system.pass_on(closure)
        make = receiver.make
        ports = [port for port in adapter.system.inputs if 'vpr_msgs' not in port.type_name]
        assert [port.name[:3] == '/b/' for port in ports] == [False, True]
        for port, robot, at, key in ((ports[0], 0, query, 11), (ports[1], 1, match, 22)):
            if name == 'swarm_slam':
                image = make('sensor_msgs/msg/Image', header=header(make, stamp_ns(at)))
                told = make(port.type_name, id=key, image=image)
            else:
                node = make('pose_graph_tools_msgs/msg/PoseGraphNode', robot_id=robot, key=key,
                            header=header(make, stamp_ns(at)))
                told = make(port.type_name, nodes=[node])
            for outgoing in adapter.system.heard(port, told):
                receiver.take(outgoing)
        adapter.destroy_node()
    (swarm_port, swarm), (kimera_port, kimera) = receiver.received
    assert swarm_port.name == '/cslam/inter_robot_matches'
    [pair] = swarm.matches
    assert (pair.robot0_id, pair.robot0_keyframe_id) == (0, 11)
    assert (pair.robot1_id, pair.robot1_keyframe_id) == (1, 22)
    assert pair.weight == pytest.approx(candidate.similarity)
    assert kimera_port.name == 'kimera_distributed/loop_closures'
    assert (kimera.publishing_robot_id, kimera.destination_robot_id) == (0, 1)
    [edge] = kimera.edges
    assert (edge.robot_from, edge.key_from, edge.robot_to, edge.key_to) == (0, 11, 1, 22)
    check_transform(of_pose(edge.pose), query, match)


def test_a_stamp_of_the_wire() -> None:
    receiver = Receiver()
    assert stamp_ns(stamp(receiver.make, 12_345_678_901)) == 12_345_678_901
    assert isinstance(INFO, Port)
