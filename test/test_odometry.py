# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from vpr_ros.odometry import Added, interpolate, OdometryTrack
from vpr_ros.types import Pose

S = 1_000_000_000


def pose(x: float, y: float = 0.0, yaw: float = 0.0, frame_id: str = 'odom') -> Pose:
    return Pose((x, y, 0.0), (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)), frame_id)


def driven(track: OdometryTrack, *, seconds: float, speed_mps: float = 1.0,
           rate_hz: int = 50) -> OdometryTrack:
    for i in range(round(seconds * rate_hz) + 1):
        track.add(i * S // rate_hz, pose(i / rate_hz * speed_mps))
    return track


def test_interpolates_between_poses() -> None:
    track = OdometryTrack(dead_band_m=0)
    track.add(1 * S, pose(0, yaw=0.0))
    track.add(2 * S, pose(4, 2, yaw=1.0))
    found = track.at(S + S // 4)
    assert found is not None and found.interpolated
    assert found.pose.position_m == pytest.approx((1, 0.5, 0))
    assert found.pose.quaternion_xyzw == pytest.approx(pose(0, yaw=0.25).quaternion_xyzw)
    assert found.travelled_m == pytest.approx(math.hypot(4, 2) / 4)
    assert found.pose.frame_id == 'odom'


@given(st.lists(st.floats(-1, 1), min_size=8, max_size=8), st.floats(0, 1))
def test_orientation_is_the_slerp_of_scipy(values: list[float], part: float) -> None:
    quaternions = np.array(values).reshape(2, 4)
    norms = np.linalg.norm(quaternions, axis=1, keepdims=True)
    if norms.min() < 1e-2:
        return
    quaternions /= norms
    if abs(abs(quaternions[0] @ quaternions[1])) < 1e-3:
        return  # half a turn apart: both arcs are right
    a, b = (Pose((0, 0, 0), tuple(q)) for q in quaternions)
    expected = Slerp([0, 1], Rotation.from_quat(quaternions))(part)
    found = Rotation.from_quat(interpolate(a, b, part).quaternion_xyzw)
    assert (found.inv() * expected).magnitude() < 1e-5


def test_a_drive_has_the_length_of_its_path() -> None:
    track = driven(OdometryTrack(), seconds=30, speed_mps=1.5)
    assert track.travelled_m == pytest.approx(45, abs=0.11)
    middle = track.at(10 * S)
    assert middle is not None and middle.travelled_m == pytest.approx(15, abs=0.11)


def test_a_circle_counts_its_circumference() -> None:
    track = OdometryTrack()
    for i, angle in enumerate(np.linspace(0, 2 * np.pi, 2000)):
        track.add(i * S // 50, pose(2 * np.cos(angle), 2 * np.sin(angle)))
    assert track.travelled_m == pytest.approx(4 * np.pi, rel=0.01)


def test_jitter_of_a_standing_robot_is_no_distance() -> None:
    rng = np.random.default_rng(0)
    track = OdometryTrack()
    for i in range(5000):
        track.add(i * S // 50, pose(*rng.normal(0, 0.01, 2)))
    assert track.travelled_m == 0


def test_a_jump_is_flagged_not_counted_and_not_interpolated() -> None:
    track = driven(OdometryTrack(), seconds=2)
    before_m = track.travelled_m
    assert track.add(2 * S + S // 50, pose(40)) is Added.JUMPED
    assert track.add(2 * S + S // 25, pose(40.02)) is Added.TAKEN
    assert track.jumps == 1 and track.travelled_m == before_m
    found = track.at(2 * S + S // 100)
    assert found is not None and not found.interpolated and found.pose.position_m[0] == 2


def test_noise_at_a_high_rate_is_no_jump() -> None:
    track = OdometryTrack()
    track.add(S, pose(0))
    assert track.add(S + 100_000, pose(0.2)) is Added.TAKEN


@pytest.mark.parametrize('bad', [
    Pose((math.nan, 0, 0)), Pose((0, math.inf, 0)), Pose((0, 0, 0), (0, 0, 0, 0)),
    Pose((0, 0, 0), (math.nan, 0, 0, 1)),
])
def test_what_is_no_pose_is_rejected_and_counted(bad: Pose) -> None:
    track = driven(OdometryTrack(), seconds=1)
    length = len(track)
    assert track.add(5 * S, bad) is Added.INVALID
    assert track.invalid == 1 and len(track) == length


def test_quaternions_are_made_unit() -> None:
    track = OdometryTrack()
    track.add(S, Pose((0, 0, 0), (0, 0, 0, 2)))
    found = track.at(S)
    assert found is not None and found.pose.quaternion_xyzw == (0, 0, 0, 1)


def test_time_that_goes_back_a_little_is_late_and_a_lot_starts_anew() -> None:
    track = driven(OdometryTrack(), seconds=10)
    assert track.add(10 * S, pose(10)) is Added.LATE
    assert track.add(9 * S + 1, pose(9)) is Added.LATE
    travelled_m = track.travelled_m
    assert track.add(0, pose(0)) is Added.RESTARTED
    assert track.travelled_m == travelled_m, 'the distance never decreases'
    assert track.at(8 * S) is None and track.at(S // 2) is not None
    track.add(S, pose(1))
    assert track.travelled_m == pytest.approx(travelled_m + 1)
    assert (track.late, track.restarts) == (2, 1)


def test_another_frame_starts_anew() -> None:
    track = driven(OdometryTrack(), seconds=1)
    assert track.add(2 * S, pose(500, frame_id='map')) is Added.RESTARTED
    assert track.travelled_m == pytest.approx(1, abs=0.11)


def test_only_poses_near_enough_are_used() -> None:
    track = OdometryTrack()
    assert track.at(S) is None
    track.add(10 * S, pose(1))
    track.add(20 * S, pose(5))
    assert track.at(8 * S) is None and track.at(22 * S) is None and track.at(15 * S) is None
    for stamp_ns, x in ((9 * S, 1), (11 * S, 1), (19 * S, 5), (21 * S, 5)):
        found = track.at(stamp_ns)
        assert found is not None and found.pose.position_m[0] == x and not found.interpolated
    wide = track.at(15 * S, max_gap_s=10)
    assert wide is not None and wide.pose.position_m[0] == pytest.approx(3)


def test_memory_is_bounded_unless_asked() -> None:
    assert len(driven(OdometryTrack(history_s=2), seconds=60)) <= 2 * 2 * 50 + 2
    assert len(driven(OdometryTrack(history_s=None), seconds=60)) == 60 * 50 + 1


@given(st.lists(st.tuples(st.integers(-3 * S, 5 * S), st.floats(-1e3, 1e3) | st.just(math.nan)),
                max_size=40), st.integers(-10 * S, 60 * S))
def test_distance_never_decreases_and_stamps_stay_sorted(
    steps: list[tuple[int, float]], query_ns: int
) -> None:
    track, stamp_ns, travelled_m = OdometryTrack(history_s=5), 0, 0.0
    for step_ns, x in steps:
        stamp_ns += step_ns
        result = track.add(stamp_ns, pose(x))
        assert track.travelled_m >= travelled_m
        assert result is Added.TAKEN or track.travelled_m == travelled_m
        travelled_m = track.travelled_m
    found = track.at(query_ns)
    assert found is None or 0 <= found.travelled_m <= travelled_m
