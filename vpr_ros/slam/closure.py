# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An accepted loop closure as adapters see it: both ends by stamp, and the robot's movement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vpr_ros.errors import VprError
from vpr_ros.geometry.rigid import carried_covariance, Float64Array, Transform
from vpr_ros.types import Pose


class NotPassedOn(VprError):
    """A loop closure that a SLAM system cannot take; the sentence says why and how to mend it."""


@dataclass(frozen=True)
class Closure:
    """One loop closure: "at query_stamp the robot was where it was at match_stamp".

    Attributes:
        query_stamp_ns, match_stamp_ns: of the two images.
        query_robot, match_robot: names, '' when robots are not named.
        match_session: the drive that the match belongs to.
        probability: in [0, 1].
        similarity: in [-1, 1].
        relative: pose of the match's robot base in the query's, metric, or None.
        covariance: float64 (6, 6) of it (see :mod:`vpr_ros.geometry.rigid`).
        map_pose: pose of the robot at the match as the map stores it, or None.
        why_no_pose: why ``relative`` is None, in words.
    """

    query_stamp_ns: int
    match_stamp_ns: int
    query_robot: str
    match_robot: str
    match_session: str
    probability: float
    similarity: float
    relative: Transform | None
    covariance: Float64Array
    map_pose: Pose | None
    why_no_pose: str = ''

    def metric(self) -> Transform:
        """Return the pose of the match in the query.

        Raises:
            NotPassedOn: there is none.
        """
        if self.relative is None:
            raise NotPassedOn(f'a loop closure has no metric pose: {self.why_no_pose}')
        return self.relative


def closure_of(candidate: Any, base_T_camera: Transform | None) -> Closure:
    """Read a vpr_msgs/LoopClosureCandidate.

    Args:
        candidate: the message.
        base_T_camera: pose of the camera's optical frame in the robot's base; both ends were
            seen by that camera. None: not known, so that no pose can be passed on.
    """
    relative, covariance, why = None, np.zeros((6, 6)), ''
    if not candidate.has_relative_pose:
        why = candidate.relative_pose_text or (
            'set the parameter relative_pose of place_recognition, and give it camera_info and '
            'depth')
    elif candidate.relative_pose_up_to_scale:
        why = 'it is known up to scale only; give place_recognition the topic depth'
    elif base_T_camera is None:
        why = 'the camera in the robot base is not known; set camera_in_base or base_frame'
    else:
        camera_t = Transform.of_pose(_pose(candidate.match_pose_in_query.pose, ''))
        seen = np.array(candidate.match_pose_in_query.covariance, np.float64).reshape(6, 6)
        back = base_T_camera.inverse()
        relative = base_T_camera @ camera_t @ back
        covariance = carried_covariance(base_T_camera, camera_t, back, seen)
    map_pose = None
    if candidate.has_map_pose:
        map_pose = _pose(candidate.match_pose_in_map.pose, candidate.map_frame_id)
    return Closure(
        stamp_ns(candidate.header.stamp), stamp_ns(candidate.match_stamp),
        candidate.query_robot, candidate.match_robot, candidate.match_session,
        float(candidate.probability), float(candidate.similarity), relative, covariance, map_pose,
        why)


def stamp_ns(stamp: Any) -> int:
    """Return a builtin_interfaces/Time in nanoseconds."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def _pose(message: Any, frame_id: str) -> Pose:
    p, q = message.position, message.orientation
    return Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w), frame_id)
