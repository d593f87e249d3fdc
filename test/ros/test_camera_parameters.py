# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node makes of the parameters of its cameras, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

from vpr_ros.cameras.camera_set import query_frame
from vpr_ros.errors import ConfigError
from vpr_ros.ros.cameras import Cameras
from vpr_ros.settings import Settings


def cameras(**values: Any) -> Cameras:
    return Cameras(Settings(**values))


def image(frame_id: str, value: int = 90) -> Image:
    message = Image(height=60, width=80, encoding='mono8', step=80, data=bytes([value]) * 4800)
    message.header.frame_id = frame_id
    return message


def test_one_camera_goes_through_as_it_is() -> None:
    made = cameras()
    assert not made.several and made.names == ('',)
    frame, = made.frames(image('camera'), None, None)
    assert frame.frame_id == 'camera' and (frame.image == 90).all()


def test_every_camera_has_its_own_mask(tmp_path: Path) -> None:
    for name, row in (('front', 0), ('rear', 59)):
        mask = np.full((60, 80), 255, np.uint8)
        mask[row] = 0
        cv2.imwrite(str(tmp_path / f'{name}.png'), mask)
    made = cameras(cameras=('front:0', 'rear:180'), mask=str(tmp_path / '{camera}.png'))
    messages = {name: image(name) for name in ('front', 'rear')}
    for message, row in zip(messages.values(), (0, 59), strict=True):
        data = np.full((60, 80), 90, np.uint8)
        data[row] = 255
        message.data = data.tobytes()
    assert all(frame.image.min() >= 85 and frame.image.max() <= 95
               for frame in made.frames(messages, None, None))


def test_several_cameras_with_one_mask_are_refused() -> None:
    with pytest.raises(ConfigError, match=r'write \{camera\}'):
        cameras(cameras=('front:0', 'rear:180'), mask='body.png')


def test_cameras_that_share_a_frame_are_refused() -> None:
    made = cameras(cameras=('front:0', 'rear:180'))
    with pytest.raises(ConfigError, match='both carry the frame_id'):
        made.frames({'front': image('camera'), 'rear': image('camera')}, None, None)


def test_an_unusable_calibration_is_the_reason_for_every_image() -> None:
    made = cameras(rectify=True)
    info = CameraInfo(width=80, height=60)
    made.calibrate('', info)
    with pytest.raises(ConfigError, match='not calibrated'):
        made.frames(image('camera'), None, None)


def test_the_query_is_the_camera_that_matched() -> None:
    made = cameras(cameras=('front:0', 'rear:180'))
    frames = made.frames({'front': image('f'), 'rear': image('r')}, None, None)
    assert query_frame(frames, 'r') is frames[1] and query_frame(frames, '?') is frames[0]
