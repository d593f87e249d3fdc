# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Corrected poses from a SLAM back end, as poses of the map's places."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
import math

from vpr_ros.errors import MapError
from vpr_ros.odometry import interpolate
from vpr_ros.place_map import PlaceMap
from vpr_ros.types import Place, Pose

MOST_POSES = 1_000_000  # in one message
MAX_GAP_S = 5.0  # between two poses of a path that a place lies between
UNIT_ERROR = 0.01  # of a quaternion's length
_NS = 1_000_000_000


def checked(pose: Pose) -> Pose:
    """Return the pose with a quaternion of unit length.

    Raises:
        MapError: a number is not finite, or the quaternion is no rotation.
    """
    length = math.sqrt(sum(value * value for value in pose.quaternion_xyzw))
    if not all(map(math.isfinite, pose.position_m)) or not abs(length - 1.0) <= UNIT_ERROR:
        raise MapError(
            f'the corrected pose {pose.position_m} {pose.quaternion_xyzw} is not finite or no '
            f'rotation; nothing was changed, check the SLAM system'
        )
    x, y, z, w = (value / length for value in pose.quaternion_xyzw)
    return Pose(pose.position_m, (x, y, z, w), pose.frame_id)


def by_name(
    place_map: PlaceMap, entries: Iterable[tuple[int, int, Pose]], session_id: int | None = None
) -> tuple[dict[int, Pose], int]:
    """Find the places that corrected poses belong to.

    Args:
        place_map: the map.
        entries: (place id or 0, stamp in ns for those with 0, pose).
        session_id: only places of this session are found by stamp; None for all.

    Returns:
        Place id -> pose, and the number of entries that no place belongs to.

    Raises:
        MapError: a pose is none.
    """
    found: dict[int, Pose] = {}
    unknown = 0
    for place_id, stamp_ns, pose in entries:
        if place_id:
            ids = [place_id] if place_map.has(place_id) else []
        else:
            ids = place_map.ids_at(stamp_ns, session_id)
        unknown += not ids
        found.update(dict.fromkeys(ids, checked(pose)))
    return found, unknown


def along(path: Sequence[tuple[int, Pose]], places: Iterable[Place]) -> dict[int, Pose]:
    """Poses of the places that lie on a path, interpolated between its poses.

    Args:
        path: (stamp in ns, pose), in any order.
        places: of the drive that the path is of.

    Returns:
        Place id -> pose; without places that are further than :data:`MAX_GAP_S` inside a gap, or
        before or after the path.

    Raises:
        MapError: a pose is none.
    """
    ordered = sorted(((stamp_ns, checked(pose)) for stamp_ns, pose in path), key=lambda p: p[0])
    stamps = [stamp_ns for stamp_ns, _ in ordered]
    found: dict[int, Pose] = {}
    for place in places:
        i = bisect_left(stamps, place.stamp_ns)
        if i < len(stamps) and stamps[i] == place.stamp_ns:
            found[place.place_id] = ordered[i][1]
        elif 0 < i < len(stamps) and stamps[i] - stamps[i - 1] <= MAX_GAP_S * _NS:
            part = (place.stamp_ns - stamps[i - 1]) / (stamps[i] - stamps[i - 1])
            found[place.place_id] = interpolate(ordered[i - 1][1], ordered[i][1], part)
    return found
