# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fine grain of materials, laid over the coarser textures where the camera is close."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from vpr_ros.types import FloatArray, ImageArray
from vpr_ros.world.faces import Grain
from vpr_ros.world.noise import periodic_noise

TILE_PX = 256
"""Side of a grain tile, px."""

TILE_M = 2.0
"""Side of a grain tile in the world, metres."""


@lru_cache(maxsize=1)
def grain_tiles() -> ImageArray:
    """uint8 (len(Grain) * 257, 257): one tile below the other; 128 leaves the colour as it is.

    Each tile repeats its first row and column at its end, so that it can be interpolated.
    """
    rng = np.random.default_rng(20240501)
    tiles = []
    for grain in Grain:
        tile = np.clip(128.0 * (1.0 + _tile(grain, rng)), 0, 255).astype(np.uint8)
        tiles.append(np.pad(tile, ((0, 1), (0, 1)), mode='wrap'))
    return np.concatenate(tiles)


def _tile(grain: Grain, rng: np.random.Generator) -> FloatArray:
    fine = periodic_noise(TILE_PX, 1.6, rng)
    coarse = periodic_noise(TILE_PX, 8.0, rng)
    if grain is Grain.NONE:
        return np.zeros((TILE_PX, TILE_PX), np.float32)
    if grain is Grain.PLASTER:
        return 0.03 * fine + 0.02 * coarse
    if grain is Grain.ASPHALT:
        return 0.08 * fine + 0.02 * coarse
    if grain is Grain.FOLIAGE:
        return 0.16 * periodic_noise(TILE_PX, 5.0, rng) + 0.10 * coarse
    if grain is Grain.WOOD:
        rows = cv2.blur(np.tile(fine, (1, 3)), (61, 1))[:, TILE_PX:2 * TILE_PX]
        return 0.5 * rows
    courses, wide = (28, 8) if grain is Grain.BRICK else (5, 3)
    joints = np.zeros((TILE_PX, TILE_PX), np.float32)
    for course in range(courses):
        top, bottom = course * TILE_PX // courses, (course + 1) * TILE_PX // courses
        edges = (np.arange(wide + 1) + 0.5 * (course % 2)) * TILE_PX / wide
        for k in range(wide):
            columns = np.arange(int(edges[k]), int(edges[k + 1])) % TILE_PX
            joints[top:bottom, columns] = rng.normal(0.0, 0.09 if grain is Grain.BRICK else 0.05)
            joints[top:bottom, columns[:2]] = 0.16 if grain is Grain.BRICK else -0.2
        joints[top:top + 2] = 0.16 if grain is Grain.BRICK else -0.2
    return joints + 0.05 * fine + 0.03 * coarse
