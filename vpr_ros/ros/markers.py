# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The map and what was recognised in it, for RViz.

The trajectory is drawn from the robot's own odometry; an accepted loop closure is a green line
from the robot to the place, the best match of the last query an amber line when it was rejected.
"""

from __future__ import annotations

from collections import deque

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from vpr_ros.ros.geometry import point, stamp_to_message
from vpr_ros.types import Pose, Recognition

TRAJECTORY_POINTS = 5000
CLOSURES = 1000
SPACING_M = 0.2  # closer points of the trajectory are not drawn
BLUE = ColorRGBA(r=0.27, g=0.53, b=0.93, a=1.0)
GREEN = ColorRGBA(r=0.18, g=0.72, b=0.34, a=1.0)
AMBER = ColorRGBA(r=0.96, g=0.65, b=0.14, a=0.9)


class Markers:
    """What was driven and recognised since the last :meth:`reset`, bounded in size."""

    def __init__(self) -> None:
        """Start with nothing drawn."""
        self._trajectory: deque[Point] = deque(maxlen=TRAJECTORY_POINTS)
        self._closures: deque[tuple[Point, Point]] = deque(maxlen=CLOSURES)
        self._rejected: tuple[Point, Point] | None = None
        self._last: Pose | None = None

    def reset(self) -> None:
        """Forget the trajectory: time jumped, or the map is another."""
        self.__init__()  # type: ignore[misc]

    def add(self, pose: Pose | None, recognition: Recognition) -> None:
        """Take one recognition; without a pose there is nothing to draw.

        Args:
            pose: of the robot at the query.
            recognition: what became of it.
        """
        if pose is None:
            return
        if self._last is None or pose.distance_m(self._last) >= SPACING_M:
            self._trajectory.append(point(pose))
            self._last = pose
        match = recognition.best
        self._rejected = None
        if match is None or match.place.pose is None:
            return
        line = point(pose), point(match.place.pose)
        if recognition.accepted:
            self._closures.append(line)
        else:
            self._rejected = line

    def message(self, stamp_ns: int) -> MarkerArray:
        """Everything as markers; empty without a pose."""
        if self._last is None:
            return MarkerArray()
        stamp, frame_id = stamp_to_message(stamp_ns), self._last.frame_id
        closures = [end for line in self._closures for end in line]
        markers = [
            _marker('trajectory', Marker.LINE_STRIP, list(self._trajectory), BLUE, 0.08),
            _marker('loop_closures', Marker.LINE_LIST, closures, GREEN, 0.05),
            _marker('rejected', Marker.LINE_LIST, list(self._rejected or ()), AMBER, 0.03),
        ]
        for marker in markers:
            marker.header.stamp, marker.header.frame_id = stamp, frame_id
        return MarkerArray(markers=markers)

    def deletion(self, stamp: Time) -> MarkerArray:
        """A message that removes everything drawn before."""
        marker = Marker(action=Marker.DELETEALL)
        marker.header.stamp = stamp
        return MarkerArray(markers=[marker])


def _marker(
    namespace: str, kind: int, points: list[Point], color: ColorRGBA, width_m: float
) -> Marker:
    marker = Marker(ns=namespace, type=kind, color=color)
    marker.pose.orientation.w = 1.0
    marker.scale.x = width_m
    # RViz refuses a line without two points, so an empty one is removed instead
    marker.action = Marker.ADD if len(points) >= 2 else Marker.DELETE
    marker.points = points if marker.action == Marker.ADD else []
    return marker
