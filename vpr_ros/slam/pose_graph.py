# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""pose_graph_tools_msgs: Hydra takes stamps as keys, Kimera-Multi numbers of key frames."""

from __future__ import annotations

from typing import Any

from vpr_ros.slam.closure import Closure, stamp_ns
from vpr_ros.slam.messages import header, Make, numbers, pose
from vpr_ros.slam.stamps import StampIndex
from vpr_ros.slam.system import Outgoing, Port, System

EDGE = 'pose_graph_tools_msgs/msg/PoseGraphEdge'
LOOP_CLOSE = 1
EXTERNAL = Port('external_loop_closures', 'pose_graph_tools_msgs/msg/PoseGraph')
INCREMENTAL = Port('kimera_vio_ros/pose_graph_incremental',
                   'pose_graph_tools_msgs/msg/PoseGraph')
BETWEEN_ROBOTS = Port('kimera_distributed/loop_closures',
                      'pose_graph_tools_msgs/msg/LoopClosures')


def edge(make: Make, closure: Closure, keys: tuple[int, int], robots: tuple[int, int]) -> Any:
    """Make an edge from the query to the match; its pose is query_T_match of the robot's base."""
    return make(
        EDGE, header=header(make, closure.query_stamp_ns), key_from=keys[0], key_to=keys[1],
        robot_from=robots[0], robot_to=robots[1], type=LOOP_CLOSE,
        pose=pose(make, closure.metric().pose()), covariance=numbers(closure.covariance))


class Hydra(System):
    """A graph of one edge, whose keys are the stamps in nanoseconds."""

    outputs, types, needs_pose = (EXTERNAL,), (EDGE,), True

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Return the edge; Hydra looks for its nearest nodes in time."""
        setup = self.setup
        robots = setup.number(closure.query_robot), setup.number(closure.match_robot)
        found = edge(self.make, closure, (closure.query_stamp_ns, closure.match_stamp_ns), robots)
        return [Outgoing(EXTERNAL, self.make(
            EXTERNAL.type_name, header=header(self.make, closure.query_stamp_ns), nodes=[],
            edges=[found]))]


class KimeraMulti(System):
    """Edges whose keys are the key frames of each robot, learnt from its pose graph.

    A loop closure of this robot with itself goes into its own incremental pose graph, one with
    another robot into LoopClosures for that robot.
    """

    outputs = (INCREMENTAL, BETWEEN_ROBOTS)
    inputs: tuple[Port, ...] = (INCREMENTAL,)
    types, needs_pose = (EDGE,), True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._frames: dict[int, StampIndex] = {}
        own = self.setup.number(self.setup.robot)
        others = (name for name, number in self.setup.robots.items() if number != own)
        self.inputs = (INCREMENTAL, *(
            Port(f'/{name}/{INCREMENTAL.name}', INCREMENTAL.type_name) for name in others))

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Return the edge, once both key frames are known."""
        setup, make = self.setup, self.make
        closure.metric()
        own, other = setup.number(closure.query_robot), setup.number(closure.match_robot)
        found = self.ids(closure, self._of(own), self._of(other))
        if found is None:
            return []
        made = edge(make, closure, found, (own, other))
        if own == other:
            return [Outgoing(INCREMENTAL, make(
                INCREMENTAL.type_name, header=header(make, closure.query_stamp_ns), nodes=[],
                edges=[made]))]
        return [Outgoing(BETWEEN_ROBOTS, make(
            BETWEEN_ROBOTS.type_name, publishing_robot_id=own, destination_robot_id=other,
            edges=[made]))]

    def heard(self, port: Port, message: Any) -> list[Outgoing]:
        """Learn key frames; the graphs that were published here have none."""
        for node in message.nodes:
            self._of(int(node.robot_id)).add(stamp_ns(node.header.stamp), int(node.key))
        own = self._of(self.setup.number(self.setup.robot))
        return self.retry(own.newest_ns) if message.nodes else []

    def _of(self, robot: int) -> StampIndex:
        return self._frames.setdefault(robot, StampIndex())
