# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patch-normalised thumbnails, the image form of SeqSLAM (Milford and Wyeth, ICRA 2012).

Every patch of the small grey image is brought to zero mean and unit deviation, so that light
falling on a part of the scene does not count. All descriptors then have the same length, and the
inner product orders places as the sum of squared differences does (SeqSLAM sums absolute ones).
"""

from __future__ import annotations

import numpy as np

from vpr_ros.types import FloatArray, ImageArray

FLAT = 1.0  # grey levels: a patch with less deviation than this holds noise only


def patch_normalised(grey: ImageArray, patch: int) -> FloatArray:
    """Normalise each patch of a grey image by itself.

    Args:
        grey: uint8 (H, W); H and W are multiples of ``patch``.
        patch: side of the square patches in pixels.

    Returns:
        float32 (H, W): (x - mean) / deviation within each patch; 0 where a patch is flat.
    """
    rows, columns = grey.shape[0] // patch, grey.shape[1] // patch
    blocks = grey.astype(np.float32).reshape(rows, patch, columns, patch)
    mean = blocks.mean(axis=(1, 3), keepdims=True)
    deviation = blocks.std(axis=(1, 3), keepdims=True)
    result = np.where(deviation >= FLAT, (blocks - mean) / np.maximum(deviation, FLAT), 0.0)
    return np.asarray(result.reshape(grey.shape), np.float32)
