# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of drives whose right answers are known, against the definitions in plain loops."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.evaluation.calibrate import samples_of_file
from vpr_ros.evaluation.ground_truth import PoseGroundTruth
from vpr_ros.evaluation.scoring import score
from vpr_ros.settings import Settings
from vpr_ros.types import Match, Place, Reason, Recognition

S = 1_000_000_000
SETTINGS = Settings(recent_time_s=15.0, recent_distance_m=15.0)


def circle(frames: int, lap: int) -> PoseGroundTruth:
    """One frame a second around a circle of ``lap`` metres, a metre each."""
    angle = np.arange(frames) * 2 * np.pi / lap
    radius = lap / (2 * np.pi)
    positions = np.column_stack([np.cos(angle), np.sin(angle)]) * radius
    return PoseGroundTruth(np.arange(frames) * S, positions, radius_m=2.2)


def answer(
    second: int, *, place_id: int = 0, match: int | None = None, probability: float = 0.5,
    reason: Reason = Reason.LOW_SIMILARITY, travelled_m: float | None = None, support: int = 5,
) -> Recognition:
    """Make what the pipeline might say of the frame at ``second``."""
    matches = ()
    if match is not None:
        place = Place(match + 1, 1, match * S)
        matches = (Match(place, 0.8, 0.2, None, support, 5),)
    return Recognition(second * S, 'camera', matches, probability, reason, place_id, travelled_m,
                       {'total': 10.0 + second})


def two_laps(lap: int = 40, *, wrong: int | None = None, missed: tuple[int, ...] = ()) -> list:
    """Every frame is a keyframe; the second lap finds the first, but for those named."""
    drive = []
    for second in range(2 * lap):
        found: dict = {}
        if second >= lap and second - lap not in missed:
            target = (second - lap) if second - lap != wrong else (second - lap + 20) % lap
            found = {'match': target, 'reason': Reason.ACCEPTED, 'probability': 0.97}
        drive.append(answer(second, place_id=second + 1, **found))
    return drive


def test_a_perfect_second_lap() -> None:
    result = score(two_laps(), circle(80, 40), SETTINGS).to_json()
    closures = result['loop_closures']
    # the last frames of the first lap already see its start: 38 and 39 lie within 2.2 m of it
    assert result['queries'] == 42
    assert (closures['true'], closures['false'], closures['missed']) == (40, 0, 2)
    assert closures['precision'] == 1.0
    assert closures['recall'] == pytest.approx(40 / 42)
    assert result['recall_at_100_precision'] == pytest.approx(40 / 42)
    assert result['missed_reasons'] == {'LOW_SIMILARITY': 2}
    assert result['reasons'] == {'ACCEPTED': 40, 'LOW_SIMILARITY': 40}
    assert result['latency_ms']['total']['max'] == 89.0


