# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A real bag with poses becomes frames."""

from __future__ import annotations

import math

from helpers import place_image
import numpy as np
import pytest

from training.bag_source import bag
from training.images import read_rgb
from vpr_ros.bags import BagWriter
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.types import Pose

SECOND = 1_000_000_000


def write(path, frames: int = 8, *, poses: str = '/odom', damaged: int = -1):
    """Write a straight way east, 1 m a frame; the robot looks north."""
    quarter = math.sqrt(0.5)
    with BagWriter(path) as writer:
        for number in range(frames):
            stamp, pose = (1 + number) * SECOND, Pose((float(number), 2.0, 0.0),
                                                      (0.0, 0.0, quarter, quarter), 'odom')
            if poses == '/odom':
                writer.odometry(poses, stamp, 'odom', 'base_link', pose)
            elif poses:
                writer.pose(poses, stamp, pose)
            if number == damaged:
                writer.encoded_image('/camera/image_raw/compressed', stamp, 'camera', b'\xff\xd8',
                                     'jpeg')
            else:
                writer.compressed_image('/camera/image_raw/compressed', stamp, 'camera',
                                        place_image(number), quality=95)
    return path


@pytest.mark.parametrize('topic', ['/odom', '/ground_truth/pose'])
def test_frames_with_poses(tmp_path, topic):
    path = write(tmp_path / 'drive', poses=topic)
    frames = bag(path, radius_m=2.0, spacing_m=1.5)
    assert [frame.position for frame in frames] == [(0, 1), (1, 1), (2, 1), (3, 1)]
    assert {frame.heading for frame in frames} == {round(math.pi / 2, 4)}
    assert {(f.environment, f.drive) for f in frames} == {('drive', 'drive')}
    for frame, number in zip(frames, (0, 2, 4, 6), strict=True):
        difference = np.abs(read_rgb(frame.path).astype(int) - place_image(number))
        assert difference.mean() < 12  # JPEG of JPEG
    assert frames[0].path.parent == tmp_path / 'drive_frames' / 'frames'
    stamp = frames[0].path.stat().st_mtime_ns
    assert bag(path, radius_m=2.0, spacing_m=1.5) == frames
    assert frames[0].path.stat().st_mtime_ns == stamp  # taken out once
    with pytest.raises(DataError, match=r"'spacing_m': 1\.5.*'spacing_m': 3.* is asked for"):
        bag(path, radius_m=2.0, spacing_m=3.0)


def test_several_drives_of_one_site(tmp_path):
    for name in ('a', 'b'):
        write(tmp_path / name)
    frames = [frame for name in 'ab' for frame in bag(
        tmp_path / name, environment='site', images=str(tmp_path / f'x{name}'))]
    assert {frame.environment for frame in frames} == {'site'}
    assert {frame.drive for frame in frames} == {'a', 'b'}


def test_what_is_wrong_with_a_bag(tmp_path):
    with pytest.raises(DataError, match='holds no poses'):
        bag(write(tmp_path / 'lost', poses=''))
    with pytest.raises(DataError, match=r'1 images of .*damaged cannot be read'):
        bag(write(tmp_path / 'damaged', damaged=4))
    assert not (tmp_path / 'damaged_frames' / 'bag.json').exists()
    with pytest.raises(ConfigError, match='expected positive numbers'):
        bag(tmp_path / 'damaged', radius_m=0.0)
    with pytest.raises(DataError, match='has no topic /nowhere'):
        bag(write(tmp_path / 'other'), pose_topic='/nowhere')
