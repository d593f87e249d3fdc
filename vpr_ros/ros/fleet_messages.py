# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the fleet says, as messages: loop closures between robots, and how the link is."""

from __future__ import annotations

import math

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from vpr_msgs.msg import LoopClosureCandidate, LoopClosureCandidates
from vpr_ros.fleet import FleetMatch, FleetState
from vpr_ros.ros.geometry import pose_to_message, stamp_to_message


def fleet_match_to_message(found: FleetMatch) -> LoopClosureCandidates:
    """One place of this robot that shows a place of another one.

    ``query_id`` counts in this robot's map, ``match_id`` in that of ``match_robot``; the pose is
    in that robot's frame, ``map_frame_id``.
    """
    query, match, evidence = found.query, found.match, found.evidence
    candidate = LoopClosureCandidate(
        match_stamp=stamp_to_message(match.place.stamp_ns), match_frame_id=match.place.frame_id,
        query_id=query.place.place_id, match_id=match.place.place_id,
        query_robot=query.robot, match_robot=match.robot, match_session=match.session,
        probability=float(found.probability), similarity=float(evidence.similarity),
        outside_similarity=float(evidence.outside_similarity), spatial_score=math.nan, inliers=-1,
        sequence_support=evidence.sequence_support, sequence_frames=evidence.sequence_frames,
    )
    pose = match.place.pose
    if pose is not None:
        candidate.has_map_pose, candidate.map_frame_id = True, pose.frame_id
        candidate.match_pose_in_map.pose = pose_to_message(pose)
    candidate.header.stamp = stamp_to_message(query.place.stamp_ns)
    candidate.header.frame_id = query.place.frame_id
    return LoopClosureCandidates(header=candidate.header, candidates=[candidate])


def fleet_status(state: FleetState, *, uri: str) -> DiagnosticStatus:
    """Return the status ``fleet`` of the diagnostics."""
    message = 'OK'
    if state.problem:
        message = f'{state.problem}; {state.waiting} places wait'
    elif not state.connected:
        message = 'the first answer of the shared map is awaited'
    values = {'uri': uri, 'connected': state.connected, 'waiting': state.waiting,
              'uncompared': state.uncompared, 'pushed': state.pushed, 'matches': state.matches,
              'refused_rows': state.refused, 'cached': state.cached}
    return DiagnosticStatus(
        level=DiagnosticStatus.OK if message == 'OK' else DiagnosticStatus.WARN,
        message=message,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
