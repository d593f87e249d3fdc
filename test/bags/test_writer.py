# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is written is what is read, here and by ROS itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers import place_image
import numpy as np
import pytest
from rosbags.highlevel import AnyReader
import yaml

from vpr_ros.bags import BagReader, BagWriter  # noqa: I100
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.types import Pose

S = 1_000_000_000
K = np.array([[500.0, 0, 64], [0, 500, 48], [0, 0, 1]])
POSE = Pose((1.0, 2.0, 3.0), (0.0, 0.0, 0.6, 0.8), 'odom')
STORAGES = ('mcap', 'sqlite3')


def write_all(path: Path, storage: str) -> Path:
    with BagWriter(path, storage=storage) as bag:
        for i in range(3):
            stamp_ns = S + i * S // 10
            bag.odometry('/odom', stamp_ns, 'odom', 'base_link', POSE)
            bag.pose('/truth', stamp_ns, Pose((i, 0, 0), frame_id='map'))
            bag.camera_info('/camera/camera_info', stamp_ns, 'camera', 128, 96, K)
            bag.image('/camera/image_raw', stamp_ns, 'camera', place_image(i))
            bag.compressed_image('/jpeg', stamp_ns, 'camera', place_image(i))
            bag.image('/rgb', stamp_ns, 'camera', place_image(i), encoding='rgb8')
            bag.image('/mono', stamp_ns, 'camera', place_image(i), encoding='mono8')
    return path


@pytest.mark.parametrize('storage', STORAGES)
def test_an_independent_reader_sees_every_field(tmp_path: Path, storage: str) -> None:
    path = write_all(tmp_path / 'bag', storage)
    with AnyReader([path]) as reader:
        seen: dict[str, Any] = {
            connection.topic: reader.deserialize(raw, connection.msgtype)
            for connection, stamp_ns, raw in reader.messages() if stamp_ns == S
        }
    image = seen['/camera/image_raw']
    assert (image.encoding, image.height, image.width, image.step) == ('bgr8', 96, 128, 384)
    np.testing.assert_array_equal(image.data.reshape(96, 128, 3)[..., ::-1], place_image(0))
    assert image.header.frame_id == 'camera' and image.header.stamp.sec == 1
    info = seen['/camera/camera_info']
    assert info.k.tolist() == K.reshape(-1).tolist() and info.p.tolist()[:3] == [500, 0, 64]
    assert info.r.tolist() == np.eye(3).reshape(-1).tolist() and info.d.tolist() == [0] * 5
    assert (info.width, info.height, info.distortion_model) == (128, 96, 'plumb_bob')
    odometry = seen['/odom']
    assert odometry.child_frame_id == 'base_link' and odometry.header.frame_id == 'odom'
    assert odometry.pose.pose.position.y == 2 and odometry.pose.pose.orientation.w == 0.8
    assert seen['/truth'].header.frame_id == 'map'
    assert seen['/mono'].step == 128 and seen['/rgb'].encoding == 'rgb8'


@pytest.mark.parametrize('storage', STORAGES)
def test_a_player_finds_what_it_needs_in_the_metadata(tmp_path: Path, storage: str) -> None:
    path = write_all(tmp_path / 'bag', storage)
    metadata = yaml.safe_load((path / 'metadata.yaml').read_text())['rosbag2_bagfile_information']
    assert metadata['storage_identifier'] == storage and metadata['message_count'] == 21
    assert metadata['duration']['nanoseconds'] == S // 5
    topics = {entry['topic_metadata']['name']: entry for entry in
              metadata['topics_with_message_count']}
    assert topics['/jpeg']['message_count'] == 3
    qos = yaml.safe_load(topics['/jpeg']['topic_metadata']['offered_qos_profiles'])[0]
    assert (qos['history'], qos['depth'], qos['reliability'], qos['durability']) == (1, 10, 1, 2)


@pytest.mark.ros
@pytest.mark.parametrize('storage', STORAGES)
def test_ros_takes_the_raw_messages(tmp_path: Path, storage: str) -> None:
    serialization = pytest.importorskip('rclpy.serialization')
    from geometry_msgs.msg import PoseStamped
    from nav_msgs.msg import Odometry
    from sensor_msgs.msg import CameraInfo, CompressedImage, Image

    types = {f'{t.__module__.split(".")[0]}/msg/{t.__name__}': t
             for t in (PoseStamped, Odometry, CameraInfo, CompressedImage, Image)}
    with BagReader(write_all(tmp_path / 'bag', storage)) as reader:
        for topic, log_time_ns, raw, kind in reader.messages():
            message = serialization.deserialize_message(raw, types[kind])
            stamp = message.header.stamp
            assert stamp.sec * S + stamp.nanosec == log_time_ns, topic
            if kind.endswith('Odometry'):
                assert message.pose.pose.orientation.z == 0.6
            if kind.endswith('/Image') and message.encoding == 'rgb8':
                index = (log_time_ns - S) * 10 // S
                assert bytes(message.data) == place_image(index).tobytes()


def test_log_time_and_header_stamp_may_differ(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        bag.image('/image', S, 'camera', place_image(0), log_time_ns=5 * S)
    with BagReader(tmp_path / 'bag') as reader:
        image = next(reader.images())
    assert (image.stamp_ns, image.log_time_ns) == (S, 5 * S)


@pytest.mark.parametrize('storage', STORAGES)
def test_an_empty_bag_can_be_read(tmp_path: Path, storage: str) -> None:
    with BagWriter(tmp_path / 'bag', storage=storage):
        pass
    with BagReader(tmp_path / 'bag') as reader:
        assert reader.topics() == () and reader.duration_s == 0
        with pytest.raises(DataError, match=r'holds no image.*found no topic'):
            list(reader.images())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = write_all(tmp_path / 'bag', 'mcap')
    before = (path / 'bag.mcap').read_bytes()
    with pytest.raises(DataError, match='exists already; choose another name'):
        BagWriter(path)
    assert (path / 'bag.mcap').read_bytes() == before


@pytest.mark.parametrize('storage', STORAGES)
def test_a_failure_leaves_nothing_behind(tmp_path: Path, storage: str) -> None:
    with (pytest.raises(DataError, match='cannot be stored'),
          BagWriter(tmp_path / 'bag', storage=storage) as bag):
        bag.image('/image', S, 'camera', place_image(0))
        bag.image('/image', -1, 'camera', place_image(0))
    assert not (tmp_path / 'bag').exists()


def test_errors_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="storage 'rosbag1' is not known; expected mcap"):
        BagWriter(tmp_path / 'bag', storage='rosbag1')
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='cannot be written: Not a directory'):
        BagWriter(tmp_path / 'file' / 'bag')
    with BagWriter(tmp_path / 'bag') as bag:
        bag.pose('/pose', S, POSE)
        with pytest.raises(DataError, match=r'/pose holds geometry_msgs.*of its own'):
            bag.image('/pose', S, 'camera', place_image(0))
        with pytest.raises(ConfigError, match="'yuyv'; expected rgb8, bgr8, mono8"):
            bag.image('/image', S, 'camera', place_image(0), encoding='yuyv')
        bag.close()
        bag.close()