def test_false_and_missed_ones_are_counted_and_named() -> None:
    result = score(two_laps(wrong=7, missed=(3, 4)), circle(80, 40), SETTINGS)
    closures = result.to_json()['loop_closures']
    assert (closures['true'], closures['false'], closures['missed']) == (37, 1, 4)
    assert closures['precision'] == pytest.approx(37 / 38)
    assert closures['recall'] == pytest.approx(37 / 42)
    kinds = {v.recognition.stamp_ns // S: v.kind for v in result.verdicts}
    assert kinds[47] == 'false'
    assert kinds[43] == kinds[44] == 'missed'
    assert kinds[50] == 'true'
    assert kinds[10] == ''


def test_a_place_within_the_recent_window_is_nothing_to_return_to() -> None:
    far = Settings(recent_time_s=1000.0)
    result = score([answer(s, place_id=s + 1) for s in range(80)], circle(80, 40), far).to_json()
    assert result['queries'] == 0
    assert result['loop_closures']['recall'] is None


def test_with_odometry_recent_is_a_distance() -> None:
    # standing still from second 20 on: long ago in time, but not one metre travelled since
    drive = [answer(s, place_id=s + 1, travelled_m=float(min(s, 20))) for s in range(60)]
    truth = PoseGroundTruth(np.arange(60) * S, np.column_stack(
        [np.minimum(np.arange(60.0), 20), np.zeros(60)]), radius_m=2.2)
    assert score(drive, truth, SETTINGS).to_json()['queries'] == 0
    by_time = [answer(s, place_id=s + 1) for s in range(60)]
    assert score(by_time, truth, SETTINGS).to_json()['queries'] > 20


def test_only_keyframes_are_queries_and_all_frames_stand_beside_them() -> None:
    drive = [r if i % 4 == 0 else answer(r.stamp_ns // S, match=r.best.place.stamp_ns // S
                                         if r.best else None, reason=r.reason)
             for i, r in enumerate(two_laps())]
    result = score(drive, circle(80, 40), SETTINGS).to_json()
    assert result['keyframes'] == 20
    assert result['frames'] == 80
    assert result['loop_closures']['true'] == 10
    assert result['all_frames']['true'] == 40


def test_in_a_map_that_does_not_grow_every_frame_is_a_query() -> None:
    known = [Place(i + 1, 1, i * S) for i in range(40)]
    drive = [answer(s, match=s - 40, reason=Reason.ACCEPTED) for s in range(40, 80)]
    closures = score(drive, circle(80, 40), SETTINGS, known_places=known).to_json()
    assert closures['queries'] == closures['keyframes'] == 40
    assert closures['loop_closures']['recall'] == 1.0


def test_time_that_jumps_back_makes_everything_before_old() -> None:
    drive = [answer(s, place_id=s + 1) for s in range(5)]
    drive += [answer(s, place_id=s + 6, match=s, reason=Reason.ACCEPTED) for s in range(5)]
    closures = score(drive, circle(40, 40), SETTINGS).to_json()['loop_closures']
    assert (closures['true'], closures['missed']) == (5, 0)


def test_without_ground_truth_nothing_is_judged() -> None:
    result = score(two_laps(), None, SETTINGS).to_json()
    assert result['loop_closures']['unknown'] == 40
    assert result['loop_closures']['precision'] is None
    assert result['recall_at_100_precision'] is None
    assert result['samples'] == []
    assert result['latency_ms']


def test_what_the_ground_truth_does_not_cover_is_unknown() -> None:
    closures = score(two_laps(), circle(20, 40), SETTINGS).to_json()['loop_closures']
    assert (closures['true'], closures['false'], closures['missed']) == (0, 0, 0)
    assert closures['unknown'] == 40


def test_a_gate_is_no_matter_of_the_threshold() -> None:
    drive = two_laps()
    drive[60] = answer(60, place_id=61, match=20, probability=0.99, support=1,
                       reason=Reason.NO_SEQUENCE_SUPPORT)
    result = score(drive, circle(80, 40), SETTINGS).to_json()
    assert result['recall_at_100_precision'] == pytest.approx(39 / 42)
    free = score(drive, circle(80, 40), SETTINGS.replace(min_sequence_support=0.0)).to_json()
    assert free['recall_at_100_precision'] == pytest.approx(40 / 42)


def test_the_result_file_feeds_the_calibration(tmp_path) -> None:
    result = score(two_laps(wrong=7), circle(80, 40), SETTINGS, bag='drive')
    path = tmp_path / 'result.json'
    path.write_text(json.dumps(result.to_json()))
    samples = samples_of_file(path)
    assert [s['true'] for s in samples].count(False) == 1
    assert len(samples) == 40
    assert json.loads(path.read_text())['format'] == 1


@settings(deadline=None)
@given(st.lists(st.tuples(
    st.integers(1, 6), st.booleans(), st.none() | st.integers(0, 30), st.booleans(),
), min_size=1, max_size=40), st.booleans())
def test_counts_are_those_of_the_definitions(steps, odometry: bool) -> None:
    """Any drive around a circle of 30 m: seconds since the last frame, keyframe, match, accept."""
    settings = Settings(recent_time_s=12.0, recent_distance_m=9.0)
    second, drive, places = 0, [], []
    truth = circle(300, 30)
    revisits = true = false = missed = 0
    for gap, keyframe, match, accept in steps:
        second += gap
        travelled = second / 2 if odometry else None
        limit = 9 * 2 if odometry else 12
        old = [p for p in places if p < second - limit]
        target = None if match is None else places[match % len(places)] if places else None
        reason = Reason.ACCEPTED if accept and target is not None else Reason.AMBIGUOUS
        drive.append(answer(second, place_id=len(places) + 1 if keyframe else 0, match=target,
                            reason=reason, travelled_m=travelled))
        if keyframe:
            possible = any(truth.is_same_place(second * S, p * S) for p in old)
            revisits += possible
            if reason is Reason.ACCEPTED:
                right = truth.is_same_place(second * S, target * S)
                true, false = true + right, false + (not right)
            else:
                missed += possible
            places.append(second)
    if not places:
        return  # no place was ever added: every frame is a query, see the test above
    result = score(drive, truth, settings).to_json()
    closures = result['loop_closures']
    assert (result['queries'], closures['true'], closures['false'], closures['missed']) == (
        revisits, true, false, missed)
