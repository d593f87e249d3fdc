# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The z-buffer against a ray caster written from the definition."""

from __future__ import annotations

import numpy as np
import pytest

from vpr_ros.world import Camera
from vpr_ros.world.camera import planar_pose, rotation_of
from vpr_ros.world.faces import FaceList
from vpr_ros.world.rasterizer import Rasterizer


def cast(faces, origin, direction):
    """Nearest hit of one ray: (distance along it, face), by planes and edges."""
    nearest = (np.inf, -1)
    for k in range(len(faces)):
        corners = faces.corners[k].astype(float)
        normal = faces.normals[k].astype(float)
        slope = normal @ direction
        if slope >= 0:
            continue
        distance = normal @ (corners[0] - origin) / slope
        if distance <= 0.15 or distance >= nearest[0]:
            continue
        point = origin + distance * direction
        sides = [np.cross(corners[(j + 1) % 4] - corners[j], point - corners[j]) @ normal
                 for j in range(4)]
        if max(sides) <= 0.0:
            nearest = (distance, k)
    return nearest


def some_faces(rng):
    faces = FaceList()
    for _ in range(25):
        middle = rng.uniform((1, -8, -1), (20, 8, 3))
        across, below = rng.normal(size=3), rng.normal(size=3)
        across *= rng.uniform(0.5, 3) / np.linalg.norm(across)
        below -= across * (across @ below) / (across @ across)
        below *= rng.uniform(0.5, 3) / np.linalg.norm(below)
        corners = [middle - across - below, middle + across - below, middle + across + below,
                   middle - across + below]
        faces.add(corners, 0, (0, 0, 32, 32))
    # The ground reaches behind the camera, so it has to be clipped.
    faces.add([(-30, 30, 0), (30, 30, 0), (30, -30, 0), (-30, -30, 0)], 0, (0, 0, 32, 32))
    return faces.faces()


@pytest.mark.parametrize('seed', range(3))
def test_depth_and_face_agree_with_a_ray_caster(seed):
    faces = some_faces(np.random.default_rng(seed))
    camera = Camera(32, 24, pitch_deg=-5.0)
    eye = camera.pose_on(planar_pose(0.3, -0.2, 0.1, 'map'))
    ray = rotation_of(eye) @ np.linalg.inv(camera.matrix)
    visible = Rasterizer(32, 24).draw(faces, [None], ray, np.array(eye.position_m))
    wrong = 0
    for y in range(24):
        for x in range(32):
            depth, face = cast(faces, np.array(eye.position_m), ray @ (x, y, 1.0))
            row = visible.index[y, x]
            found = int(visible.face[row]) if row < len(visible.face) else -1
            if found != face:
                wrong += 1
            elif face >= 0:
                assert 1.0 / visible.inverse_depth[y, x] == pytest.approx(depth, rel=2e-3)
    # Outlines are drawn with the pixels they touch, so they may differ along the edges.
    assert wrong < 0.15 * 32 * 24


def test_texture_coordinates_are_those_of_the_plane():
    faces = FaceList()
    faces.add([(5, 2, 3), (5, -2, 3), (5, -2, 0), (5, 2, 0)], 0, (10, 20, 50, 80))
    camera = Camera(64, 48)
    eye = camera.pose_on(planar_pose(0, 0, 0.2, 'map'))
    ray = rotation_of(eye) @ np.linalg.inv(camera.matrix)
    origin = np.array(eye.position_m)
    visible = Rasterizer(64, 48).draw(faces.faces(), [None], ray, origin)
    y, x = np.argwhere(visible.index == 0)[100]
    z = 1.0 / visible.inverse_depth[y, x]
    point = origin + z * ray @ (x, y, 1.0)
    u = visible.u[0, 3] + z * visible.u[0, :3] @ (x, y, 1.0)
    v = visible.v[0, 3] + z * visible.v[0, :3] @ (x, y, 1.0)
    assert u == pytest.approx(10 + 40 * (2 - point[1]) / 4, abs=0.05)
    assert v == pytest.approx(20 + 60 * (3 - point[2]) / 3, abs=0.05)


def test_a_face_is_not_seen_from_behind():
    faces = FaceList()
    faces.add([(5, -2, 3), (5, 2, 3), (5, 2, 0), (5, -2, 0)], 0, (0, 0, 32, 32))
    camera = Camera(32, 24)
    eye = camera.pose_on(planar_pose(0, 0, 0, 'map'))
    ray = rotation_of(eye) @ np.linalg.inv(camera.matrix)
    visible = Rasterizer(32, 24).draw(faces.faces(), [None], ray, np.array(eye.position_m))
    assert not visible.inverse_depth.any()
