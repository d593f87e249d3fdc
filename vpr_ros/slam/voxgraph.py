# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""voxgraph and maplab's server: stamps, the transform between them, and how sure it is.

Both are ROS 1 systems; the messages reach them through a bridge that has these definitions.
"""

from __future__ import annotations

from vpr_ros.slam.closure import Closure
from vpr_ros.slam.messages import header, information, numbers, pose, time, transform
from vpr_ros.slam.system import Outgoing, Port, System

LOOP = Port('loop_closure', 'voxgraph_msgs/msg/LoopClosure')
EDGES = Port('loop_closure_edges', 'voxgraph_msgs/msg/LoopClosureEdgeList')
EDGE = 'voxgraph_msgs/msg/LoopClosureEdge'


class Voxgraph(System):
    """from = query, to = match; ``transform`` is the pose of the match in the query."""

    outputs, needs_pose = (LOOP,), True

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """One message."""
        make = self.make
        return [Outgoing(LOOP, make(
            LOOP.type_name, from_timestamp=time(make, closure.query_stamp_ns),
            to_timestamp=time(make, closure.match_stamp_ns),
            transform=transform(make, closure.metric()),
            information=numbers(information(closure.covariance))))]


class MaplabServer(System):
    """A = query, B = match; T_A_B is the pose of B in A."""

    outputs, types, needs_pose = (EDGES,), (EDGE,), True

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Return a list of one edge."""
        make = self.make
        relative = make('geometry_msgs/msg/PoseWithCovariance',
                        pose=pose(make, closure.metric().pose()),
                        covariance=numbers(closure.covariance))
        edge = make(EDGE, timestamp_a=time(make, closure.query_stamp_ns),
                    timestamp_b=time(make, closure.match_stamp_ns), t_a_b=relative)
        return [Outgoing(EDGES, make(
            EDGES.type_name, header=header(make, closure.query_stamp_ns),
            loop_closure_edges=[edge]))]
