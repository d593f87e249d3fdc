# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Relocalisation: says ``initialpose`` once each time that the robot is found again."""

from __future__ import annotations

from collections import OrderedDict

from vpr_ros.slam import initial_pose
from vpr_ros.slam.closure import Closure
from vpr_ros.slam.lost import LostFlag
from vpr_ros.slam.messages import Make
from vpr_ros.slam.system import Outgoing, Setup, System
from vpr_ros.types import Recognition

KEPT = 20  # loop closures whose recognition has not come yet


class Relocalisation(System):
    """Nav2's AMCL and slam_toolbox take the pose as a new beginning.

    Attributes:
        flag: lost or found; the node publishes it.
    """

    outputs = (initial_pose.INITIAL_POSE,)
    types = ('geometry_msgs/msg/PoseWithCovariance',)

    def __init__(self, make: Make, setup: Setup, flag: LostFlag | None = None) -> None:
        super().__init__(make, setup)
        self.flag = flag or LostFlag()
        self._closures: OrderedDict[int, Closure] = OrderedDict()

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Keep its metric pose for the recognition of the same image."""
        self._closures[closure.query_stamp_ns] = closure
        while len(self._closures) > KEPT:
            self._closures.popitem(last=False)
        return []

    def recognised(self, recognition: Recognition) -> list[Outgoing]:
        """Follow a recognition, accepted or not."""
        closure = self._closures.pop(recognition.stamp_ns, None)
        if not self.flag.update(recognition):
            return []
        found = initial_pose.estimate(recognition, closure)
        if found is None:
            self.problems.append('the map has no poses, so that a recognised place says no '
                                 'initialpose; build the map with odometry')
            return []
        frame = found[0].frame_id
        if frame != self.setup.map_frame:
            self.problems.append(
                f"the map's poses are in {frame!r} and initialpose is said in "
                f'{self.setup.map_frame!r}; give the map poses of that frame (slam_path or '
                f'~/update_poses) or set map_frame to {frame!r}')
            return []
        return [Outgoing(self.outputs[0], initial_pose.message(
            self.make, recognition, found, self.setup.map_frame))]
