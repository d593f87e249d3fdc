# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rectification against the lens models written out, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vpr_ros.cameras.lens import CameraModel, Rectifier
from vpr_ros.errors import ConfigError

WIDTH, HEIGHT = 160, 120
K = (90.0, 0.0, 79.5, 0.0, 90.0, 59.5, 0.0, 0.0, 1.0)
RADTAN = (-0.25, 0.06, 0.001, -0.002, 0.01)
RATIONAL = (0.4, 0.1, 0.001, -0.001, 0.02, 0.6, 0.2, 0.05)
FISHEYE = (-0.02, 0.004, -0.001, 0.0002)


def distorted(model: str, d: tuple[float, ...], x: float, y: float) -> tuple[float, float]:
    """Where the lens shows the direction (x, y, 1): the definitions of ROS and OpenCV."""
    r2 = x * x + y * y
    if model == 'equidistant':
        r = math.sqrt(r2)
        theta = math.atan(r)
        bent = theta * (1 + sum(k * theta ** (2 * i + 2) for i, k in enumerate(d)))
        scale = bent / r if r > 1e-9 else 1.0
        return x * scale, y * scale
    k1, k2, p1, p2, k3, k4, k5, k6 = (*d, *(0.0,) * (8 - len(d)))
    radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
    return (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y)


def ramp() -> np.ndarray:
    """uint8 (H, W, 3): the first channel is the column, the second the row."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(WIDTH)[None], np.arange(HEIGHT)[:, None]
    image[..., 2] = 200
    return image


@pytest.mark.parametrize(('name', 'd'), [
    ('plumb_bob', RADTAN), ('plumb_bob', RADTAN[:4]), ('rational_polynomial', RATIONAL),
    ('equidistant', FISHEYE), ('fisheye', FISHEYE), ('equidistant', ()),
])
def test_every_rectified_pixel_comes_from_where_the_lens_put_it(
    name: str, d: tuple[float, ...]
) -> None:
    rectifier = Rectifier(CameraModel(WIDTH, HEIGHT, name, d, K))
    result, matrix = rectifier(ramp()), rectifier.matrix
    compared = 0
    for v in range(2, HEIGHT - 2, 7):
        for u in range(2, WIDTH - 2, 7):
            x, y = (u - matrix[0, 2]) / matrix[0, 0], (v - matrix[1, 2]) / matrix[1, 1]
            bent = distorted('equidistant' if name == 'fisheye' else name, d or (0.0,) * 4, x, y)
            source = K[0] * bent[0] + K[2], K[4] * bent[1] + K[5]
            if not (1 < source[0] < WIDTH - 2 and 1 < source[1] < HEIGHT - 2):
                continue
            assert result[v, u, 0] == pytest.approx(source[0], abs=1.1)
            assert result[v, u, 1] == pytest.approx(source[1], abs=1.1)
            compared += 1
    assert compared > 100


def test_the_projection_of_camera_info_is_the_rectified_camera() -> None:
    p = (50.0, 0.0, 70.0, 0.0, 0.0, 51.0, 60.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    rectifier = Rectifier(CameraModel(WIDTH, HEIGHT, 'plumb_bob', RADTAN, K, p=p))
    assert rectifier.matrix.tolist() == [[50.0, 0.0, 70.0], [0.0, 51.0, 60.0], [0.0, 0.0, 1.0]]


def test_a_lens_without_distortion_leaves_images_as_they_are() -> None:
    image = ramp()
    assert Rectifier(CameraModel(WIDTH, HEIGHT, 'plumb_bob', (0.0,) * 5, K))(image) is image


def test_what_the_camera_has_not_seen_is_known() -> None:
    barrel = Rectifier(CameraModel(WIDTH, HEIGHT, 'plumb_bob', (0.4, 0.0, 0.0, 0.0, 0.0), K))
    seen, image = barrel.seen(), barrel(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
    assert 0 < seen.sum() < seen.size
    assert (image[~seen].mean() < 128) and (image[seen] == 255).mean() > 0.9


@pytest.mark.parametrize(('change', 'words'), [
    ({'k': (0.0,) * 9}, 'not calibrated'),
    ({'k': (math.nan, *K[1:])}, 'not calibrated'),
    ({'coefficients': (math.inf, 0.0, 0.0, 0.0)}, 'not finite'),
    ({'distortion': 'kannala'}, "'kannala'"),
    ({'coefficients': (0.1, 0.2, 0.3)}, '3 coefficients'),
    ({'width': 0}, '0x120'),
    ({'width': 1_000_000}, '1000000x120'),
])
def test_a_calibration_that_cannot_be_used_is_refused(change: dict, words: str) -> None:
    fields = {'width': WIDTH, 'height': HEIGHT, 'distortion': 'plumb_bob',
              'coefficients': RADTAN, 'k': K, **change}
    with pytest.raises(ConfigError, match=words):
        Rectifier(CameraModel(**fields))


def test_an_image_of_another_size_is_refused_in_one_sentence() -> None:
    rectifier = Rectifier(CameraModel(WIDTH, HEIGHT, 'plumb_bob', RADTAN, K))
    with pytest.raises(ConfigError, match='images are 80x60 px but camera_info is for 160x120'):
        rectifier(np.zeros((60, 80, 3), np.uint8))
