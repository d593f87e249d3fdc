# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The standard message types, their stamps, and what of them this package reads."""

from __future__ import annotations

from functools import cache
from typing import Any

from rosbags.typesys import get_typestore, Stores
from rosbags.typesys.store import Typestore

NANOSECONDS = 1_000_000_000
MAX_STAMP_NS = 2**31 * NANOSECONDS - 1
IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
ODOMETRY = 'nav_msgs/msg/Odometry'
POSE_STAMPED = 'geometry_msgs/msg/PoseStamped'
POSE_WITH_COVARIANCE_STAMPED = 'geometry_msgs/msg/PoseWithCovarianceStamped'
TRANSFORM_STAMPED = 'geometry_msgs/msg/TransformStamped'
NAV_SAT_FIX = 'sensor_msgs/msg/NavSatFix'


@cache
def typestore() -> Typestore:
    """Return the types of a distribution; those used here are the same from Humble to Rolling."""
    return get_typestore(Stores.ROS2_HUMBLE)


def deserialize(raw: bytes, kind: str) -> Any:
    """Read a message from its CDR; large arrays are views of ``raw``."""
    return typestore().deserialize_cdr(raw, kind)


def serialize(message: Any, kind: str) -> memoryview:
    """Write a message as CDR."""
    return typestore().serialize_cdr(message, kind)


def make(kind: str, *args: Any, **fields: Any) -> Any:
    """Make a message of a type."""
    return typestore().types[kind](*args, **fields)


def header(stamp_ns: int, frame_id: str) -> Any:
    """Make a std_msgs/Header."""
    sec, nanosec = divmod(stamp_ns, NANOSECONDS)
    return make('std_msgs/msg/Header', make('builtin_interfaces/msg/Time', sec, nanosec), frame_id)


def stamp_of(message: Any) -> int:
    """Return the header's stamp, nanoseconds."""
    stamp = message.header.stamp
    return int(stamp.sec) * NANOSECONDS + int(stamp.nanosec)
