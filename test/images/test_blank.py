# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import cv2
from helpers import place_image, shared
import numpy as np
import pytest

from vpr_ros.images import blankness, decode_compressed, is_blank

RNG = np.random.default_rng(1)
HEIGHT, WIDTH = 480, 640


def picture(grey: np.ndarray) -> np.ndarray:
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def noise(sigma: float) -> np.ndarray:
    return RNG.normal(0, sigma, (HEIGHT, WIDTH))


def falloff() -> np.ndarray:
    y, x = np.mgrid[-1:1:480j, -1:1:640j]
    return np.cos(np.arctan(0.7 * np.hypot(x, 0.75 * y))) ** 4


def night(lamps: int, radius: int = 5) -> np.ndarray:
    image = picture(6 + noise(3))
    for number in range(lamps):
        cv2.circle(image, (60 + 90 * number, 120 + 20 * number), radius, (255, 240, 200), -1)
    return image


@pytest.mark.parametrize('image', [
    picture(np.zeros((HEIGHT, WIDTH))),
    picture(np.full((HEIGHT, WIDTH), 255)),
    picture(8 + noise(5)),  # covered lens, high gain
    picture(220 * falloff() + noise(4)),  # white wall behind a vignetting lens
    picture(np.linspace(60, 200, WIDTH) + noise(4)),  # wall lit from one side
    picture(np.full((1, 1), 9)),
    picture(np.full((1, 50), 9)),
], ids=['black', 'white', 'covered', 'vignette', 'lit wall', 'one pixel', 'one row'])
def test_nothing_to_see(image: np.ndarray) -> None:
    assert is_blank(image)
    assert str(blankness(image)).startswith('blank')


@pytest.mark.parametrize('image', [
    place_image(1),
    night(1),
    night(6, 3),
    (place_image(2, height=480, width=640) * 0.12).astype(np.uint8),
    picture(200 + 15 * (np.mgrid[:HEIGHT, :WIDTH][1] > 300)),  # a corner of a white room
    picture(150 + 0.1 * np.kron(RNG.integers(0, 256, (6, 8)), np.ones((80, 80))) + noise(2)),
], ids=['place', 'one lamp', 'small lamps', 'underexposed', 'corner', 'fog'])
def test_something_to_see(image: np.ndarray) -> None:
    found = blankness(image)
    assert not found.blank, str(found)
    assert str(found).startswith('not blank')


@pytest.mark.shared
@pytest.mark.parametrize('exposure', [1.0, 0.15])
def test_no_real_image_is_blank(exposure: float) -> None:
    paths = sorted(shared('data', 'corridor').rglob('*.jpg'))[::25]
    paths += sorted(shared('data', 'donkey_two_laps').rglob('*.jpg'))[::25]
    assert paths
    for path in paths:
        image = (decode_compressed('', path.read_bytes()) * exposure).astype(np.uint8)
        assert not is_blank(image), path
