# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YUV of cameras to RGB: ITU-R BT.601 with luma from 16 to 235, chroma repeated.

That is what V4L2 cameras send unless they say otherwise, and sensor_msgs has no field to say so.
Luma below 16 is noise and counts as 16.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import ImageArray

# R, G, B from (Y, U, V, 1): BT.601, limited range.
BT601 = np.array([
    [1.164383, 0.0, 1.596027],
    [1.164383, -0.391762, -0.812968],
    [1.164383, 2.017232, 0.0],
])
_OFFSET = -BT601 @ np.array([16.0, 128.0, 128.0])
_TRANSFORM: NDArray[np.float64] = np.hstack([BT601, _OFFSET[:, None]])


def packed(rows: ImageArray, width: int, order: str) -> ImageArray:
    """Two pixels in four bytes.

    Args:
        rows: uint8 (H, step), step at least ``2 * width``.
        width: pixels, even.
        order: ``uyvy`` or ``yuyv``.
    """
    pairs = np.ascontiguousarray(rows[:, :2 * width]).reshape(len(rows), width, 2)
    code = cv2.COLOR_YUV2RGB_UYVY if order == 'uyvy' else cv2.COLOR_YUV2RGB_YUY2
    return np.asarray(cv2.cvtColor(pairs, code), np.uint8)


def half_planar(rows: ImageArray, width: int, order: str) -> ImageArray:
    """Decode a plane of luma, then at half the rows pairs of chroma.

    Args:
        rows: uint8 (3 H / 2, step), step at least ``width``.
        width: pixels, even.
        order: ``nv12`` (U before V) or ``nv21`` (V before U).
    """
    planes = np.ascontiguousarray(rows[:, :width])
    code = cv2.COLOR_YUV2RGB_NV12 if order == 'nv12' else cv2.COLOR_YUV2RGB_NV21
    return np.asarray(cv2.cvtColor(planes, code), np.uint8)


def full_planar(rows: ImageArray, width: int) -> ImageArray:
    """NV24: a plane of luma, then a plane of pairs U, V in rows of twice the step.

    Args:
        rows: uint8 (3 H, step), step at least ``width``.
        width: pixels.
    """
    height, step = rows.shape[0] // 3, rows.shape[1]
    yuv = np.empty((height, width, 3), np.uint8)
    np.maximum(rows[:height, :width], 16, out=yuv[..., 0])
    chroma = rows[height:].reshape(height, 2 * step)[:, :2 * width]
    yuv[..., 1:] = chroma.reshape(height, width, 2)
    return np.asarray(cv2.transform(yuv, _TRANSFORM), np.uint8)
