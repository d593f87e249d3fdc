# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bayer mosaics to RGB by bilinear interpolation, up to the border."""

from __future__ import annotations

import cv2
import numpy as np

from vpr_ros.types import ImageArray

# The name says the colours of the first row and then of the second row, as sensor_msgs does.
# OpenCV's short names start one pixel later, its long names do not.
_CODES = {
    'rggb': cv2.COLOR_BayerBG2RGB,
    'bggr': cv2.COLOR_BayerRG2RGB,
    'gbrg': cv2.COLOR_BayerGR2RGB,
    'grbg': cv2.COLOR_BayerGB2RGB,
}
PATTERNS = tuple(_CODES)
_BORDER = 2


def demosaic(mosaic: ImageArray, pattern: str) -> ImageArray:
    """Interpolate the two missing colours of every pixel.

    OpenCV copies its outermost row and column from their neighbours and returns black for
    images of two rows. A border that mirrors the mosaic, which keeps its phase, avoids both.

    Args:
        mosaic: uint8 (H, W), both even.
        pattern: one of ``rggb``, ``bggr``, ``gbrg``, ``grbg``.

    Returns:
        uint8 (H, W, 3) RGB, contiguous.
    """
    bordered = cv2.copyMakeBorder(
        mosaic, _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_REFLECT_101
    )
    rgb = cv2.cvtColor(bordered, _CODES[pattern])
    return np.ascontiguousarray(rgb[_BORDER:-_BORDER, _BORDER:-_BORDER], np.uint8)
