# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rigid transforms and how their covariances move with them.

A covariance is float64 (6, 6) over (x, y, z, rotation about x, y, z), metres and radians, about
the fixed axes of the parent frame, as geometry_msgs/PoseWithCovariance has it: for a small
``(dt, w)`` the transform ``(R, t)`` becomes ``(Exp(w) R, t + dt)``.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import Pose

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class Transform:
    """``parent_T_child``: takes coordinates in the child frame to the parent frame.

    Attributes:
        rotation: float64 (3, 3), columns are the child's axes in the parent.
        translation_m: float64 (3,), the child's origin in the parent.
    """

    rotation: Float64Array
    translation_m: Float64Array

    @classmethod
    def identity(cls) -> Transform:
        """Return the transform that changes nothing."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def of_pose(cls, pose: Pose) -> Transform:
        """Return the transform ``pose.frame_id`` _T_ child; the quaternion is normalised."""
        x, y, z, w = np.asarray(pose.quaternion_xyzw, np.float64) / np.linalg.norm(
            pose.quaternion_xyzw)
        rotation = np.array([
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ])
        return cls(rotation, np.asarray(pose.position_m, np.float64))

    def pose(self, frame_id: str = '') -> Pose:
        """Return the same as a pose in ``frame_id``."""
        x, y, z = (float(value) for value in self.translation_m)
        return Pose((x, y, z), quaternion_of(self.rotation), frame_id)

    def __matmul__(self, other: Transform) -> Transform:
        return Transform(self.rotation @ other.rotation,
                         self.rotation @ other.translation_m + self.translation_m)

    def inverse(self) -> Transform:
        """child_T_parent."""
        return Transform(self.rotation.T, -self.rotation.T @ self.translation_m)

    def apply(self, points: Float64Array) -> Float64Array:
        """Points (n, 3) of the child frame in the parent frame."""
        return points @ self.rotation.T + self.translation_m


def quaternion_of(rotation: Float64Array) -> tuple[float, float, float, float]:
    """Return the unit quaternion x, y, z, w with w >= 0 of a rotation, float64 (3, 3)."""
    m = rotation
    # Bar-Itzhack: the eigenvector of the largest eigenvalue, stable for every rotation.
    k = np.array([
        [m[0, 0] - m[1, 1] - m[2, 2], m[1, 0] + m[0, 1], m[2, 0] + m[0, 2], m[2, 1] - m[1, 2]],
        [m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], m[2, 1] + m[1, 2], m[0, 2] - m[2, 0]],
        [m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
        [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], np.trace(m)],
    ])
    quaternion = np.linalg.eigh(k)[1][:, -1]
    x, y, z, w = (float(value) for value in quaternion * (1 if quaternion[3] >= 0 else -1))
    return x, y, z, w


def skew(vectors: Float64Array) -> Float64Array:
    """Cross-product matrices (..., 3, 3) of vectors (..., 3)."""
    x, y, z = np.moveaxis(np.asarray(vectors, np.float64), -1, 0)
    zero = np.zeros_like(x)
    return np.stack([
        np.stack([zero, -z, y], -1), np.stack([z, zero, -x], -1), np.stack([-y, x, zero], -1),
    ], -2)


def exp(rotation_vector: Float64Array) -> Float64Array:
    """Rotation (3, 3) by ``|w|`` radians about ``w`` (3,)."""
    angle = float(np.linalg.norm(rotation_vector))
    k = skew(rotation_vector)
    if angle < 1e-8:
        return np.eye(3) + k + k @ k / 2
    return np.eye(3) + math.sin(angle) / angle * k + (1 - math.cos(angle)) / angle**2 * (k @ k)


def angle_between(a: Float64Array, b: Float64Array) -> float:
    """Angle of the rotation from ``a`` to ``b``, radians in [0, pi]."""
    difference = a.T @ b
    sine = np.linalg.norm(difference - difference.T) / math.sqrt(8.0)
    return math.atan2(sine, (np.trace(difference) - 1) / 2)


def perturbed(transform: Transform, step: Float64Array) -> Transform:
    """Return the transform moved by a small ``step`` (6,), see the module."""
    return Transform(exp(step[3:]) @ transform.rotation, transform.translation_m + step[:3])


def inverse_covariance(transform: Transform, covariance: Float64Array) -> Float64Array:
    """Covariance of ``transform.inverse()``, given that of ``transform``."""
    turn = transform.rotation.T
    jacobian = _blocks(-turn, -turn @ skew(transform.translation_m), -turn)
    return jacobian @ covariance @ jacobian.T


def carried_covariance(
    left: Transform, transform: Transform, right: Transform, covariance: Float64Array
) -> Float64Array:
    """Covariance of ``left @ transform @ right`` where only ``transform`` is uncertain."""
    turn = left.rotation
    lever = transform.rotation @ right.translation_m
    jacobian = _blocks(turn, -turn @ skew(lever), turn)
    return jacobian @ covariance @ jacobian.T


def _blocks(position: Float64Array, lever: Float64Array, turn: Float64Array) -> Float64Array:
    return np.block([[position, lever], [np.zeros((3, 3)), turn]])
