# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every rip-map level is where the closed formula says it is."""

from __future__ import annotations

import cv2
import numpy as np

from vpr_ros.world.atlas import Atlas, LEVELS


def test_levels_lie_where_the_formula_says():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (64, 96, 4), np.uint8),
              rng.integers(0, 256, (32, 128, 4), np.uint8)]
    atlas = Atlas()
    numbers = [atlas.add(image) for image in images]
    atlas.pack()
    for number, image in zip(numbers, images, strict=True):
        height, width = image.shape[:2]
        assert atlas.sizes[number].tolist() == [width, height]
        left, top = atlas.origins[number].astype(int)
        for i in range(LEVELS):
            for j in range(LEVELS):
                x = left + round(2 * width * (1 - 2.0 ** -i))
                y = top + round(2 * height * (1 - 2.0 ** -j))
                level = atlas.texels[y:y + (height >> j), x:x + (width >> i)]
                block = image.reshape(height >> j, 1 << j, width >> i, 1 << i, 4).astype(float)
                assert np.abs(level - block.mean(axis=(1, 3))).max() <= 5.0


def test_a_mask_keeps_its_share_through_its_levels():
    atlas = Atlas()
    mask = np.zeros((64, 64), np.uint8)
    cv2.circle(mask, (32, 32), 20, 255, -1)
    number = atlas.add(np.zeros((64, 64, 4), np.uint8), mask)
    levels = atlas.masks[number]
    assert levels is not None and len(levels) > 2
    for level in levels:
        assert abs(float(level.mean()) - float(mask.mean())) < 3.0
