# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of a bag, from odometry, ground truth, localisation or satellite navigation."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vpr_ros.bags.message_types import (
    deserialize,
    NAV_SAT_FIX,
    ODOMETRY,
    POSE_STAMPED,
    POSE_WITH_COVARIANCE_STAMPED,
    stamp_of,
    TRANSFORM_STAMPED,
)
from vpr_ros.bags.storage import RawMessage
from vpr_ros.types import Pose

POSE_TYPES = (
    ODOMETRY, POSE_STAMPED, POSE_WITH_COVARIANCE_STAMPED, TRANSFORM_STAMPED, NAV_SAT_FIX,
)
NO_FIX = -1
# WGS 84
SEMI_MAJOR_AXIS_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
_ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING)


class StampedPose(NamedTuple):
    """A pose and its stamp; ``pose`` may hold NaN where the message does."""

    stamp_ns: int
    pose: Pose


class PoseDecoder:
    """Poses from the messages of one topic; remembers the first satellite fix as the origin."""

    def __init__(self) -> None:
        """Start without an origin."""
        self._tangent: LocalTangent | None = None

    def decode(self, message: RawMessage) -> StampedPose | None:
        """Read the pose of a message; None when damaged or a satellite receiver has no fix."""
        try:
            content = deserialize(message.raw, message.type)
            stamp_ns = stamp_of(content) or message.log_time_ns
            pose = self._fix(content) if message.type == NAV_SAT_FIX else _pose(content)
        except Exception:  # a damaged message fails in as many ways as a damaged file
            return None
        return None if pose is None else StampedPose(stamp_ns, pose)

    def _fix(self, fix: Any) -> Pose | None:
        place = (fix.latitude, fix.longitude)
        if fix.status.status == NO_FIX or not all(map(math.isfinite, place)):
            return None
        altitude_m = fix.altitude if math.isfinite(fix.altitude) else 0.0
        if self._tangent is None:
            self._tangent = LocalTangent(*place, altitude_m)
        return Pose(self._tangent.east_north_up_m(*place, altitude_m), frame_id='enu')


class LocalTangent:
    """East, north and up in metres from an origin on the WGS 84 ellipsoid."""

    def __init__(self, latitude_deg: float, longitude_deg: float, altitude_m: float) -> None:
        """Lay the tangent plane at the origin."""
        self._origin = _earth_centred(latitude_deg, longitude_deg, altitude_m)
        lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
        self._axes = np.array([
            [-math.sin(lon), math.cos(lon), 0.0],
            [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)],
            [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)],
        ])

    def east_north_up_m(
        self, latitude_deg: float, longitude_deg: float, altitude_m: float
    ) -> tuple[float, float, float]:
        """Return a place as metres east, north and up of the origin."""
        offset = _earth_centred(latitude_deg, longitude_deg, altitude_m) - self._origin
        east, north, up = (self._axes @ offset).tolist()
        return east, north, up


def _earth_centred(
    latitude_deg: float, longitude_deg: float, altitude_m: float
) -> NDArray[np.float64]:
    lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
    normal_m = SEMI_MAJOR_AXIS_M / math.sqrt(1 - _ECCENTRICITY_SQUARED * math.sin(lat) ** 2)
    return np.array([
        (normal_m + altitude_m) * math.cos(lat) * math.cos(lon),
        (normal_m + altitude_m) * math.cos(lat) * math.sin(lon),
        (normal_m * (1 - _ECCENTRICITY_SQUARED) + altitude_m) * math.sin(lat),
    ])


def _pose(content: Any) -> Pose:
    """Pose, PoseWithCovariance or Transform of a stamped message."""
    holder = content.transform if hasattr(content, 'transform') else content.pose
    holder = getattr(holder, 'pose', holder)
    position = holder.translation if hasattr(holder, 'translation') else holder.position
    turn = holder.rotation if hasattr(holder, 'rotation') else holder.orientation
    return Pose(
        (position.x, position.y, position.z), (turn.x, turn.y, turn.z, turn.w),
        content.header.frame_id,
    )
