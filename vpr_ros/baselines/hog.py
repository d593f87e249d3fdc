# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Histograms of oriented gradients over the whole image (Dalal and Triggs, CVPR 2005).

Unsigned orientations, each gradient shared between its two nearest bins; no interpolation between
cells. Blocks of 2 x 2 cells overlap by one cell and are normalised as L2-Hys.
"""

from __future__ import annotations

import numpy as np

from vpr_ros.types import FloatArray, ImageArray

CLIP = 0.2  # L2-Hys: no entry of a normalised block is larger
_EPS = 1e-6


def cell_histograms(image: ImageArray, cell: int, bins: int) -> FloatArray:
    """Orientation histogram of each cell, from the channel with the strongest gradient.

    Args:
        image: uint8 (H, W, 3) RGB; H and W are multiples of ``cell``.
        cell: side of the square cells in pixels.
        bins: number of orientations over half a turn.

    Returns:
        float32 (H / cell, W / cell, bins), summed gradient magnitudes.
    """
    padded = np.pad(image.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode='edge')
    across = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    strongest = np.argmax(across**2 + down**2, axis=2)[..., np.newaxis]
    gx = np.take_along_axis(across, strongest, 2)[..., 0]
    gy = np.take_along_axis(down, strongest, 2)[..., 0]
    magnitude = np.hypot(gx, gy)
    position = (np.arctan2(gy, gx) % np.pi) * (bins / np.pi) - 0.5  # centre of bin 0 is 0
    lower = np.floor(position)
    share = position - lower
    rows, columns = image.shape[0] // cell, image.shape[1] // cell
    y, x = np.indices(image.shape[:2]) // cell
    base = (y * columns + x) * bins
    histogram = np.zeros(rows * columns * bins)
    for offset, weight in ((0, 1 - share), (1, share)):
        chosen = (lower.astype(np.int64) + offset) % bins
        histogram += np.bincount((base + chosen).ravel(), (magnitude * weight).ravel(),
                                 histogram.size)
    return histogram.reshape(rows, columns, bins).astype(np.float32)


def hog(image: ImageArray, cell: int, bins: int) -> FloatArray:
    """Descriptor of an image, not yet of length 1.

    Args:
        image, cell, bins: see :func:`cell_histograms`; at least 2 x 2 cells.

    Returns:
        float32 ((H / cell - 1) * (W / cell - 1) * 4 * bins,), blocks by rows.
    """
    cells = cell_histograms(image, cell, bins)
    blocks = np.concatenate(
        [cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]], axis=2)
    blocks = blocks / (np.linalg.norm(blocks, axis=2, keepdims=True) + _EPS)
    blocks = np.minimum(blocks, CLIP)
    blocks = blocks / (np.linalg.norm(blocks, axis=2, keepdims=True) + _EPS)
    return np.asarray(blocks.ravel(), np.float32)
