# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera sits on the robot: from a parameter, or from tf where tf2_ros is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vpr_ros.errors import ConfigError, RosError
from vpr_ros.geometry.rigid import Transform
from vpr_ros.types import Pose


def of_numbers(values: Sequence[float]) -> Transform | None:
    """base_T_camera of x, y, z, qx, qy, qz, qw; None of an empty list.

    Raises:
        ConfigError: other numbers than that.
    """
    if not values:
        return None
    numbers = np.asarray(values, np.float64)
    if numbers.shape != (7,) or not np.isfinite(numbers).all() or (
            abs(np.linalg.norm(numbers[3:]) - 1) > 0.01):
        raise ConfigError(f'camera_in_base is {list(values)[:10]}, expected seven numbers: x y z '
                          'in metres and a unit quaternion x y z w of the optical frame')
    x, y, z, qx, qy, qz, qw = numbers.tolist()
    return Transform.of_pose(Pose((x, y, z), (qx, qy, qz, qw)))


class TfExtrinsics:
    """Looks up base_T_camera once per camera."""

    def __init__(self, node: Any, base_frame: str) -> None:
        """Listen to tf.

        Raises:
            RosError: tf2_ros is not installed.
        """
        try:
            import tf2_ros  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415
        except ImportError as error:
            raise RosError('base_frame needs the package tf2_ros, which is not installed here; '
                           'install it or give camera_in_base') from error
        self._tf, self._base_frame = tf2_ros, base_frame
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, node)
        self._known: dict[str, Transform] = {}

    def __call__(self, camera_frame: str) -> Transform | None:
        """base_T_camera; None while tf does not know it."""
        if camera_frame not in self._known:
            import rclpy.time  # noqa: PLC0415

            try:
                found = self._buffer.lookup_transform(
                    self._base_frame, camera_frame, rclpy.time.Time()).transform
            except self._tf.TransformException:
                return None
            t, q = found.translation, found.rotation
            self._known[camera_frame] = Transform.of_pose(
                Pose((t.x, t.y, t.z), (q.x, q.y, q.z, q.w)))
        return self._known[camera_frame]
