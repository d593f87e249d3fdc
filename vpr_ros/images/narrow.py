# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""More than eight bits become eight: by a shift where colours count, by a stretch where not.

Colour and Bayer images of 16 bits are shifted, so that the balance between the channels stays.
Grey images of 16 bits and of floats come from sensors of 10, 12 or 14 bits, from thermal and
from depth cameras: none of them fills its range, and a shift would leave a handful of grey
levels. They are stretched between two percentiles of the image itself.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import ImageArray

LOW_PERCENTILE = 1.0
HIGH_PERCENTILE = 99.0
# A float image whose values differ by less than this part of their size is flat.
SMALLEST_RELATIVE_SPAN = 0.05


def shift(values: NDArray[np.uint16], significant_bits: int) -> ImageArray:
    """Keep the highest 8 of ``significant_bits`` bits; larger values saturate at 255.

    Args:
        values: uint16, any shape.
        significant_bits: bits that the sensor fills, from the lowest up, 8 to 16.
    """
    narrowed = values >> (significant_bits - 8)
    if significant_bits < 16:
        np.minimum(narrowed, 255, out=narrowed)
    return narrowed.astype(np.uint8)


def stretch_counts(values: NDArray[np.uint16]) -> ImageArray:
    """Map the 1st to the 99th percentile of the counts onto 0 to 255.

    Percentiles are lower ones, counts that occur in the image. One count never becomes more
    than one grey level, so that the noise of a covered lens or a white wall stays noise.

    Args:
        values: uint16 (H, W), native byte order.
    """
    cumulative = np.cumsum(np.bincount(values.reshape(-1)))
    low, high = (
        int(np.searchsorted(cumulative, _rank(percentile, int(cumulative[-1])), side='right'))
        for percentile in (LOW_PERCENTILE, HIGH_PERCENTILE)
    )
    gain = 255.0 / max(high - low, 255)
    levels = (np.arange(cumulative.size, dtype=np.float64) - low) * gain
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)[values]


def stretch_floats(values: NDArray[np.float32]) -> ImageArray:
    """Map the 1st to the 99th percentile of the finite values onto 0 to 255.

    NaN and infinities are holes: black. The span is at least 5 % of the largest magnitude
    among the two percentiles, so that a flat image stays flat.

    Args:
        values: float32 (H, W), native byte order.
    """
    finite = np.isfinite(values)
    known = values[finite]
    if known.size == 0:
        return np.zeros(values.shape, np.uint8)
    ranks = [_rank(percentile, known.size) for percentile in (LOW_PERCENTILE, HIGH_PERCENTILE)]
    low, high = np.partition(known, ranks)[ranks].tolist()
    span = max(high - low, SMALLEST_RELATIVE_SPAN * max(abs(low), abs(high))) or 1.0
    levels = (np.where(finite, values, low).astype(np.float64) - low) * (255.0 / span)
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8) * finite


def grey_to_rgb(grey: ImageArray) -> ImageArray:
    """uint8 (H, W) -> uint8 (H, W, 3)."""
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def _rank(percentile: float, count: int) -> int:
    return min(int(count * percentile / 100.0), count - 1)
