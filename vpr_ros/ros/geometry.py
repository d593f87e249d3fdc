# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps and poses between ROS messages and the pipeline's types."""

from __future__ import annotations

from typing import Any

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from geometry_msgs.msg import Pose as PoseMessage

from vpr_ros.types import Pose

NANOSECONDS = 1_000_000_000


def stamp_to_message(stamp_ns: int) -> Time:
    """Nanoseconds as a stamp; what a stamp cannot hold is clamped."""
    sec, nanosec = divmod(stamp_ns, NANOSECONDS)
    return Time(sec=min(max(sec, -(2**31)), 2**31 - 1), nanosec=nanosec)


def stamp_from_message(stamp: Any) -> int:
    """Read a stamp as nanoseconds."""
    return int(stamp.sec) * NANOSECONDS + int(stamp.nanosec)


def pose_to_message(pose: Pose) -> PoseMessage:
    """Write a pose as a message; its parent frame goes into the header of whatever holds it."""
    message = PoseMessage()
    message.position = point(pose)
    x, y, z, w = pose.quaternion_xyzw
    message.orientation.x, message.orientation.y = float(x), float(y)
    message.orientation.z, message.orientation.w = float(z), float(w)
    return message


def pose_from_message(message: Any, frame_id: str) -> Pose:
    """Read a pose from a message, as it is: it may hold NaN or a quaternion that is no unit."""
    p, q = message.position, message.orientation
    return Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w), frame_id)


def point(pose: Pose) -> Point:
    """Return the position of a pose."""
    x, y, z = pose.position_m
    return Point(x=float(x), y=float(y), z=float(z))
