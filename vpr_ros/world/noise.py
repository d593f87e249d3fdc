# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Smooth random fields for textures, clouds and wobbles."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def smooth_noise(shape: tuple[int, int], cell_px: float, rng: np.random.Generator,
                 ) -> NDArray[np.float32]:
    """float32 ``shape``: noise around 0, about unit variance, with features of ``cell_px``."""
    rows = max(round(shape[0] / cell_px), 1) + 1
    columns = max(round(shape[1] / cell_px), 1) + 1
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    fine = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine, np.float32)


def fractal_noise(shape: tuple[int, int], cell_px: float, rng: np.random.Generator, *,
                  octaves: int = 4, roughness: float = 0.55) -> NDArray[np.float32]:
    """float32 ``shape``: octaves of :func:`smooth_noise`, about unit variance."""
    total = np.zeros(shape, np.float32)
    weight, squares = 1.0, 0.0
    for octave in range(octaves):
        total += weight * smooth_noise(shape, max(cell_px / 2 ** octave, 1.0), rng)
        squares += weight * weight
        weight *= roughness
    return total / np.float32(np.sqrt(squares))


def periodic_noise(size_px: int, cell_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """float32 (size, size): noise that tiles, about unit variance."""
    white = rng.standard_normal((size_px, size_px), dtype=np.float32)
    padded = np.pad(white, 4 * int(np.ceil(cell_px)), mode='wrap')
    blurred = cv2.GaussianBlur(padded, (0, 0), max(cell_px / 2.0, 0.3))
    margin = 4 * int(np.ceil(cell_px))
    tile = blurred[margin:-margin, margin:-margin]
    return np.asarray(tile / max(float(tile.std()), 1e-6), np.float32)
