# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation: repeatable, in range, the same camera for a batch, nothing at severity 0."""

from __future__ import annotations

import cv2
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np

from training.augment import augment, Camera, draw_camera

PLAIN = Camera(flip=False, height=10_000, fisheye=0.0, circle=1.0)


def picture(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return cv2.resize(small, (96, 72))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000), severity=st.floats(0, 1))
def test_shape_type_and_repeatability(seed, severity):
    def once() -> np.ndarray:
        rng = np.random.default_rng(seed)
        camera = draw_camera(rng)
        return augment(picture(), picture(1), rng, camera, 60, 80, severity)

    first = once()
    assert first.shape == (60, 80, 3) and first.dtype == np.uint8
    assert np.array_equal(first, once())


def test_severity_0_keeps_the_picture():
    image = picture()
    expected = cv2.resize(image, (80, 60)).astype(float)
    for seed in range(20):
        found = augment(image, picture(1), np.random.default_rng(seed), PLAIN, 60, 80, 0.0)
        assert np.abs(found - expected).mean() < 12


def test_higher_severity_changes_more():
    def change(severity: float) -> float:
        reference = cv2.resize(picture(), (80, 60)).astype(float)
        return float(np.mean([
            np.abs(augment(picture(), picture(1), np.random.default_rng(seed), PLAIN, 60, 80,
                           severity) - reference).mean()
            for seed in range(30)
        ]))

    assert change(0.0) < change(0.4) < change(1.0)


def test_flip_mirrors():
    image = picture()
    flipped = Camera(flip=True, height=10_000, fisheye=0.0, circle=1.0)
    plain = augment(image, image, np.random.default_rng(3), PLAIN, 60, 80, 0.0)
    mirrored = augment(image, image, np.random.default_rng(3), flipped, 60, 80, 0.0)
    assert np.abs(mirrored[:, ::-1].astype(float) - plain).mean() < 12


def test_a_fisheye_is_dark_outside_its_circle():
    camera = Camera(flip=False, height=10_000, fisheye=1.0, circle=1.0)
    image = np.full((72, 96, 3), 200, np.uint8)
    found = augment(image, image, np.random.default_rng(0), camera, 60, 80, 0.0)
    assert found[:5, :5].max() < 30 and found[-5:, -5:].max() < 30
    assert found[25:35, 35:45].min() > 100


def test_few_pixels_lose_detail():
    checker = ((np.indices((72, 96)).sum(0) % 2) * 255).astype(np.uint8)
    image = np.repeat(checker[..., None], 3, 2)
    camera = Camera(flip=False, height=24, fisheye=0.0, circle=1.0)
    found = augment(image, image, np.random.default_rng(1), camera, 72, 96, 0.0)
    sharp = augment(image, image, np.random.default_rng(1), PLAIN, 72, 96, 0.0)
    assert found.std() < 0.3 * sharp.std()
