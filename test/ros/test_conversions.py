# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognitions as messages and back; no evidence is lost on the way."""

from __future__ import annotations

from dataclasses import replace
import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
from rclpy.serialization import deserialize_message, serialize_message

from vpr_msgs.msg import Recognition as RecognitionMessage
from vpr_ros.ros.conversions import (
    closures_to_message,
    Context,
    describe,
    recognition_from_message,
    recognition_to_message,
)
from vpr_ros.ros.geometry import stamp_from_message, stamp_to_message
from vpr_ros.types import Match, Place, Pose, Reason, Recognition, SpatialEvidence

SINGLE = st.floats(-1, 1, width=32)
SHARE = st.floats(0, 1, width=32)
METRES = st.floats(-1e6, 1e6)
IDS = st.integers(1, 2**53)
COUNTS = st.integers(0, 10_000)
STAMPS = st.integers(0, 2**31 * 10**9 - 1)
NAMES = st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=20)
POSES = st.builds(
    Pose, st.tuples(METRES, METRES, METRES), st.tuples(METRES, METRES, METRES, METRES), NAMES
)
PLACES = st.builds(
    Place, place_id=IDS, session_id=st.integers(1, 9), stamp_ns=STAMPS, frame_id=NAMES,
    pose=st.none() | POSES, travelled_m=st.none() | METRES,
)
SPATIAL = st.builds(
    SpatialEvidence, score=SHARE, matches=COUNTS, inliers=st.integers(-1, 10_000),
    scale_scores=st.dictionaries(st.integers(1, 100), SHARE, max_size=3), reason=NAMES,
)
MATCHES = st.builds(
    Match, place=PLACES, similarity=SINGLE, outside_similarity=SINGLE,
    spatial=st.none() | SPATIAL, sequence_support=COUNTS, sequence_frames=COUNTS,
)
RECOGNITIONS = st.builds(
    Recognition, stamp_ns=STAMPS, frame_id=NAMES,
    matches=st.lists(MATCHES, max_size=3).map(tuple), probability=SHARE,
    reason=st.sampled_from(Reason), place_id=st.integers(0, 2**53), travelled_m=st.none() | METRES,
    latency_ms=st.dictionaries(st.sampled_from(['describe', 'search', 'total']), SHARE),
    shed_candidates=COUNTS,
)
CONTEXT = Context(lambda number: f'drive {number}', 'anna', 2, 'uuid', 'tiny')
SESSIONS = {f'drive {number}': number for number in range(10)}


@given(RECOGNITIONS)
def test_there_and_back_over_the_wire(recognition: Recognition) -> None:
    raw = serialize_message(recognition_to_message(recognition, CONTEXT))
    message = deserialize_message(raw, RecognitionMessage)
    matches = tuple(
        replace(match, by_distance=None not in (recognition.travelled_m, match.place.travelled_m))
        for match in recognition.matches)
    assert recognition_from_message(message, SESSIONS) == replace(recognition, matches=matches)
    assert (message.map_uuid, message.model_name) == ('uuid', 'tiny')
    assert [m.robot for m in message.matches] == [
        'anna' if m.place.session_id == 2 else '' for m in recognition.matches
    ]


@given(RECOGNITIONS)
def test_closures_are_the_accepted_best_match(recognition: Recognition) -> None:
    message = closures_to_message(recognition, CONTEXT)
    best = recognition.best
    if best is None or recognition.reason is not Reason.ACCEPTED:
        assert message is None
        return
    assert message is not None
    (closure,) = message.candidates
    assert message.header == closure.header
    assert stamp_from_message(closure.header.stamp) == recognition.stamp_ns
    assert stamp_from_message(closure.match_stamp) == best.place.stamp_ns
    assert (closure.query_id, closure.match_id) == (recognition.place_id, best.place.place_id)
    assert closure.probability == np.float32(recognition.probability)
    assert math.isnan(closure.spatial_score) == (best.spatial is None)
    assert closure.has_map_pose == (best.place.pose is not None)
    assert not closure.has_relative_pose


@given(STAMPS)
def test_stamps_keep_every_nanosecond(stamp_ns: int) -> None:
    assert stamp_from_message(stamp_to_message(stamp_ns)) == stamp_ns


def test_the_reasons_are_the_constants_of_the_message() -> None:
    for reason in Reason:
        assert getattr(RecognitionMessage, reason.name) == reason


def test_words_tell_the_figures() -> None:
    match = Match(Place(7, 1, 0), 0.83, 0.41, SpatialEvidence(0.52, 40), 3, 5)
    text = describe(Recognition(0, '', (match,), 0.76, Reason.LOW_PROBABILITY))
    for figure in ('LOW_PROBABILITY', 'place 7', '0.76', '0.83', '0.41', '0.52', '3/5'):
        assert figure in text
    assert describe(Recognition(0, '', (), 0.0, Reason.NO_MAP)) == 'NO_MAP'
