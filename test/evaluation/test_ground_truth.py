# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Same place or not: poses and laps against loops, files in every form, errors in a sentence."""

from __future__ import annotations

import math

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import DataError
from vpr_ros.evaluation.ground_truth import LapGroundTruth, PoseGroundTruth, UNKNOWN
from vpr_ros.evaluation.ground_truth_files import (
    ground_truth_of_poses,
    load_ground_truth,
    yaw_of,
)
from vpr_ros.types import Pose

S = 1_000_000_000
COORDINATE = st.integers(-8, 8).map(float)
POSES = st.lists(st.tuples(COORDINATE, COORDINATE, st.integers(-720, 720).map(float)),
                 min_size=2, max_size=7)


@settings(max_examples=40, deadline=None)
@given(POSES, st.sampled_from([1.0, 5.0]), st.none() | st.sampled_from([30.0, 90.0]))
def test_poses_are_compared_as_by_a_loop(poses, radius: float, heading: float | None) -> None:
    stamps = np.arange(len(poses)) * S // 2
    truth = PoseGroundTruth(stamps, np.array([p[:2] for p in poses]),
                            np.radians([p[2] for p in poses]),
                            radius_m=radius, heading_deg=heading)
    for i, a in enumerate(poses):
        found = truth.same_place(int(stamps[i]), stamps)
        for j, b in enumerate(poses):
            turn = abs((b[2] - a[2] + 180) % 360 - 180)
            expected = math.dist(a[:2], b[:2]) <= radius and (heading is None or turn <= heading)
            assert found[j] == expected
            assert truth.is_same_place(int(stamps[i]), int(stamps[j])) is expected
            assert truth.heading_change_deg(int(stamps[i]), int(stamps[j])) == pytest.approx(
                turn, abs=1e-6)


def line(**options) -> PoseGroundTruth:
    """One metre a second along x, heading from 350 to 370 degrees."""
    stamps = np.arange(11) * S
    positions = np.column_stack([np.arange(11.0), np.zeros(11)])
    return PoseGroundTruth(stamps, positions, np.radians(np.linspace(350, 370, 11) % 360),
                           **options)


def test_between_poses_it_interpolates_and_outside_it_does_not_know() -> None:
    truth = line(radius_m=1.0)
    assert truth.positions_m(np.array([2_500_000_000]))[0] == pytest.approx([2.5, 0])
    assert truth.is_same_place(2_500_000_000, 3_400_000_000) is True
    assert truth.is_same_place(2_500_000_000, 3_600_000_000) is False
    assert truth.is_same_place(-1, 0) is None
    assert truth.is_same_place(0, 11 * S) is None
    assert truth.same_place(-1, np.array([0, S])).tolist() == [UNKNOWN, UNKNOWN]
    assert truth.heading_change_deg(0, 10 * S) == pytest.approx(20)


def test_a_gap_is_not_interpolated_but_its_ends_are_known() -> None:
    truth = PoseGroundTruth(np.array([0, S, 5 * S]), np.zeros((3, 2)))
    assert truth.is_same_place(0, 3 * S) is None
    assert truth.is_same_place(0, 5 * S) is True
    assert truth.heading_change_deg(0, S) is None


def test_poses_that_cannot_be_used() -> None:
    with pytest.raises(DataError, match='holds 1 poses'):
        PoseGroundTruth(np.array([3, 3]), np.zeros((2, 2)))
    with pytest.raises(DataError, match='not finite'):
        PoseGroundTruth(np.array([3, 4]), np.array([[0, 0], [0, np.nan]]))


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(0, 99), st.sampled_from([0.0, 3.0, 15.0]))
def test_laps_are_closed(a: int, b: int, tolerance: float) -> None:
    truth = LapGroundTruth(np.arange(100.0) % 50, 50, tolerance_frames=tolerance)
    truth.bind_frames([7 + 10 * i for i in range(100)])
    apart = min((a - b) % 50, (b - a) % 50)
    assert truth.is_same_place(7 + 10 * a, 7 + 10 * b) is (apart <= tolerance)


