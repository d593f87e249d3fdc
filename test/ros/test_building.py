# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maps are built from recordings while the node keeps answering."""

from __future__ import annotations

import math
from pathlib import Path

from action_msgs.msg import GoalStatus
from helpers import place_image
import numpy as np
import pytest
from ros.client import Client, Inbox, SECOND

from vpr_msgs.action import MapBuilding
from vpr_msgs.msg import Recognition
from vpr_msgs.srv import BuildMap, LoadMap
from vpr_ros.place_map import PlaceMap


def write_bag(path: Path, plugin: str, places: range) -> None:
    """Write a rosbag2 with an image of each place, one a second, and odometry at 2 m/s."""
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import get_typestore, Stores

    store = get_typestore(Stores.ROS2_HUMBLE)
    image_type, odometry_type = 'sensor_msgs/msg/Image', 'nav_msgs/msg/Odometry'
    types = store.types

    def header(stamp_ns: int, frame_id: str):
        stamp = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, SECOND))
        return types['std_msgs/msg/Header'](stamp, frame_id)

    def odometry(stamp_ns: int, x_m: float):
        pose = types['geometry_msgs/msg/Pose'](
            types['geometry_msgs/msg/Point'](x_m, 0.0, 0.0),
            types['geometry_msgs/msg/Quaternion'](0.0, 0.0, 0.0, 1.0),
        )
        zero = types['geometry_msgs/msg/Vector3'](0.0, 0.0, 0.0)
        return types[odometry_type](
            header(stamp_ns, 'odom'), 'base_link',
            types['geometry_msgs/msg/PoseWithCovariance'](pose, np.zeros(36)),
            types['geometry_msgs/msg/TwistWithCovariance'](
                types['geometry_msgs/msg/Twist'](zero, zero), np.zeros(36)
            ),
        )

    with Writer(path, version=9, storage_plugin=StoragePlugin[plugin.upper()]) as writer:
        images = writer.add_connection('/camera/image', image_type, typestore=store)
        poses = writer.add_connection('/odometry', odometry_type, typestore=store)
        for step, place in enumerate(places):
            stamp_ns = (50 + step) * SECOND
            writer.write(poses, stamp_ns, store.serialize_cdr(
                odometry(stamp_ns, 2.0 * step), odometry_type
            ))
            picture = place_image(place)
            message = types[image_type](
                header(stamp_ns, 'camera'), *picture.shape[:2], 'rgb8', 0, 3 * picture.shape[1],
                picture.reshape(-1),
            )
            writer.write(images, stamp_ns, store.serialize_cdr(message, image_type))


@pytest.mark.parametrize('plugin', ['sqlite3', 'mcap'])
def test_a_map_is_built_from_a_bag(client: Client, folder: Path, plugin: str) -> None:
    write_bag(folder / f'{plugin}_bag', plugin, range(300, 312))
    output = folder / f'from_{plugin}.vprmap'
    answer = client.call(BuildMap, '~/build_map', sources=[f'{plugin}_bag'], output=output.name,
                         keyframe_distance_m=1.0)
    assert answer.success, answer.message
    assert '12 places' in answer.message and str(output) in answer.message
    assert answer.info.place_count == 12 and answer.info.path == str(output)
    (session,) = answer.info.sessions
    assert session.name == f'{plugin}_bag' and session.travelled_m == pytest.approx(22.0)
    assert (session.first_stamp.sec, session.last_stamp.sec) == (50, 61)
    with PlaceMap.open(output, read_only=True) as built:
        assert [p.pose.position_m[0] for p in built.places()] == [2.0 * i for i in range(12)]
    refused = client.call(BuildMap, '~/build_map', sources=[f'{plugin}_bag'], output=output.name)
    assert not refused.success and 'overwrite' in refused.message

    loaded = client.call(LoadMap, '~/load_map', path=output.name)
    assert loaded.success, loaded.message
    try:
        seen = client.ask(place_image(307))
        assert seen.reason == Recognition.ACCEPTED and seen.matches[0].place_id == 8
        assert seen.matches[0].session == f'{plugin}_bag'
        assert seen.matches[0].pose.position.x == pytest.approx(14.0)
    finally:
        assert client.call(LoadMap, '~/load_map', path='live.vprmap').success


