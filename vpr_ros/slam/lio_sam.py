# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""LIO-SAM and its relatives: two stamps; the system aligns its scans there itself."""

from __future__ import annotations

from vpr_ros.slam.closure import Closure
from vpr_ros.slam.messages import doubles
from vpr_ros.slam.system import Outgoing, Port, System

LOOP = Port('lio_loop/loop_closure_detection', 'std_msgs/msg/Float64MultiArray')


class LioSam(System):
    """data = [time of the query, time of the match], seconds; any other length is ignored."""

    outputs = (LOOP,)

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Both stamps; the subscription there keeps one message, the node sends one at a time."""
        both = [closure.query_stamp_ns / 1e9, closure.match_stamp_ns / 1e9]
        stamps = doubles(both)  # type: ignore[arg-type]
        return [Outgoing(LOOP, self.make(LOOP.type_name, data=stamps))]
