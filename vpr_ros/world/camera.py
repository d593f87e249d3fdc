# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pinhole camera that looks at the rendered world, and rigid-body helpers around it."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.types import Pose

Float64Array = NDArray[np.float64]

OPTICAL_IN_BASE = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""Columns: the optical axes x right, y down, z forward in base axes x forward, y left, z up."""


@dataclass(frozen=True)
class Camera:
    """A distortion-free camera above the middle of the robot base.

    Attributes:
        width: image width, px.
        height: image height, px.
        horizontal_fov_deg: horizontal field of view, degrees, in (10, 150).
        height_m: height of the optical centre above the ground, metres.
        pitch_deg: positive looks up, degrees.
        yaw_deg: about the vertical, degrees; 0 looks ahead, 90 to the left, 180 back.
        right_m: how far to the right of the middle, as the camera looks, metres; the right camera
            of a stereo pair stands there.
    """

    width: int = 640
    height: int = 480
    horizontal_fov_deg: float = 75.0
    height_m: float = 1.2
    pitch_deg: float = 0.0
    yaw_deg: float = 0.0
    right_m: float = 0.0

    def __post_init__(self) -> None:
        if not (8 <= self.width <= 4096 and 8 <= self.height <= 4096):
            raise ConfigError(f'The camera is {self.width}x{self.height} px, but each side must '
                              'lie between 8 and 4096; choose for example 640x480.')
        if not 10.0 < self.horizontal_fov_deg < 150.0:
            raise ConfigError(f'The field of view is {self.horizontal_fov_deg} degrees wide, '
                              'but it must lie between 10 and 150; choose for example 75.')
        if not 0.05 <= self.height_m <= 2.5:
            raise ConfigError(f'The camera stands {self.height_m} m above the ground, but the '
                              'world is drawn for 0.05 to 2.5 m; choose for example 1.2.')
        if abs(self.pitch_deg) > 30.0:
            raise ConfigError(f'The camera pitch is {self.pitch_deg} degrees, but at most 30 '
                              'either way is drawn; choose for example 0.')
        if not abs(self.yaw_deg) <= 360.0:
            raise ConfigError(f'The camera yaw is {self.yaw_deg} degrees, but at most a full '
                              'turn either way is drawn; choose for example 180.')
        if not abs(self.right_m) <= 2.0:
            raise ConfigError(f'The camera stands {self.right_m} m to the right, but at most 2 m '
                              'either way is drawn; choose for example 0.2.')

    @property
    def focal_px(self) -> float:
        """Focal length, px, the same in x and y."""
        return self.width / 2.0 / math.tan(math.radians(self.horizontal_fov_deg) / 2.0)

    @property
    def matrix(self) -> Float64Array:
        """float64 (3, 3): K, with pixel centres at integer coordinates."""
        focal = self.focal_px
        return np.array([[focal, 0.0, (self.width - 1) / 2.0],
                         [0.0, focal, (self.height - 1) / 2.0],
                         [0.0, 0.0, 1.0]])

    def pose_on(self, base: Pose) -> Pose:
        """Pose of the optical frame in ``base.frame_id`` when the robot base stands at ``base``.

        The base frame is x forward, y left, z up and lies on the ground.
        """
        pitch = math.radians(self.pitch_deg)
        up = np.array([[math.cos(pitch), 0.0, -math.sin(pitch)], [0.0, 1.0, 0.0],
                       [math.sin(pitch), 0.0, math.cos(pitch)]])
        yaw = math.radians(self.yaw_deg)
        aside = np.array([[math.cos(yaw), -math.sin(yaw), 0.0],
                          [math.sin(yaw), math.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
        rotation = rotation_of(base) @ aside
        position = np.asarray(base.position_m) + rotation @ np.array(
            [0.0, -self.right_m, self.height_m])
        return pose_from(rotation @ up @ OPTICAL_IN_BASE, position, base.frame_id)


def rotation_of(pose: Pose) -> Float64Array:
    """float64 (3, 3): columns are the pose's axes in its parent frame."""
    x, y, z, w = pose.quaternion_xyzw
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])


def pose_from(rotation: Float64Array, position_m: Float64Array, frame_id: str) -> Pose:
    """Return the pose with these axes, float64 (3, 3), at this position, float64 (3,)."""
    m = rotation
    squares = np.array([1 + m[0, 0] - m[1, 1] - m[2, 2], 1 - m[0, 0] + m[1, 1] - m[2, 2],
                        1 - m[0, 0] - m[1, 1] + m[2, 2], 1 + m[0, 0] + m[1, 1] + m[2, 2]])
    largest = int(squares.argmax())
    rows = (
        (squares[0], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]),
        (m[0, 1] + m[1, 0], squares[1], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]),
        (m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], squares[2], m[1, 0] - m[0, 1]),
        (m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], squares[3]),
    )
    quaternion = np.array(rows[largest])
    quaternion /= np.linalg.norm(quaternion)
    if quaternion[3] < 0:
        quaternion = -quaternion
    px, py, pz = (float(value) for value in position_m)
    qx, qy, qz, qw = (float(value) for value in quaternion)
    return Pose((px, py, pz), (qx, qy, qz, qw), frame_id)


def planar_pose(x_m: float, y_m: float, yaw_rad: float, frame_id: str) -> Pose:
    """Return a pose on the ground, turned by ``yaw_rad`` about the vertical."""
    return Pose((float(x_m), float(y_m), 0.0),
                (0.0, 0.0, math.sin(yaw_rad / 2.0), math.cos(yaw_rad / 2.0)), frame_id)


def yaw_of(pose: Pose) -> float:
    """Heading of a base pose, radians in (-pi, pi], 0 along x."""
    x, y, z, w = pose.quaternion_xyzw
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
