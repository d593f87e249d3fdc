# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Relocalisation: says ``initialpose`` once each time that the robot is found again.

Whether it is lost is what place_recognition says (:mod:`vpr_ros.relocalization`). The pose is that
of the first accepted recognition that agrees with the place where the robot then is.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, TypeVar

from vpr_ros.slam import initial_pose
from vpr_ros.slam.closure import Closure, stamp_ns
from vpr_ros.slam.messages import Make
from vpr_ros.slam.system import Outgoing, Setup, System
from vpr_ros.types import Pose, Recognition

KEPT = 20  # of each kind, while what belongs to them has not come
AGREE_M = 10.0  # beside the spread of the belief: twice what shows one spot
Item = TypeVar('Item')


@dataclass(frozen=True)
class Whereabouts:
    """What place_recognition says of one image.

    Attributes:
        stamp_ns: of the image.
        lost: see vpr_msgs/Localization.
        pose: of the likeliest place in the map, or None.
        spread: metres along the drive.
    """

    stamp_ns: int
    lost: bool
    pose: Pose | None
    spread: float

    @classmethod
    def of(cls, message: Any) -> Whereabouts:
        """Read a vpr_msgs/Localization."""
        p, q = message.pose.position, message.pose.orientation
        pose = Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w), message.pose_frame_id)
        return cls(stamp_ns(message.header.stamp), bool(message.lost),
                   pose if message.has_pose else None, float(message.spread))


class Relocalisation(System):
    """Nav2's AMCL and slam_toolbox take the pose as a new beginning.

    Attributes:
        lost: what place_recognition said last; a robot that wakes is lost.
    """

    outputs = (initial_pose.INITIAL_POSE,)
    types = ('geometry_msgs/msg/PoseWithCovariance',)

    def __init__(self, make: Make, setup: Setup) -> None:
        super().__init__(make, setup)
        self.lost = True
        self._said = False
        self._closures: OrderedDict[int, Closure] = OrderedDict()
        self._recognitions: OrderedDict[int, Recognition] = OrderedDict()
        self._places: OrderedDict[int, Whereabouts] = OrderedDict()

    def say_again(self) -> None:
        """Say the pose once more as soon as it is known."""
        self._said = False

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Keep its metric pose for the recognition of the same image."""
        _keep(self._closures, closure.query_stamp_ns, closure)
        return []

    def recognised(self, recognition: Recognition) -> list[Outgoing]:
        """Take a recognition, accepted or not."""
        _keep(self._recognitions, recognition.stamp_ns, recognition)
        return self._tell(recognition.stamp_ns)

    def localised(self, where: Whereabouts) -> list[Outgoing]:
        """Take what is known of where the robot is."""
        self.lost = where.lost
        if where.lost:
            self._said = False
        _keep(self._places, where.stamp_ns, where)
        return self._tell(where.stamp_ns)

    def _tell(self, at_ns: int) -> list[Outgoing]:
        recognition, where = self._recognitions.get(at_ns), self._places.get(at_ns)
        if recognition is None or where is None or self._said or where.lost or not (
                recognition.accepted):
            return []
        found = initial_pose.estimate(recognition, self._closures.pop(at_ns, None))
        best = recognition.best
        if found is None or best is None or best.place.pose is None or where.pose is None:
            self.problems.append('the map has no poses, so that a recognised place says no '
                                 'initialpose; build the map with odometry')
            return []
        if best.place.pose.distance_m(where.pose) > AGREE_M + 2 * where.spread:
            return []  # a loop closure that all the others contradict
        frame = found[0].frame_id
        if frame != self.setup.map_frame:
            self.problems.append(
                f"the map's poses are in {frame!r} and initialpose is said in "
                f'{self.setup.map_frame!r}; give the map poses of that frame (slam_path or '
                f'~/update_poses) or set map_frame to {frame!r}')
            return []
        self._said = True
        return [Outgoing(self.outputs[0], initial_pose.message(
            self.make, recognition, found, self.setup.map_frame))]


def _keep(items: OrderedDict[int, Item], at_ns: int, item: Item) -> None:
    items[at_ns] = item
    while len(items) > KEPT:
        items.popitem(last=False)
