# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth from a stereo pair: made-up planes, lenses and turned cameras, and rendered drives."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import pytest

from vpr_ros.errors import ConfigError, ImageError
from vpr_ros.geometry.accuracy import drive_errors
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import extract, Features, root_sift, SparseDepth
from vpr_ros.geometry.stereo import disparities, StereoPair, StereoSide
from vpr_ros.world import Conditions, World

FOCAL, BASELINE_M, PLANE_M = 300.0, 0.2, 4.0
K = np.array([[FOCAL, 0, 159.5], [0, FOCAL, 119.5], [0, 0, 1]])
D = (-0.2, 0.05, 0.001, 0.0, 0.0)


def texture() -> np.ndarray:
    """Paint a wall, uint8 (960, 1280, 3), 0.005 m a pixel, with detail of many sizes."""
    rng = np.random.default_rng(4)
    picture = sum(cv2.resize(rng.uniform(0, 60, (960 // n, 1280 // n)).astype(np.float32),
                             (1280, 960)) for n in (4, 8, 16, 32))
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[..., None], 3, 2)


def photograph(rotation: np.ndarray, center_m: np.ndarray, distortion: tuple) -> np.ndarray:
    """Show what a camera sees of the wall at z = PLANE_M; the oracle of the lens is cv2's."""
    v, u = np.mgrid[0:240, 0:320].astype(np.float64)
    rays = cv2.undistortPoints(np.stack([u, v], -1).reshape(-1, 1, 2), K,
                               np.array(distortion)).reshape(-1, 2)
    world = np.column_stack([rays, np.ones(len(rays))]) @ rotation.T  # camera -> wall
    hit = center_m + world * ((PLANE_M - center_m[2]) / world[:, 2])[:, None]
    at = (hit[:, :2] / 0.005 + (640, 480)).astype(np.float32)
    return cv2.remap(texture(), at[:, 0].reshape(240, 320), at[:, 1].reshape(240, 320),
                     cv2.INTER_LINEAR)


def calibrated(turn_left: np.ndarray, turn_right: np.ndarray, distortion: tuple) -> StereoPair:
    """Return the pair as cv2.stereoRectify, which camera_calibration uses, describes it."""
    d = np.array(distortion)
    between = turn_right.T @ turn_left
    shift = turn_right.T @ np.array([[-BASELINE_M], [0], [0]])
    r1, r2, p1, p2, *_ = cv2.stereoRectify(K, d, K, d, (320, 240), between, shift,
                                           flags=cv2.CALIB_ZERO_DISPARITY, alpha=0)
    model = CameraModel.of(width=320, height=240, k=K.ravel(), d=distortion, model='plumb_bob')
    return StereoPair(StereoSide.of(model, r1.ravel(), p1.ravel()),
                      StereoSide.of(model, r2.ravel(), p2.ravel()))


@pytest.mark.parametrize('distortion', [(0.0,) * 5, D])
@pytest.mark.parametrize('tilt', [0.0, 0.03])
def test_depth_of_a_wall_from_raw_images_of_cameras_that_are_not_aligned(
    distortion: tuple, tilt: float
) -> None:
    turns = [cv2.Rodrigues(np.array(v) * tilt)[0] for v in ((0.5, 1.0, -0.3), (-0.6, -0.8, 0.5))]
    left = photograph(turns[0], np.zeros(3), distortion)
    right = photograph(turns[1], np.array([BASELINE_M, 0, 0]), distortion)
    points, _ = root_sift(left, 300)
    found = calibrated(*turns, distortion).depths(left, right, points)
    camera = CameraModel.of(width=320, height=240, k=K.ravel(), d=distortion, model='plumb_bob')
    rays = np.column_stack([camera.rays(points.astype(float)), np.ones(len(points))])
    true = PLANE_M / (rays @ turns[0].T)[:, 2]  # along the optical axis of the turned camera
    known = np.isfinite(found)
    assert known.sum() > 0.5 * len(points) > 30
    error = np.abs(found - true)[known]
    assert np.median(error) < 0.04 and np.quantile(error, 0.9) < 0.12  # 0.02 m is 0.075 px


def test_what_is_not_seen_or_stands_out_nowhere_has_no_disparity() -> None:
    rng = np.random.default_rng(1)
    left = cv2.GaussianBlur(rng.integers(0, 255, (100, 160), np.uint8), (0, 0), 1.5)
    right = np.roll(left, -9, axis=1)
    at = np.array([[80.0, 50.0], [80.25, 50.5], [2.0, 50.0], [80.0, 99.0]])
    found = disparities(left, right, at)
    np.testing.assert_allclose(found[:2], 9.0, atol=0.1)
    assert np.isnan(found[2:]).all()
    stripes = np.tile((np.arange(160) // 4 % 2 * 200).astype(np.uint8), (100, 1))
    assert np.isnan(disparities(stripes, np.roll(stripes, -8, axis=1), at)).all()
    assert np.isnan(disparities(left, right[::-1].copy(), at)).all()
    assert np.isnan(disparities(left, np.roll(right, 3, axis=0), at)).all()  # off its row
    assert not len(disparities(left, right, np.zeros((0, 2))))


@pytest.mark.parametrize(('p', 'words'), [
    ([0.0] * 12, 'its P is 0'),
    ([FOCAL, 0, 160, 0, 0, FOCAL, 120, 0, 0, 0, 1, 0], 'no baseline'),
    ([FOCAL, 0, 160, 60.0, 0, FOCAL, 120, 0, 0, 0, 1, 0], 'swap left and right'),
])
def test_calibrations_that_are_none_are_one_sentence(p: list[float], words: str) -> None:
    model = CameraModel.of(width=320, height=240, k=K.ravel())
    good = StereoSide.of(model, [0.0] * 9, [FOCAL, 0, 160, 0, 0, FOCAL, 120, 0, 0, 0, 1, 0])
    with pytest.raises(ConfigError, match=words):
        StereoPair(good, StereoSide.of(model, [0.0] * 9, p))


def test_an_image_of_another_size_is_one_sentence() -> None:
    pair = calibrated(np.eye(3), np.eye(3), (0.0,) * 5)
    small = np.zeros((120, 160, 3), np.uint8)
    with pytest.raises(ImageError, match='160x120 pixels, its camera_info is for 320x240'):
        pair.depths(small, small, np.ones((1, 2), np.float32))


def test_features_keep_how_sure_their_depths_are() -> None:
    left = photograph(np.eye(3), np.zeros(3), (0.0,) * 5)
    right = photograph(np.eye(3), np.array([BASELINE_M, 0, 0]), (0.0,) * 5)
    pair = calibrated(np.eye(3), np.eye(3), (0.0,) * 5)
    camera = CameraModel.of(width=320, height=240, k=K.ravel())
    made = extract(left, camera, SparseDepth(partial(pair.depths, left, right), pair.error_per_m))
    again = Features.from_bytes(made.to_bytes())
    assert again.error_per_m == pytest.approx(0.2 / (FOCAL * BASELINE_M), rel=1e-2)
    np.testing.assert_array_equal(again.depth_m, made.depth_m)
    assert np.isfinite(made.depth_m).mean() > 0.5


def test_poses_between_rendered_drives_with_a_stereo_pair(
    capsys: pytest.CaptureFixture[str]
) -> None:
    errors = drive_errors(World(seed=3, scale=0.7), Conditions.day(),
                          Conditions.overcast(traffic_seed=2), pairs=4, baseline_m=0.2)
    with capsys.disabled():
        print(f'\nstereo, 0.2 m: {errors.in_words()}')
    assert errors.estimated >= 3
    assert np.median(errors.position_m) < 0.1
    assert np.median(errors.rotation_deg) < 1.0
    assert np.median(errors.mahalanobis) < 15.0
