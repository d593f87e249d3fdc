# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much two views share, and when they show the same place."""

from __future__ import annotations

import math

import pytest

from vpr_ros.world import Camera, covisible, Drive, same_place
from vpr_ros.world.camera import planar_pose, yaw_of
from vpr_ros.world.covisibility import poses_agree

CAMERA = Camera(320, 240)


@pytest.fixture(scope='module')
def drive(town) -> Drive:
    return Drive(town, camera=Camera(64, 48))


def test_a_view_shares_everything_with_itself(town, drive):
    for index in range(0, len(drive), 90):
        assert covisible(drive.pose(index), drive.pose(index), CAMERA, town) == pytest.approx(1.0)


def test_opposite_ends_of_a_corridor_share_nothing(corridor):
    drive = Drive(corridor, camera=Camera(64, 48))
    here = drive.pose(0)
    there = max((drive.pose(index) for index in range(len(drive))), key=here.distance_m)
    assert covisible(here, there, CAMERA, corridor) == 0.0


def test_far_streets_share_next_to_nothing_and_opposite_headings_nothing(town, drive):
    here = drive.pose(0)
    far = [pose for pose in map(drive.pose, range(0, len(drive), 20))
           if here.distance_m(pose) > 40.0]
    shares = [covisible(here, pose, CAMERA, town) for pose in far]
    # A tower, or the far end of one long street, is truly seen from both.
    assert sorted(shares)[len(shares) // 2] < 0.05
    assert max(shares) < 0.5
    x, y, _ = here.position_m
    behind = planar_pose(x, y, yaw_of(here) + math.pi, 'map')
    assert covisible(here, behind, CAMERA, town) == 0.0


def test_sharing_is_symmetric_and_falls_with_distance(town, drive):
    shares = [covisible(drive.pose(0), drive.pose(index), CAMERA, town) for index in (2, 10, 40)]
    assert shares[0] > shares[1] > shares[2]
    for index in (2, 10, 40):
        forth = covisible(drive.pose(0), drive.pose(index), CAMERA, town)
        assert covisible(drive.pose(index), drive.pose(0), CAMERA, town) == pytest.approx(forth)


def test_a_turned_view_shares_what_both_see(town, drive):
    here = drive.pose(0)
    x, y, _ = here.position_m
    shares = [covisible(here, planar_pose(x, y, yaw_of(here) + math.radians(turn), 'map'), CAMERA,
                        town) for turn in (0, 20, 50, 74, 80)]
    assert shares == sorted(shares, reverse=True)
    assert shares[1] > 0.3
    assert shares[-1] == 0.0


@pytest.mark.parametrize('distance, turn, expected', [
    (4.9, 0.0, True), (5.1, 0.0, False), (0.0, 44.0, True), (0.0, 46.0, False),
    (3.0, 180.0, False), (0.0, -44.0, True), (0.0, 359.0, True)])
def test_same_place_is_a_matter_of_distance_and_heading(distance, turn, expected):
    a = planar_pose(1.0, 2.0, 3.1, 'map')
    b = planar_pose(1.0 + distance, 2.0, 3.1 + math.radians(turn), 'map')
    assert poses_agree(a, b, 5.0, 45.0) is expected
    assert poses_agree(b, a, 5.0, 45.0) is expected


def test_neighbouring_frames_are_the_same_place(drive):
    assert same_place(drive.frame(0), drive.frame(1))
    assert not same_place(drive.frame(0), drive.frame(len(drive) // 2))