def test_laps_know_nothing_of_other_stamps() -> None:
    truth = LapGroundTruth(np.arange(10.0), 10)
    assert truth.is_same_place(1, 2) is None
    truth.bind_frames([1, 2])
    assert truth.is_same_place(1, 3) is None
    assert np.isnan(truth.positions_m(np.array([3]))).all()
    assert np.isfinite(truth.positions_m(np.array([2]))).all()
    with pytest.raises(DataError, match='11 images, its ground truth 10'):
        truth.bind_frames(range(11))


def test_a_csv_in_seconds_and_in_nanoseconds(tmp_path) -> None:
    path = tmp_path / 'poses.csv'
    path.write_text('stamp,x,y,yaw\n1700000000.000000001,0,0,0\n1700000000.5,1,0,3.1\n')
    seconds = load_ground_truth(path, radius_m=2.0)
    assert seconds.is_same_place(1_700_000_000_000_000_001, 1_700_000_000_500_000_000) is False
    anyway = load_ground_truth(path, radius_m=2.0, heading_deg=None)
    assert anyway.is_same_place(1_700_000_000_000_000_001, 1_700_000_000_500_000_000) is True
    path.write_text('stamp_ns, x, y, z\n1000,0,0,0\n2000,1,0,9\n')
    assert load_ground_truth(path, radius_m=2.0).is_same_place(1000, 2000) is False


def test_a_tum_file(tmp_path) -> None:
    path = tmp_path / 'truth.tum'
    path.write_text('# stamp x y z qx qy qz qw\n1.5 0 0 0 0 0 0 1\n2.0 1 0 0 0 0 1 0\n')
    truth = load_ground_truth(path)
    assert truth.heading_change_deg(3 * S // 2, 2 * S) == pytest.approx(180)


def test_poses_of_a_topic() -> None:
    turned = (0.0, 0.0, math.sin(0.5), math.cos(0.5))
    truth = ground_truth_of_poses([(0, Pose((0, 0, 0))), (S, Pose((1, 0, 0), turned))])
    assert truth.heading_change_deg(0, S) == pytest.approx(math.degrees(1))
    assert yaw_of(np.array([turned]))[0] == pytest.approx(1)


def test_a_satellite_receiver_knows_no_heading() -> None:
    truth = ground_truth_of_poses([(0, Pose((0, 0, 0))), (S, Pose((1, 0, 0)))])
    assert truth.heading_change_deg(0, S) is None
    assert truth.is_same_place(0, S) is True


@pytest.mark.parametrize(('text', 'says'), [
    ('', 'unknown form'),
    ('a,b\n1,2\n', 'unknown form'),
    ('1 2 3\n', 'unknown form'),
    ('stamp,x,y\n1,2\n3,4,5\n', 'cannot be read'),
    ('stamp,x,y\n1,a,2\n', 'cannot be read'),
    ('stamp,x,y\nnan,1,2\n', 'cannot be read'),
    ('stamp,x,y\n1,1,2\n', 'holds 1 poses'),
    ('frame,lap1_equivalent_frame\n', 'cannot be read'),
    ('frame,lap1_equivalent_frame\na,inf\n', 'cannot be read'),
])
def test_what_is_wrong_with_a_file(tmp_path, text: str, says: str) -> None:
    path = tmp_path / 'truth.csv'
    path.write_text(text)
    with pytest.raises(DataError, match='ground truth') as caught:
        load_ground_truth(path)
    assert says in str(caught.value)


def test_a_missing_or_binary_file(tmp_path) -> None:
    with pytest.raises(DataError, match='cannot be read'):
        load_ground_truth(tmp_path / 'none.csv')
    (tmp_path / 'bin.csv').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(DataError, match='no text file'):
        load_ground_truth(tmp_path / 'bin.csv')


@pytest.mark.shared
def test_the_laps_of_the_donkey() -> None:
    truth = load_ground_truth(shared('data', 'donkey_two_laps', 'laps.csv'))
    truth.bind_frames([i * 50_000_000 for i in range(1000)])
    assert truth.is_same_place(528 * 50_000_000, 0) is True
    assert truth.is_same_place(528 * 50_000_000, 100 * 50_000_000) is False
    assert truth.is_same_place(990 * 50_000_000, 527 * 50_000_000) is True  # the lap is closed
