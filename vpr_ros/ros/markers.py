# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The map and what was recognised in it, for RViz.

The trajectory is drawn from the robot's own odometry. A line leads from the robot to the place
that it was matched with: green for a loop closure, amber for the best match of the last query when
it was rejected, the brighter the more probable. Above the robot stands what was decided and how
probable it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

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
WHITE = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
DARKEST = 0.35  # part of a colour's brightness that a probability of 0 leaves
TEXT_M = 0.6


Line = tuple[Point, Point, float]  # from the robot to the place, and how probable it is


class Markers:
    """What was driven and recognised since the last :meth:`reset`, bounded in size."""

    def __init__(self) -> None:
        """Start with nothing drawn."""
        self._trajectory: deque[Point] = deque(maxlen=TRAJECTORY_POINTS)
        self._closures: deque[Line] = deque(maxlen=CLOSURES)
        self._rejected: list[Line] = []
        self._last: Pose | None = None
        self._now: Point | None = None
        self._said = ''

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
        self._now, self._rejected = point(pose), []
        self._said = f'{recognition.reason.name} {recognition.probability:.2f}'
        if match is None or match.place.pose is None:
            return
        line = point(pose), point(match.place.pose), recognition.probability
        if recognition.accepted:
            self._closures.append(line)
        else:
            self._rejected = [line]

    def message(self, stamp_ns: int) -> MarkerArray:
        """Everything as markers; empty without a pose."""
        if self._last is None or self._now is None:
            return MarkerArray()
        stamp, frame_id = stamp_to_message(stamp_ns), self._last.frame_id
        markers = [
            _marker('trajectory', Marker.LINE_STRIP, list(self._trajectory), BLUE, 0.08),
            _lines('loop_closures', self._closures, GREEN, 0.05),
            _lines('rejected', self._rejected, AMBER, 0.03),
            _text(self._said, self._now),
        ]
        for marker in markers:
            marker.header.stamp, marker.header.frame_id = stamp, frame_id
        return MarkerArray(markers=markers)

    def deletion(self, stamp: Time) -> MarkerArray:
        """Make a message that removes everything drawn before."""
        marker = Marker(action=Marker.DELETEALL)
        marker.header.stamp = stamp
        return MarkerArray(markers=[marker])


def shade(color: ColorRGBA, probability: float) -> ColorRGBA:
    """Return a colour, the brighter the more probable."""
    part = DARKEST + (1.0 - DARKEST) * min(max(probability, 0.0), 1.0)
    return ColorRGBA(r=color.r * part, g=color.g * part, b=color.b * part, a=color.a)


def _lines(namespace: str, lines: Iterable[Line], color: ColorRGBA, width_m: float) -> Marker:
    """Lines whose two ends have the shade of their probability."""
    kept = list(lines)
    marker = _marker(
        namespace, Marker.LINE_LIST, [end for line in kept for end in line[:2]], color, width_m)
    marker.colors = [shade(color, line[2]) for line in kept for _ in range(2)]
    return marker


def _text(words: str, where: Point) -> Marker:
    marker = Marker(ns='decision', type=Marker.TEXT_VIEW_FACING, color=WHITE, text=words)
    marker.pose.position = Point(x=where.x, y=where.y, z=where.z + 2 * TEXT_M)
    marker.pose.orientation.w = 1.0
    marker.scale.z = TEXT_M
    return marker


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
