# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that bags are written from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.bags.message_types import (
    CAMERA_INFO,
    COMPRESSED_IMAGE,
    header,
    IMAGE,
    make,
    ODOMETRY,
    POSE_STAMPED,
)
from vpr_ros.errors import ConfigError
from vpr_ros.types import ImageArray, Pose

_FROM_RGB = {'rgb8': None, 'bgr8': cv2.COLOR_RGB2BGR, 'mono8': cv2.COLOR_RGB2GRAY}


def image(stamp_ns: int, frame_id: str, rgb: ImageArray, encoding: str) -> Any:
    """Make a sensor_msgs/Image of uint8 (H, W, 3) RGB in ``rgb8``, ``bgr8`` or ``mono8``."""
    if encoding not in _FROM_RGB:
        raise ConfigError(
            f"images are not written as '{encoding}'; expected {', '.join(_FROM_RGB)}"
        )
    code = _FROM_RGB[encoding]
    pixels = np.ascontiguousarray(rgb if code is None else cv2.cvtColor(rgb, code), np.uint8)
    height, width = pixels.shape[:2]
    return make(
        IMAGE, header=header(stamp_ns, frame_id), height=height, width=width, encoding=encoding,
        is_bigendian=0, step=pixels.nbytes // height, data=pixels.reshape(-1),
    )


def compressed_image(stamp_ns: int, frame_id: str, data: Any, format: str) -> Any:  # noqa: A002
    """Make a sensor_msgs/CompressedImage of the bytes of a JPEG or PNG file."""
    return make(COMPRESSED_IMAGE, header=header(stamp_ns, frame_id), format=format,
                data=np.frombuffer(data, np.uint8))


def camera_info(
    stamp_ns: int, frame_id: str, width: int, height: int, k: NDArray[np.float64],
    d: Sequence[float],
) -> Any:
    """Make a sensor_msgs/CameraInfo of intrinsics (3, 3) and plumb_bob distortion."""
    k = np.asarray(k, np.float64).reshape(3, 3)
    distortion = np.zeros(5) if len(d) == 0 else np.asarray(d, np.float64)
    return make(
        CAMERA_INFO, header=header(stamp_ns, frame_id), height=height, width=width,
        distortion_model='plumb_bob', d=distortion, k=k.reshape(-1), r=np.eye(3).reshape(-1),
        p=np.hstack([k, np.zeros((3, 1))]).reshape(-1), binning_x=0, binning_y=0,
        roi=make('sensor_msgs/msg/RegionOfInterest', 0, 0, 0, 0, False),
    )


def odometry(stamp_ns: int, frame_id: str, child_frame_id: str, pose: Pose) -> Any:
    """Make a nav_msgs/Odometry without twist and covariance."""
    still = make('geometry_msgs/msg/Vector3', 0.0, 0.0, 0.0)
    return make(
        ODOMETRY, header=header(stamp_ns, frame_id), child_frame_id=child_frame_id,
        pose=make('geometry_msgs/msg/PoseWithCovariance', _pose(pose), np.zeros(36)),
        twist=make('geometry_msgs/msg/TwistWithCovariance',
                   make('geometry_msgs/msg/Twist', still, still), np.zeros(36)),
    )


def pose_stamped(stamp_ns: int, pose: Pose) -> Any:
    """Make a geometry_msgs/PoseStamped in ``pose.frame_id``."""
    return make(POSE_STAMPED, header=header(stamp_ns, pose.frame_id), pose=_pose(pose))


def _pose(pose: Pose) -> Any:
    return make(
        'geometry_msgs/msg/Pose',
        make('geometry_msgs/msg/Point', *map(float, pose.position_m)),
        make('geometry_msgs/msg/Quaternion', *map(float, pose.quaternion_xyzw)),
    )
