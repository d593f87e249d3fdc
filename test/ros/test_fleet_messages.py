# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the fleet finds, as messages, and as the systems for several robots take them."""

from __future__ import annotations

import math
from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest

from vpr_ros.fleet import FleetMatch, FleetState, SharedPlace
from vpr_ros.ros.fleet_messages import fleet_match_to_message, fleet_status
from vpr_ros.ros.geometry import pose_from_message, stamp_from_message, stamp_to_message
from vpr_ros.slam.closure import closure_of
from vpr_ros.slam.swarm_slam import BETWEEN, KEYFRAMES, SwarmSlam
from vpr_ros.slam.system import Port, Setup
from vpr_ros.types import Match, Place, Pose

SECOND = 1_000_000_000
POSE = Pose((1.0, 2.0, 3.0), (0.0, 0.0, 0.6, 0.8), 'bert/map')


def found(pose: Pose | None = POSE) -> FleetMatch:
    """Anna is where bert was."""
    half = np.zeros(4, np.float16)
    query = SharedPlace('anna', 'monday', 'map a', 'ab', Place(7, 2, 70 * SECOND, 'left'), half)
    match = SharedPlace('bert', 'tuesday', 'map b', 'ab',
                        Place(9, 0, 90 * SECOND, 'front', pose), half)
    evidence = Match(match.place, 0.75, 0.25, None, 3, 4)
    return FleetMatch(query, match, evidence, 0.96875)


def test_the_candidate_says_whose_place_it_is() -> None:
    message = fleet_match_to_message(found())
    (candidate,) = message.candidates
    assert message.header == candidate.header
    assert stamp_from_message(candidate.header.stamp) == 70 * SECOND
    assert candidate.header.frame_id == 'left'
    assert (candidate.query_robot, candidate.query_id) == ('anna', 7)
    assert (candidate.match_robot, candidate.match_id) == ('bert', 9)
    assert (candidate.match_session, candidate.match_frame_id) == ('tuesday', 'front')
    assert stamp_from_message(candidate.match_stamp) == 90 * SECOND
    assert pose_from_message(candidate.match_pose_in_map.pose, candidate.map_frame_id) == POSE
    assert candidate.has_map_pose and not candidate.has_relative_pose
    assert (candidate.probability, candidate.similarity) == (0.96875, 0.75)
    assert (candidate.outside_similarity, candidate.inliers) == (0.25, -1)
    assert math.isnan(candidate.spatial_score)
    assert (candidate.sequence_support, candidate.sequence_frames) == (3, 4)


def test_without_a_pose_there_is_no_frame() -> None:
    candidate = fleet_match_to_message(found(None)).candidates[0]
    assert not candidate.has_map_pose
    assert candidate.map_frame_id == ''


def test_swarm_slam_takes_it_as_a_match_between_robots() -> None:
    def make(_: str, **fields: object) -> SimpleNamespace:
        return SimpleNamespace(**fields)

    setup = Setup(robot='anna', robots={'anna': 0, 'bert': 1})
    system = SwarmSlam(make, setup)
    theirs = Port('/bert/cslam/keyframe_data', KEYFRAMES.type_name)
    for port, number in ((KEYFRAMES, 70), (theirs, 90)):
        header = SimpleNamespace(stamp=stamp_to_message(number * SECOND))
        system.heard(port, SimpleNamespace(id=number, image=SimpleNamespace(header=header)))
    candidate = fleet_match_to_message(found()).candidates[0]
    (sent,) = system.pass_on(closure_of(candidate, None))
    assert sent.port == BETWEEN
    (pair,) = sent.message.matches
    assert (pair.robot0_id, pair.robot0_keyframe_id) == (0, 70)
    assert (pair.robot1_id, pair.robot1_keyframe_id) == (1, 90)
    assert pair.weight == 0.75


@pytest.mark.parametrize(
    ('state', 'level', 'words'),
    [
        (FleetState(), DiagnosticStatus.WARN, 'is awaited'),
        (FleetState(connected=True, pushed=3), DiagnosticStatus.OK, 'OK'),
        (FleetState(waiting=5, problem='no network'), DiagnosticStatus.WARN,
         'no network; 5 places wait'),
    ],
)
def test_the_status_says_how_the_link_is(state: FleetState, level: bytes, words: str) -> None:
    status = fleet_status(state, uri='http://server:1')
    assert status.level == level
    assert words in status.message
    values = {value.key: value.value for value in status.values}
    assert values['waiting'] == str(state.waiting)
    assert values['uri'] == 'http://server:1'
