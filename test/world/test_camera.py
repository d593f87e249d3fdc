# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera model and its rigid-body helpers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.types import Pose
from vpr_ros.world import Camera
from vpr_ros.world.camera import planar_pose, pose_from, rotation_of, yaw_of


def test_the_horizontal_field_of_view_reaches_the_outer_pixel_edges():
    camera = Camera(640, 480, horizontal_fov_deg=75.0)
    assert camera.matrix.dtype == np.float64
    left = np.linalg.solve(camera.matrix, [-0.5, 239.5, 1.0])
    assert np.degrees(np.arctan(-left[0])) == pytest.approx(37.5)
    assert left[1] == pytest.approx(0.0)


def test_a_level_camera_looks_along_the_robot():
    eye = Camera(height_m=1.5).pose_on(planar_pose(2.0, 3.0, np.pi / 2, 'map'))
    assert eye.position_m == pytest.approx((2.0, 3.0, 1.5))
    assert eye.frame_id == 'map'
    right, down, forward = rotation_of(eye).T
    assert forward == pytest.approx([0, 1, 0], abs=1e-12)
    assert down == pytest.approx([0, 0, -1], abs=1e-12)
    assert right == pytest.approx([1, 0, 0], abs=1e-12)


def test_positive_pitch_looks_up():
    eye = Camera(pitch_deg=20.0).pose_on(planar_pose(0, 0, 0, 'map'))
    assert rotation_of(eye)[2, 2] == pytest.approx(np.sin(np.radians(20.0)))


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(
    lambda q: np.linalg.norm(q) > 0.1))
def test_a_rotation_survives_the_way_through_its_matrix(quaternion):
    unit = np.array(quaternion) / np.linalg.norm(quaternion)
    pose = Pose((1.0, 2.0, 3.0), tuple(unit.tolist()), 'map')
    again = pose_from(rotation_of(pose), np.array(pose.position_m), 'map')
    assert np.allclose(rotation_of(again), rotation_of(pose), atol=1e-9)
    assert again.quaternion_xyzw[3] >= 0


@given(st.floats(-3.1, 3.1))
def test_the_yaw_of_a_planar_pose_is_its_heading(yaw):
    assert yaw_of(planar_pose(0, 0, yaw, 'map')) == pytest.approx(yaw)


@pytest.mark.parametrize('wrong', [
    {'width': 0}, {'horizontal_fov_deg': 180.0}, {'height_m': 9.0}, {'pitch_deg': 80.0}])
def test_an_impossible_camera_is_refused_with_what_to_choose(wrong):
    with pytest.raises(ConfigError, match='choose'):
        Camera(**wrong)


@pytest.mark.parametrize(('yaw_deg', 'axis'), [
    (0.0, (1.0, 0.0, 0.0)), (90.0, (0.0, 1.0, 0.0)), (180.0, (-1.0, 0.0, 0.0)),
    (-90.0, (0.0, -1.0, 0.0)),
])
def test_yaw_turns_the_view_about_the_vertical(
    yaw_deg: float, axis: tuple[float, float, float]
) -> None:
    optical = rotation_of(Camera(yaw_deg=yaw_deg).pose_on(planar_pose(3.0, 4.0, 0.0, 'map')))
    np.testing.assert_allclose(optical[:, 2], axis, atol=1e-12)
    np.testing.assert_allclose(optical[:, 1], (0.0, 0.0, -1.0), atol=1e-12)
