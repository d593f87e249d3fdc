# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers import place_image
import numpy as np
import pytest

from vpr_ros.bags import BagReader, write_drive
from vpr_ros.bags.message_types import deserialize
from vpr_ros.errors import DataError
from vpr_ros.types import ImageArray, Pose

S = 1_000_000_000


@dataclass(frozen=True)
class Rendered:
    image: ImageArray
    stamp_ns: int
    pose: Pose
    odometry: Pose


class Pinhole:
    matrix = np.array([[70.0, 0, 63.5], [0, 70, 47.5], [0, 0, 1]])


class Straight:
    """Drives along x at 10 m/s; its odometry says 1 % too much."""

    camera = Pinhole()

    def __init__(self, first: int, count: int) -> None:
        self._range = range(first, first + count)

    def __iter__(self) -> Iterator[Rendered]:
        for i in self._range:
            yield Rendered(place_image(i), S + i * S // 10, Pose((i, 0, 0), frame_id='map'),
                           Pose((1.01 * i, 0, 0), frame_id='odom'))


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
@pytest.mark.parametrize('compressed', [True, False])
def test_drives_become_one_recording(tmp_path: Path, storage: str, compressed: bool) -> None:
    count = write_drive(tmp_path / 'bag', [Straight(0, 5), Straight(5, 5)], storage=storage,
                        compressed=compressed)
    assert count == 10
    image_topic = '/camera/image_raw/compressed' if compressed else '/camera/image_raw'
    with BagReader(tmp_path / 'bag') as reader:
        assert {info.name: info.count for info in reader.topics()} == dict.fromkeys(
            [image_topic, '/camera/camera_info', '/odom', '/ground_truth/pose'], 10)
        frames, truth = list(reader.frames()), list(reader.poses('/ground_truth/pose'))
        (_, _, raw, kind) = next(reader.messages(['/camera/camera_info']))
    info = deserialize(raw, kind)
    assert info.k.tolist() == Pinhole.matrix.reshape(-1).tolist() and info.width == 128
    assert info.header.frame_id == frames[0].frame_id == 'camera_optical_frame'
    for i, (frame, true) in enumerate(zip(frames, truth, strict=True)):
        assert frame.stamp_ns == true.stamp_ns == S + i * S // 10
        assert frame.pose == Pose((1.01 * i, 0, 0), frame_id='odom')
        assert true.pose == Pose((i, 0, 0), frame_id='map')
        difference = np.abs(frame.image.astype(int) - place_image(i)).mean()
        assert difference < (8 if compressed else 1e-9)
    assert frames[-1].travelled_m == pytest.approx(9 * 1.01)


def test_a_single_drive_will_do(tmp_path: Path) -> None:
    assert write_drive(tmp_path / 'bag', Straight(0, 3)) == 3


def test_stamps_must_ascend(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'frame 5 has stamp .* expected ascending stamps'):
        write_drive(tmp_path / 'bag', [Straight(0, 5), Straight(4, 5)])
    assert not (tmp_path / 'bag').exists()
