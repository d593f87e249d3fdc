# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rendered drive from a bag with depth, all the way: image, features, loop closure, back end.

Nothing is told in advance: the transforms are those that the local features give, and they are
compared with the poses that the world was rendered from.
"""

from __future__ import annotations

from functools import cache
import math
from pathlib import Path
import tempfile
from typing import Any

from building.rig_bags import moments, write_rig
from helpers import tiny_model
import numpy as np
import pytest
import rclpy
from slam.drive import of_message
from slam.receivers import Receiver

from vpr_ros.assembly import open_recognizer  # noqa: I100
from vpr_ros.building import BagTopics, Cameras
from vpr_ros.building.sources import undecoded
from vpr_ros.geometry.relative_poses import relative_poses_of
from vpr_ros.geometry.rigid import angle_between, Transform
from vpr_ros.ros.adapters.node import SlamAdapter
from vpr_ros.ros.conversions import closures_to_message, Context
from vpr_ros.settings import Settings
from vpr_ros.slam.closure import closure_of, stamp_ns
from vpr_ros.types import Pose
from vpr_ros.world import Camera, Drive, World

CAMERA = Camera()
LATER_NS = 1_800_000_000_000_000_000
SHOWN = (10, 40, 70, 100)
LEAST = 3


@cache
def replayed() -> tuple[list[Any], dict[int, Transform], Transform]:
    """Replay the drive: messages of its loop closures, true base poses, camera in the base."""
    world, poses, seen = World(seed=3, scale=0.7), {}, []
    first = Drive(world, seed=1, rate_hz=2.0, camera=CAMERA)
    again = Drive(world, seed=2, rate_hz=2.0, camera=CAMERA, start_stamp_ns=LATER_NS)
    where = np.array([again.pose(index).position_m for index in range(len(again))])
    near = [int(np.linalg.norm(where - first.pose(index).position_m, axis=1).argmin())
            for index in SHOWN]
    for drive, indices in ((first, SHOWN), (again, near)):
        seen += moments({'front': drive}, indices)
    for moment in seen:
        frame = moment['front']
        poses[frame.stamp_ns] = Transform.of_pose(frame.pose)
    frame = seen[0]['front']
    in_base = Transform.of_pose(frame.pose).inverse() @ Transform.of_pose(frame.camera_pose)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            model=str(tiny_model(Path(folder))), relative_pose=True, context_keyframes=0,
            min_probability=0.0, min_sequence_support=0.0, neighbourhood_m=0.1)
        bag = write_rig(Path(folder) / 'drive', seen, CAMERA, depth=True)
        recognizer, made = open_recognizer(settings), relative_poses_of(settings)
        assert made is not None
        recognizer.more_parts = made.parts
        context = Context(session_name=lambda _: 'drive', robot='a', own_session_id=1,
                          map_uuid='', model_name='tiny', session_robot=lambda _: 'a')
        messages = []
        for shot in undecoded(bag, BagTopics(), Cameras(settings)):
            [view] = shot()
            view.show(made)
            found = recognizer.process(view.frame)
            if found.accepted:
                pose = made.find(found, recognizer.place_map.local_features)
                messages.append(closures_to_message(found, context, pose))
    return messages, poses, in_base


@pytest.mark.parametrize('system', ['hydra', 'voxgraph', 'maplab_server'])
def test_edges_of_a_rendered_drive_are_where_the_robot_was(system: str) -> None:
    messages, poses, in_base = replayed()
    receiver = Receiver()
    pose = in_base.pose('')
    adapter = SlamAdapter(make=receiver.make, connect=False, parameter_overrides=[
        rclpy.Parameter('system', value=system),
        rclpy.Parameter('camera_in_base', value=[*pose.position_m, *pose.quaternion_xyzw])])
    try:
        adapter.send = receiver.take
        for message in messages:
            adapter._on_closures(message)
    finally:
        adapter.destroy_node()
    metric = [c for m in messages for c in m.candidates
              if closure_of(c, in_base).relative is not None]
    assert len(receiver.received) == len(metric) >= LEAST
    metres, degrees, squares = [], [], []
    for (_, sent), candidate in zip(receiver.received, metric, strict=True):
        query, match, found, covariance = edge_of(system, sent)
        assert (query, match) == (stamp_ns(candidate.header.stamp),
                                  stamp_ns(candidate.match_stamp))
        assert query > LATER_NS > match
        true = poses[query].inverse() @ poses[match]  # the match's base in the query's
        error = found.translation_m - true.translation_m
        metres.append(float(np.linalg.norm(error)))
        degrees.append(math.degrees(angle_between(found.rotation, true.rotation)))
        squares.append(float(error @ np.linalg.solve(covariance[:3, :3], error)))
    print(f'{system}: {len(metres)} edges, median {np.median(metres):.3f} m, '
          f'{np.median(degrees):.2f} degrees, error squared by covariance '
          f'{np.median(squares):.1f}')
    assert np.median(metres) < 0.1 and np.median(degrees) < 1.0
    assert np.median(squares) < 15.0


def edge_of(system: str, sent: Any) -> tuple[int, int, Transform, np.ndarray]:
    """Decode stamps (query, match), the match in the query, and the covariance."""
    if system == 'hydra':
        [edge] = sent.edges
        return edge.key_from, edge.key_to, of_message(edge.pose), np.reshape(
            edge.covariance, (6, 6))
    if system == 'voxgraph':
        t, q = sent.transform.translation, sent.transform.rotation
        found = Transform.of_pose(Pose((t.x, t.y, t.z), (q.x, q.y, q.z, q.w)))
        return (stamp_ns(sent.from_timestamp), stamp_ns(sent.to_timestamp), found,
                np.linalg.inv(np.reshape(sent.information, (6, 6))))
    [edge] = sent.loop_closure_edges
    return (stamp_ns(edge.timestamp_a), stamp_ns(edge.timestamp_b), of_message(edge.t_a_b.pose),
            np.reshape(edge.t_a_b.covariance, (6, 6)))
