# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Corrected poses from the SLAM back end: answers follow them at once and after opening again."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from geometry_msgs.msg import PoseStamped
from helpers import place_image
from nav_msgs.msg import Path

from vpr_msgs.msg import MapInfo, PlacePose, PlacePoses
from vpr_msgs.srv import GetMapInfo, UpdatePoses
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros import qos
from vpr_ros.ros.geometry import stamp_to_message
from vpr_ros.types import Pose


def poses_of(entries: dict[int, float], session: str = '') -> PlacePoses:
    """Places with a corrected x each, in the frame ``map``."""
    message = PlacePoses(session=session)
    message.header.frame_id = 'map'
    for place_id, x_m in entries.items():
        entry = PlacePose(place_id=place_id)
        entry.pose.position.x, entry.pose.orientation.w = x_m, 1.0
        message.poses.append(entry)
    return message


def test_poses_follow_the_back_end(start: Any, folder: FilePath) -> None:
    path = folder / 'corrected.vprmap'
    with start(map_path=str(path), recent_time_s=0.5, robot='anna') as client:
        client.wait_until_active()
        infos = client.collect(MapInfo, '~/map_info', qos.STATUS)
        stamps = []
        for number in range(4):
            answer = client.ask(place_image(500 + number), after_s=2.0)
            assert answer.added_to_map
            stamps.append(answer.header.stamp)
        response = client.call(UpdatePoses, '~/update_poses',
                               places=poses_of({1: 11.0, 2: 12.0, 99: 1.0}))
        assert (response.success, response.updated, response.unknown) == (True, 2, 1)
        again = client.ask(place_image(500), after_s=20.0)
        match = next(match for match in again.matches if match.place_id == 1)
        assert (match.pose_frame_id, match.pose.position.x) == ('map', 11.0)
        assert match.robot == 'anna'

        wrong = poses_of({1: float('nan')})
        response = client.call(UpdatePoses, '~/update_poses', places=wrong)
        assert not response.success
        assert 'nothing was changed' in response.message
        response = client.call(UpdatePoses, '~/update_poses', places=poses_of({1: 5.0}, 'nobody'))
        assert "no session 'nobody'" in response.message

        before = client.call(GetMapInfo, '~/get_map_info').info.revision
        topic = client.publisher(PlacePoses, '~/corrected_poses')
        topic.publish(poses_of({3: 13.0}))
        infos.get(lambda info: info.revision > before)

        before = client.call(GetMapInfo, '~/get_map_info').info.revision
        slam = client.publisher(Path, 'slam_path')
        message = Path()
        message.header.frame_id = 'map'
        for stamp, x_m in ((stamps[2], 23.0), (stamps[3], 24.0)):
            entry = PoseStamped()
            entry.header.stamp, entry.pose.position.x = stamp, x_m
            entry.pose.orientation.w = 1.0
            message.poses.append(entry)
        slam.publish(message)
        infos.get(lambda info: info.revision > before)
    with PlaceMap.open(path, read_only=True) as place_map:
        found = [place_map.place(i).pose for i in (1, 2, 3, 4)]
        assert found == [Pose((x, 0.0, 0.0), frame_id='map') for x in (11.0, 12.0, 23.0, 24.0)]
        assert place_map.sessions()[0].robot == 'anna'
        assert stamp_to_message(place_map.place(3).stamp_ns) == stamps[2]


def test_a_node_that_only_localizes_refuses(start: Any, folder: FilePath) -> None:
    path = folder / 'fixed.vprmap'
    with start(map_path=str(path)) as client:
        client.wait_until_active()
        client.ask(place_image(520))
    before = path.read_bytes()
    with start(map_path=str(path), mode='localization') as client:
        client.wait_until_active()
        response = client.call(UpdatePoses, '~/update_poses', places=poses_of({1: 1.0}))
        assert not response.success
        assert 'open read-only' in response.message
    assert path.read_bytes() == before
