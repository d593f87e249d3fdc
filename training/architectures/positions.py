# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Position embeddings for other grids than they were trained on.

Resizing is linear and separable, so it is two products with small constant matrices. That way it
goes into an exported graph as constants, and its gradient needs nothing special.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from vpr_ros.types import FloatArray

_A = -0.75  # the cubic's slope, as torch and OpenCV have it


def _cubic(distance: float) -> float:
    """Weight of a sample at some distance, in samples (Keys 1981)."""
    d = abs(distance)
    if d <= 1:
        return ((_A + 2) * d - (_A + 3)) * d * d + 1
    return ((_A * d - 5 * _A) * d + 8 * _A) * d - 4 * _A if d < 2 else 0.0


def bicubic_matrix(source: int, target: int, scale: float = 0.0) -> FloatArray:
    """Resampling along one axis: float32 (target, source); rows sum to 1, borders are repeated.

    Args:
        source: samples there are.
        target: samples wanted.
        scale: target samples a source sample, target / source by default.
    """
    step = 1 / scale if scale else source / target
    matrix = np.zeros((target, source), np.float64)
    for row in range(target):
        position = (row + 0.5) * step - 0.5
        first = math.floor(position)
        for tap in range(first - 1, first + 3):
            matrix[row, min(max(tap, 0), source - 1)] += _cubic(position - tap)
    return matrix.astype(np.float32)


def resize_positions(embedding: Tensor, grid: tuple[int, int], *, leading: int = 0,
                     offset: float = 0.0) -> Tensor:
    """Position embeddings (1, leading + G * G, C) for another grid, bicubically.

    Args:
        embedding: of a square grid, after those of the leading tokens.
        grid: rows and columns wanted.
        leading: tokens without a place, which are kept as they are.
        offset: added to the sizes when the scale is formed, as DINOv2's release does.

    Returns:
        (1, leading + rows * columns, C).
    """
    places = embedding[:, leading:]
    side = math.isqrt(int(places.shape[1]))
    if grid == (side, side):
        return embedding
    down, across = (
        torch.from_numpy(bicubic_matrix(side, n, (n + offset) / side)).to(embedding)
        for n in grid
    )
    channels = int(places.shape[2])
    square = places.reshape(side, side, channels).permute(2, 0, 1)  # (C, G, G)
    resized = down @ square @ across.T  # (C, rows, columns)
    places = resized.permute(1, 2, 0).reshape(1, grid[0] * grid[1], channels)
    return torch.cat([embedding[:, :leading], places], 1)
