# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of made-up scenes: exact answers, honest covariances, refusals; and bytes."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ConfigError, MapError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import depth_at, extract, Features
from vpr_ros.geometry.matching import match_features, RATIO
from vpr_ros.geometry.relative_pose import relative_pose
from vpr_ros.geometry.reprojection import Projections, whitened
from vpr_ros.geometry.rigid import angle_between, exp, perturbed, Transform

FOCAL = 400.0


def scene(points: np.ndarray, pose: Transform, *, depth: str = 'both', noise_px: float = 0.3,
          wrong: float = 0.2, seed: int = 0) -> tuple[Features, Features]:
    """Features of points (n, 3) of the match camera, seen from both; a share of them is wrong."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(-127, 128, (len(points), 64)).astype(np.int8)
    made = []
    for side, seen in (('query', pose.apply(points)), ('match', points)):
        rays = seen[:, :2] / seen[:, 2:] + rng.normal(size=(len(points), 2)) * noise_px / FOCAL
        depths = seen[:, 2] * (1 + 0.01 * rng.normal(size=len(points)))
        if depth not in ('both', side):
            depths = np.full(len(points), np.nan)
        rows = rng.permutation(len(points)) if side == 'query' else np.arange(len(points))
        if side == 'query':
            bad = rng.random(len(points)) < wrong
            rays[bad] = rng.uniform(-0.7, 0.7, (bad.sum(), 2))
        made.append(Features(rays[rows].astype(np.float32), depths[rows].astype(np.float32),
                             codes[rows], FOCAL))
    return made[0], made[1]


def cloud(count: int = 200, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    z = rng.uniform(4, 25, count)
    return np.column_stack([rng.uniform(-0.6, 0.6, count) * z, rng.uniform(-0.4, 0.4, count) * z,
                            z])


POSE = Transform(exp(np.array([0.02, 0.15, -0.03])), np.array([0.5, -0.1, 0.8]))


@pytest.mark.parametrize('depth', ['both', 'query', 'match'])
def test_metric_pose_in_the_stated_direction(depth: str) -> None:
    found = relative_pose(*scene(cloud(), POSE, depth=depth))
    assert found.metric and found.query_T_match is not None, found.text
    np.testing.assert_allclose(found.query_T_match.translation_m, POSE.translation_m, atol=0.05)
    assert angle_between(found.query_T_match.rotation, POSE.rotation) < math.radians(0.2)
    assert 140 <= found.inliers <= found.matches


def test_covariance_agrees_with_the_errors() -> None:
    """Mahalanobis distances of 6 degrees of freedom have mean 6; conservative is smaller."""
    squares = []
    for seed in range(30):
        found = relative_pose(*scene(cloud(80, seed), POSE, noise_px=0.7, seed=seed))
        assert found.query_T_match is not None
        turn = found.query_T_match.rotation @ POSE.rotation.T
        error = np.r_[found.query_T_match.translation_m - POSE.translation_m,
                      (turn[2, 1] - turn[1, 2]) / 2, (turn[0, 2] - turn[2, 0]) / 2,
                      (turn[1, 0] - turn[0, 1]) / 2]
        squares.append(error @ np.linalg.solve(found.covariance, error))
        assert (np.linalg.eigvalsh(found.covariance) > 0).all()
    assert 0.5 < np.mean(squares) < 9


def test_without_depth_up_to_scale() -> None:
    found = relative_pose(*scene(cloud(), POSE, depth='none'))
    assert found.query_T_match is not None and not found.metric, found.text
    direction = POSE.translation_m / np.linalg.norm(POSE.translation_m)
    assert np.linalg.norm(found.query_T_match.translation_m) == pytest.approx(1)
    assert found.query_T_match.translation_m @ direction > math.cos(math.radians(5))
    assert angle_between(found.query_T_match.rotation, POSE.rotation) < math.radians(0.5)
    along = found.query_T_match.translation_m
    assert along @ found.covariance[:3, :3] @ along == pytest.approx(1e6, rel=1e-3)


def wall(count: int = 200) -> np.ndarray:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-4, 4, (2, count))
    return np.column_stack([x, y, np.full(count, 8.0)])


def test_what_geometry_does_not_support_is_refused() -> None:
    turn = Transform(POSE.rotation, np.zeros(3))
    line = np.column_stack([np.linspace(-3, 3, 100), np.zeros(100), np.full(100, 9.0)])
    far = cloud() * 400.0
    huddled = np.column_stack([*np.random.default_rng(0).uniform(-0.1, 0.1, (2, 100)),
                               np.linspace(9, 11, 100)])
    cases = [
        (scene(wall(), POSE, depth='none'), 'one plane'),
        (scene(cloud(), turn, depth='none'), 'pure rotation'),
        (scene(cloud(10), POSE), 'at least 20'),
        (scene(cloud(), POSE, wrong=1.0), ''),
        (scene(line, POSE, wrong=0), ''),
        (scene(far, POSE), 'uncertain'),
        (scene(huddled, POSE, wrong=0), ''),
    ]
    for (query, match), why in cases:
        found = relative_pose(query, match)
        assert found.query_T_match is None and why in found.text and found.text


def test_a_plane_with_depth_is_enough() -> None:
    found = relative_pose(*scene(wall(), POSE))
    assert found.query_T_match is not None and found.metric
    np.testing.assert_allclose(found.query_T_match.translation_m, POSE.translation_m, atol=0.1)


def test_features_of_two_kinds_do_not_compare() -> None:
    query, match = scene(cloud(), POSE)
    other = Features(match.rays, match.depth_m, match.descriptors, FOCAL, 'net')
    assert 'features of net' in relative_pose(query, other).text


@pytest.mark.parametrize('in_match', [True, False])
def test_jacobians_agree_with_differences(
    in_match: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    seen = Projections(cloud(7), rng.uniform(-0.5, 0.5, (7, 2)), FOCAL, in_match)
    # the whitening is taken as constant, so differences are of residuals whitened as at POSE
    monkeypatch.setattr('vpr_ros.geometry.reprojection.DEPTH_NOISE', 0.0)
    jacobian = whitened(POSE, seen)[1]
    for axis in range(6):
        step = np.eye(6)[axis] * 1e-6
        ahead, behind = (whitened(perturbed(POSE, sign * step), seen)[0] for sign in (1, -1))
        np.testing.assert_allclose(jacobian[:, :, axis], (ahead - behind) / 2e-6, rtol=1e-4,
                                   atol=1e-3)


def test_matches_against_the_definition() -> None:
    query, match = scene(cloud(40), POSE, seed=5)
    found = {tuple(pair) for pair in match_features(query, match).tolist()}
    unit = [f.descriptors / np.linalg.norm(f.descriptors.astype(float), axis=1, keepdims=True)
            for f in (query, match)]
    expected = set()
    for i, row in enumerate(unit[0]):
        distances = np.linalg.norm(unit[1] - row, axis=1)
        j = int(distances.argmin())
        back = int(np.linalg.norm(unit[0] - unit[1][j], axis=1).argmin())
        if back == i and distances[j] < RATIO * np.sort(distances)[1]:
            expected.add((i, j))
    assert found == expected and len(found) == 40


def test_bytes_come_back() -> None:
    query, _ = scene(cloud(), POSE, depth='match')
    found = Features.from_bytes(query.to_bytes())
    np.testing.assert_array_equal(found.rays, query.rays)
    np.testing.assert_array_equal(found.depth_m, query.depth_m)
    np.testing.assert_array_equal(found.descriptors, query.descriptors)
    assert (found.kind, found.focal_px) == (query.kind, FOCAL)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_damaged_bytes_are_named(data: st.DataObject) -> None:
    good = bytearray(scene(cloud(20), POSE)[0].to_bytes())
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(good)))
    for damaged in (bytes(good), bytes(good[:cut])):
        try:
            Features.from_bytes(damaged)
        except MapError as error:
            assert 'local features' in str(error)


def test_images_and_depths() -> None:
    rng = np.random.default_rng(0)
    grey = (np.kron(rng.random((30, 40)), np.ones((8, 8))) * 255).astype(np.uint8)
    image = np.repeat(grey[:, :, None], 3, 2)
    camera = CameraModel.of(width=640, height=480, k=[600, 0, 319.5, 0, 600, 239.5, 0, 0, 1])
    depth = np.full((240, 320), 5.0, np.float32)
    depth[:, 160:] = 9.0
    depth[:, :10] = np.inf
    found = extract(image, camera, depth, most=100)
    assert 50 < len(found) <= 100 and found.focal_px == pytest.approx(300)
    x = found.rays[:, 0] * 300 + 159.5
    assert set(np.unique(found.depth_m[(x > 12) & (x < 157)])) == {5.0}
    assert np.isnan(found.depth_m[(x > 158.6) & (x < 160.4)]).all()  # near meets far
    assert np.isnan(found.depth_m[x < 8]).all()
    assert len(extract(np.zeros((240, 320, 3), np.uint8), camera)) == 0
    assert np.isnan(depth_at(None, np.zeros((2, 2), np.float32), (4, 4), 9)).all()


def test_calibrations() -> None:
    k = [600, 0, 319.5, 0, 600, 239.5, 0, 0, 1]
    straight = CameraModel.of(width=640, height=480, k=k)
    np.testing.assert_allclose(straight.rays(np.array([[319.5, 239.5], [919.5, 239.5]])),
                               [[0, 0], [1, 0]], atol=1e-9)
    half = straight.resized(320, 240)
    np.testing.assert_allclose(half.rays(np.array([[159.5, 119.5]])), [[0, 0]], atol=1e-9)
    bent = CameraModel.of(width=640, height=480, k=k, d=[-0.2, 0.05, 0, 0, 0])
    ray = np.array([0.3, -0.2])
    r2 = float(ray @ ray)
    pixel = ray * (1 - 0.2 * r2 + 0.05 * r2 * r2) * 600 + [319.5, 239.5]
    np.testing.assert_allclose(bent.rays(pixel[None]), [ray], atol=1e-5)
    fish = CameraModel.of(width=640, height=480, k=k, d=[0, 0, 0, 0], model='equidistant')
    angle = 0.5
    np.testing.assert_allclose(fish.rays(np.array([[319.5 + 600 * angle, 239.5]])),
                               [[math.tan(angle), 0]], atol=1e-6)
    for wrong in ({'k': [0] * 9}, {'k': k, 'model': 'odd'}, {'k': k, 'd': [1, 2]},
                  {'k': k, 'd': [0] * 5, 'model': 'equidistant'}):
        with pytest.raises(ConfigError):
            CameraModel.of(width=640, height=480, **wrong)
    with pytest.raises(ConfigError, match='640x480'):
        straight.resized(640, 640)
