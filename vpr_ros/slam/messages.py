# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that many systems share, made through whoever knows the message types.

``make('package/msg/Name', field=value, ...)`` gives a message: :mod:`vpr_ros.ros.adapters` loads
the types that are installed, tests make them from the definitions of the receiving system.
"""

from __future__ import annotations

from array import array
from typing import Any, Protocol

import numpy as np

from vpr_ros.geometry.rigid import Float64Array, Transform
from vpr_ros.slam.closure import NotPassedOn
from vpr_ros.types import Pose


class Make(Protocol):
    """Makes messages."""

    def __call__(self, type_name: str, /, **fields: Any) -> Any:
        """Make a message of a type, such as ``std_msgs/msg/Header``."""


def time(make: Make, stamp_ns: int) -> Any:
    """Make a stamp."""
    sec, nanosec = divmod(stamp_ns, 1_000_000_000)
    return make('builtin_interfaces/msg/Time', sec=sec, nanosec=nanosec)


def header(make: Make, stamp_ns: int, frame_id: str = '') -> Any:
    """Make a header."""
    return make('std_msgs/msg/Header', stamp=time(make, stamp_ns), frame_id=frame_id)


def pose(make: Make, found: Pose) -> Any:
    """Make a geometry_msgs/Pose."""
    return make(
        'geometry_msgs/msg/Pose', position=_vector(make, 'Point', found.position_m),
        orientation=_quaternion(make, found))


def transform(make: Make, found: Transform) -> Any:
    """Make a geometry_msgs/Transform."""
    as_pose = found.pose()
    return make(
        'geometry_msgs/msg/Transform', translation=_vector(make, 'Vector3', as_pose.position_m),
        rotation=_quaternion(make, as_pose))


def numbers(matrix: Float64Array) -> Any:
    """Write a matrix row by row, as the field float64[36] takes it."""
    return np.ascontiguousarray(matrix, np.float64).ravel()


def doubles(values: Float64Array) -> array[float]:
    """As a field float64[] takes them."""
    return array('d', np.asarray(values, np.float64).tobytes())


def octets(data: bytes) -> array[int]:
    """As a field uint8[] takes them."""
    return array('B', data)


def information(covariance: Float64Array) -> Float64Array:
    """Return the inverse of a covariance.

    Raises:
        NotPassedOn: it has none.
    """
    try:
        inverse = np.linalg.inv(covariance)
    except np.linalg.LinAlgError:
        inverse = np.full((6, 6), np.nan)
    if not np.isfinite(inverse).all():
        raise NotPassedOn('a loop closure has a covariance without an inverse')
    return (inverse + inverse.T) / 2


def _vector(make: Make, name: str, xyz: tuple[float, float, float]) -> Any:
    x, y, z = map(float, xyz)
    return make(f'geometry_msgs/msg/{name}', x=x, y=y, z=z)


def _quaternion(make: Make, found: Pose) -> Any:
    x, y, z, w = map(float, found.quaternion_xyzw)
    return make('geometry_msgs/msg/Quaternion', x=x, y=y, z=z, w=w)
