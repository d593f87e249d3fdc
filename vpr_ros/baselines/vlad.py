# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""RootSIFT and intra-normalised VLAD, what NetVLAD was first compared with.

Arandjelovic and Zisserman: "Three things everyone should know to improve object retrieval"
(CVPR 2012) and "All about VLAD" (CVPR 2013).
"""

from __future__ import annotations

import cv2
import numpy as np

from vpr_ros.types import FloatArray, ImageArray

_EPS = 1e-12


def root_sift(grey: ImageArray, features: int) -> FloatArray:
    """Describe by RootSIFT: the square root of L1-normalised SIFT, hence of length 1.

    Args:
        grey: uint8 (H, W).
        features: the strongest so many are kept.

    Returns:
        float32 (n, 128), n may be 0.
    """
    detector = cv2.SIFT_create(nfeatures=features)  # type: ignore[attr-defined]
    _, found = detector.detectAndCompute(grey, None)
    if found is None:
        return np.zeros((0, 128), np.float32)
    rows = np.asarray(found, np.float32)
    return np.sqrt(rows / np.maximum(rows.sum(axis=1, keepdims=True), _EPS))


def vlad(descriptors: FloatArray, centers: FloatArray) -> FloatArray:
    """Sum the residuals per nearest centre, normalise each sum, then the whole.

    Args:
        descriptors: float32 (n, d).
        centers: float32 (K, d).

    Returns:
        float32 (K * d,), L2-normalised; zeros when n is 0.
    """
    sums = np.zeros_like(centers)
    if len(descriptors):
        # |x - c|^2 = |x|^2 - 2 x.c + |c|^2, of which the first is the same for all centres
        nearest = np.argmin((centers**2).sum(axis=1) - 2.0 * descriptors @ centers.T, axis=1)
        np.add.at(sums, nearest, descriptors - centers[nearest])
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    sums = np.where(norms > 1e-6, sums / np.maximum(norms, _EPS), 0.0).astype(np.float32)
    return unit(sums.ravel())


def unit(vector: FloatArray) -> FloatArray:
    """Return the vector at length 1; zeros stay zeros."""
    return np.asarray(vector / max(float(np.linalg.norm(vector)), _EPS), np.float32)