def test_a_node_that_re_ranks_builds_maps_that_can_be(start, folder: Path) -> None:
    """Patches are stored where the node itself would store them; without, nothing is compared."""
    write_bag(folder / 'patches_bag', 'mcap', range(320, 323))
    with start(model='default', rerank='robot', directories=[str(folder)]) as client:
        answer = client.call(BuildMap, '~/build_map', sources=['patches_bag'],
                             output='patches.vprmap', keyframe_distance_m=1.0)
        assert answer.success, answer.message
        assert answer.info.has_patches and answer.info.place_count == 3
        assert client.stop() == 0


def test_images_are_answered_while_a_map_is_built_from_a_folder(
    client: Client, folder: Path, image_folder: Path
) -> None:
    output = folder / 'from_folder.vprmap'
    building = client.call_async(BuildMap, '~/build_map', sources=[image_folder.name],
                                 output=output.name, keyframe_interval_s=0.4)
    answered = 0
    while not building.done() and answered < 20:
        client.ask(place_image(310 + answered % 5))
        answered += not building.done()
    answer = client.wait(building)
    assert answer.success, answer.message
    assert answered >= 3
    with PlaceMap.open(output, read_only=True) as built:
        assert len(built) == answer.info.place_count >= 45
    assert not list(folder.glob('.*'))


def test_the_action_reports_progress(client: Client, folder: Path, image_folder: Path) -> None:
    action, feedback = client.action(MapBuilding, '~/map_building'), Inbox()
    goal = MapBuilding.Goal(sources=[str(image_folder)], output='from_action.vprmap')
    handle = client.wait(action.send_goal_async(goal, feedback.put))
    assert handle.accepted
    result = client.wait(handle.get_result_async(), 60.0)
    assert result.status == GoalStatus.STATUS_SUCCEEDED and result.result.success
    assert (folder / 'from_action.vprmap').is_file()
    steps = [message.feedback for message in feedback.messages]
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert {s.total for s in steps} == {200}
    assert all('images' in s.stage and s.seconds_left >= 0 for s in steps)
    action.destroy()


def test_a_cancelled_goal_leaves_no_file(client: Client, folder: Path,
                                         image_folder: Path) -> None:
    action, feedback = client.action(MapBuilding, '~/map_building'), Inbox()
    goal = MapBuilding.Goal(sources=[image_folder.name], output='cancelled.vprmap')
    handle = client.wait(action.send_goal_async(goal, feedback.put))
    assert feedback.get().feedback.done < 200
    busy = client.call(BuildMap, '~/build_map', sources=[image_folder.name], output='b.vprmap')
    assert not busy.success and 'is being built already' in busy.message
    cancelled = client.wait(handle.cancel_goal_async())
    assert len(cancelled.goals_canceling) == 1
    result = client.wait(handle.get_result_async())
    assert result.status == GoalStatus.STATUS_CANCELED
    assert not result.result.success and 'cancelled' in result.result.message
    assert not list(folder.glob('*cancelled*'))
    action.destroy()


@pytest.mark.parametrize(('fields', 'sentence'), [
    ({'sources': [], 'output': 'x.vprmap'}, 'no source'),
    ({'sources': ['nowhere'], 'output': 'x.vprmap'}, 'does not exist'),
    ({'sources': ['images'], 'output': 'x.txt'}, '.vprmap'),
    ({'sources': ['images'], 'output': 'no/such/x.vprmap'}, 'no folder'),
    ({'sources': ['images'], 'output': ''}, 'empty'),
    ({'sources': ['images'], 'output': 'live.vprmap', 'overwrite': True}, 'works with'),
    ({'sources': ['images'], 'output': 'x.vprmap', 'keyframe_distance_m': -1.0}, 'positive'),
    ({'sources': ['images'], 'output': 'x.vprmap', 'keyframe_interval_s': math.nan}, 'positive'),
    ({'sources': ['images'], 'output': 'x.vprmap', 'model': 'no_such_model'}, 'no_such_model'),
])
def test_a_build_that_cannot_be_says_why(client: Client, folder: Path, image_folder: Path,
                                         fields: dict, sentence: str) -> None:
    answer = client.call(BuildMap, '~/build_map', **fields)
    assert not answer.success and sentence in answer.message, answer.message
    assert '\n' not in answer.message
    assert not (folder / 'x.vprmap').exists()
