# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Swarm-SLAM: pairs of key frames to verify, within a robot and between robots, and descriptors.

Key frames come with their images on ``cslam/keyframe_data``, from which the stamps are read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vpr_ros.slam.closure import Closure, stamp_ns
from vpr_ros.slam.messages import doubles
from vpr_ros.slam.stamps import StampIndex
from vpr_ros.slam.system import DESCRIPTOR, Outgoing, Port, System

PACKAGE = 'cslam_common_interfaces/msg'
KEYFRAMES = Port('cslam/keyframe_data', f'{PACKAGE}/KeyframeRGB')
LOCAL = Port('cslam/local_keyframe_match', f'{PACKAGE}/LocalKeyframeMatch')
BETWEEN = Port('/cslam/inter_robot_matches', f'{PACKAGE}/InterRobotMatches')
MATCH = f'{PACKAGE}/InterRobotMatch'
DESCRIPTORS_OUT = Port('/cslam/global_descriptors', f'{PACKAGE}/GlobalDescriptors')
ONE_DESCRIPTOR = f'{PACKAGE}/GlobalDescriptor'
DESCRIPTORS_IN = Port(DESCRIPTOR, 'vpr_msgs/msg/PlaceDescriptor')


class SwarmSlam(System):
    """Swarm-SLAM registers the two frames itself, so that no pose is needed."""

    outputs = (LOCAL, BETWEEN, DESCRIPTORS_OUT)
    inputs: tuple[Port, ...] = (KEYFRAMES, DESCRIPTORS_IN)
    types = (MATCH, ONE_DESCRIPTOR)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._own = self.setup.number(self.setup.robot)
        self._frames: dict[int, StampIndex] = {self._own: StampIndex()}
        self._robots = {KEYFRAMES: self._own}
        for name, number in self.setup.robots.items():
            if number != self._own:
                self._robots[Port(f'/{name}/{KEYFRAMES.name}', KEYFRAMES.type_name)] = number
                self._frames[number] = StampIndex()
        self.inputs = (*self._robots, DESCRIPTORS_IN)

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Return the pair, once both key frames are known."""
        own, other = (self.setup.number(name)
                      for name in (closure.query_robot, closure.match_robot))
        frames = self._frames
        found = self.ids(closure, frames[own], frames.setdefault(other, StampIndex()))
        if found is None:
            return []
        if own == other:
            return [Outgoing(LOCAL, self.make(
                LOCAL.type_name, keyframe0_id=found[0], keyframe1_id=found[1]))]
        match = self.make(
            MATCH, robot0_id=own, robot0_keyframe_id=found[0], robot1_id=other,
            robot1_keyframe_id=found[1], weight=closure.similarity)
        return [Outgoing(BETWEEN, self.make(BETWEEN.type_name, robot_id=own, matches=[match]))]

    def heard(self, port: Port, message: Any) -> list[Outgoing]:
        """Learn a key frame, or send the descriptor of one."""
        if port == DESCRIPTORS_IN:
            return self._described(message)
        robot = self._robots[port]
        self._frames[robot].add(stamp_ns(message.image.header.stamp), int(message.id))
        return self.retry(self._frames[self._own].newest_ns)

    def _described(self, message: Any) -> list[Outgoing]:
        """Swarm-SLAM describes key frames only; the descriptors of other images are left out."""
        frame = self._frames[self._own].nearest(
            stamp_ns(message.header.stamp), within_ns=self.setup.within_ns)
        if frame is None:
            return []
        one = self.make(ONE_DESCRIPTOR, keyframe_id=frame, robot_id=self._own,
                        descriptor=doubles(np.asarray(message.descriptor)))
        return [Outgoing(DESCRIPTORS_OUT, self.make(DESCRIPTORS_OUT.type_name,
                                                    descriptors=[one]))]
