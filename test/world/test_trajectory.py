# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The route closes, the drive keeps to its lane, the odometry drifts as odometry does."""

from __future__ import annotations

import numpy as np
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.types import Pose
from vpr_ros.world import Conditions, Drive, World
from vpr_ros.world.camera import yaw_of
from vpr_ros.world.trajectory import _dead_reckoning


def test_the_route_is_closed_and_smooth(town):
    route = town.scene.route
    s = np.arange(0.0, route.length_m + 1.0, 0.2)
    poses = route.at(s)
    steps = np.hypot(*np.diff(poses[:, :2], axis=0).T)
    assert steps.max() < 0.21
    turns = np.abs(np.remainder(np.diff(poses[:, 2]) + np.pi, 2 * np.pi) - np.pi)
    assert turns.max() < np.radians(6.0)
    assert route.at(0.0) == pytest.approx(route.at(route.length_m), abs=1e-6)


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_laps_are_between_150_and_500_metres(seed):
    from vpr_ros.world.streets import loop_corners, random_grid
    corners = loop_corners(random_grid(np.random.default_rng(seed), 1.0), seed, False)
    length = np.abs(corners - np.roll(corners, 1, axis=0)).sum()
    assert 150.0 < length < 500.0


def test_the_robot_stays_in_its_lane(town):
    drive = Drive(town, seed=5, lateral_noise_m=0.3, heading_noise_deg=2.0)
    for index in range(0, len(drive), 7):
        x, y, heading = town.scene.route.beside(drive.route_m(index), -town.scene.lane_m)
        pose = drive.pose(index)
        assert np.hypot(pose.position_m[0] - x, pose.position_m[1] - y) <= 0.9 + 1e-6
        assert abs(np.remainder(yaw_of(pose) - heading + np.pi, 2 * np.pi) - np.pi) < 0.12


def test_two_laps_pass_the_same_places(town):
    drive = Drive(town, seed=2, laps=2, rate_hz=5)
    second = next(k for k in range(1, len(drive)) if drive.route_m(k) < drive.route_m(k - 1))
    first = [drive.pose(k) for k in range(second)]
    for index in range(second, len(drive), 10):
        assert min(drive.pose(index).distance_m(pose) for pose in first) < 1.8


def test_reverse_drives_the_other_way_in_the_opposite_lane(town):
    forth = Drive(town, lateral_noise_m=0.0, heading_noise_deg=0.0, start_m=50.0)
    back = Drive(town, lateral_noise_m=0.0, heading_noise_deg=0.0, start_m=50.0, reverse=True)
    gap = forth.pose(0).distance_m(back.pose(0))
    assert gap == pytest.approx(2 * town.scene.lane_m)
    assert abs(np.cos(yaw_of(forth.pose(0)) - yaw_of(back.pose(0))) + 1.0) < 1e-6
    assert back.route_m(10) < back.route_m(0)


def test_odometry_starts_at_zero_and_drifts_within_bounds(town):
    for seed in range(12):
        drive = Drive(town, seed=seed, laps=1)
        assert drive.odometry(0) == Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), 'odom')
        start, end = drive.pose(0), drive.pose(len(drive) - 1)
        dx = end.position_m[0] - start.position_m[0]
        dy = end.position_m[1] - start.position_m[1]
        turn = -yaw_of(start)
        true = np.array([np.cos(turn) * dx - np.sin(turn) * dy,
                         np.sin(turn) * dx + np.cos(turn) * dy])
        error = np.linalg.norm(np.array(drive.odometry(len(drive) - 1).position_m[:2]) - true)
        assert 0.01 < error < 0.12 * drive.travelled_m(len(drive) - 1)


def test_dead_reckoning_without_errors_is_the_truth():
    class NoErrors:

        def standard_normal(self, size=None):
            return 0.0 if size is None else np.zeros(size)

    truth = np.array([[0, 0, 0], [1, 0, 0.3], [2, 0.4, 1.0], [2, 1.5, 3.0], [1, 2, -3.0]])
    result = _dead_reckoning(truth, NoErrors())  # type: ignore[arg-type]
    assert result == pytest.approx(truth, abs=1e-12)


def test_travelled_distance_and_stamps_only_grow(town):
    drive = Drive(town, seed=1, rate_hz=4.0, start_stamp_ns=5)
    travelled = [drive.travelled_m(k) for k in range(len(drive))]
    assert travelled[0] == 0.0 and min(np.diff(travelled)) > 0.0
    assert drive.stamp_ns(0) == 5 and drive.stamp_ns(4) == 1_000_000_005
    assert all(0.0 <= drive.route_m(k) < town.lap_length_m for k in range(len(drive)))
    assert travelled[-1] == pytest.approx(town.lap_length_m, rel=0.08)


@pytest.mark.parametrize('wrong', [
    {'rate_hz': 0.0}, {'speed_mps': -1.0}, {'laps': 0}, {'length_m': float('nan')},
    {'lateral_noise_m': -0.1}, {'seed': -1}])
def test_an_impossible_drive_is_refused(town, wrong):
    with pytest.raises(ConfigError, match='choose'):
        Drive(town, **wrong)


@pytest.mark.parametrize('wrong', [
    {'seed': -1}, {'kind': 'village'}, {'scale': 9.0}])
def test_an_impossible_world_is_refused(wrong):
    with pytest.raises(ConfigError, match='choose'):
        World(**wrong)


@pytest.mark.parametrize('wrong', [
    {'time_of_day_h': 24.0}, {'weather': 'hail'}, {'season': 'dry'}, {'traffic_seed': -1}])
def test_impossible_conditions_are_refused(wrong):
    with pytest.raises(ConfigError, match='choose'):
        Conditions(**wrong)
