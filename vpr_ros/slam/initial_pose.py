# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the robot is in the map, for Nav2 and slam_toolbox: ``initialpose`` when it was lost.

The position is that of the best match; where the loop closure has a metric pose, it is moved by
that. The covariance comes from the spread of the ranked matches: the best one counts as much as
its probability says, the others share the rest.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vpr_ros.geometry.rigid import carried_covariance, Float64Array, inverse_covariance, Transform
from vpr_ros.slam.closure import Closure
from vpr_ros.slam.messages import header, Make, numbers, pose
from vpr_ros.slam.system import Port
from vpr_ros.types import Pose, Recognition

INITIAL_POSE = Port('initialpose', 'geometry_msgs/msg/PoseWithCovarianceStamped')
PLACE_STD_M = 0.5
"""How far from the robot its best match may stand even when the match is right."""

PLACE_STD_RAD = 0.15
MOST_STD_RAD = math.pi / math.sqrt(3.0)
"""Of a heading that nothing is known about."""


def estimate(
    recognition: Recognition, closure: Closure | None = None
) -> tuple[Pose, Float64Array] | None:
    """Estimate the pose of the robot base in the map and its covariance, float64 (6, 6).

    Args:
        recognition: an accepted one; its stamp is that of the pose.
        closure: the loop closure of the same image, for its metric pose.

    Returns:
        None when the best match has no pose in the map.
    """
    best = recognition.best
    if best is None or best.place.pose is None:
        return None
    stored = Transform.of_pose(best.place.pose)
    frame_id = best.place.pose.frame_id
    spread = _spread(recognition)
    if closure is not None and closure.relative is not None:
        back = closure.relative.inverse()
        own = carried_covariance(stored, back, Transform.identity(),
                                 inverse_covariance(closure.relative, closure.covariance))
        others = (1.0 - recognition.probability) * spread
        return (stored @ back).pose(frame_id), own + others
    floor = np.diag([PLACE_STD_M**2] * 2 + [0.0] + [0.0, 0.0] + [PLACE_STD_RAD**2])
    return best.place.pose, spread + floor


def _spread(recognition: Recognition) -> Float64Array:
    """Weighted second moment of the matches about the best one: x, y, z and heading."""
    poses = [match.place.pose for match in recognition.matches]
    known = [pose for pose in poses if pose is not None]
    best = known[0]
    count = len(known) - 1
    covariance = np.zeros((6, 6))
    for other in known[1:]:
        weight = (1.0 - recognition.probability) / count
        turn = _heading(other) - _heading(best)
        away = np.array([*np.subtract(other.position_m, best.position_m), 0.0, 0.0,
                         math.remainder(turn, math.tau)])
        covariance += weight * np.outer(away, away)
    covariance[5, 5] = min(covariance[5, 5], MOST_STD_RAD**2)
    return covariance


def message(
    make: Make, recognition: Recognition, found: tuple[Pose, Float64Array], map_frame: str
) -> Any:
    """Make a geometry_msgs/PoseWithCovarianceStamped with the image's own stamp."""
    return make(
        INITIAL_POSE.type_name, header=header(make, recognition.stamp_ns, map_frame),
        pose=make('geometry_msgs/msg/PoseWithCovariance', pose=pose(make, found[0]),
                  covariance=numbers(found[1])))


def _heading(found: Pose) -> float:
    x, y, z, w = found.quaternion_xyzw
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
