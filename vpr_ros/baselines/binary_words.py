# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bag of binary words: ORB features, a vocabulary of binary words, tf-idf, as DBoW2 weighs them.

DBoW2 scores two L1-normalised tf-idf vectors by s(v, w) = 1 - |v - w|_1 / 2. A map's index needs
an inner product, so each vector is stored as its square root: sqrt(v) . sqrt(w) is the
Bhattacharyya coefficient B, and s <= B <= sqrt(1 - (1 - s)^2) (Le Cam), with equality at 0 and 1.
The vocabulary is flat: with a few thousand words the nearest word is found exactly in the time
that a tree needs to find an approximate one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray, ImageArray

Words = NDArray[np.uint8]
BYTES = 32  # of an ORB descriptor


def orb(grey: ImageArray, features: int) -> Words:
    """ORB descriptors, uint8 (n, 32); n may be 0."""
    detector = cv2.ORB_create(  # type: ignore[attr-defined]
        nfeatures=features, fastThreshold=10)
    _, found = detector.detectAndCompute(grey, None)
    return np.zeros((0, BYTES), np.uint8) if found is None else np.asarray(found, np.uint8)


def nearest_words(descriptors: Words, vocabulary: Words) -> NDArray[np.int64]:
    """Index of the word with the smallest Hamming distance, int64 (n,); the first of equals."""
    if not len(descriptors):
        return np.zeros(0, np.int64)
    matches = cv2.BFMatcher(cv2.NORM_HAMMING).match(descriptors, vocabulary)
    return np.asarray([match.trainIdx for match in matches], np.int64)


def tf_idf(words: NDArray[np.int64], idf: FloatArray) -> FloatArray:
    """L1-normalised tf-idf, float32 (W,), with sum 1; zeros when no word has weight."""
    weights = np.bincount(words, minlength=len(idf)) * idf.astype(np.float64)
    total = weights.sum()
    return np.asarray(weights / total if total > 0 else weights, np.float32)


def bag_of_words(words: NDArray[np.int64], idf: FloatArray) -> FloatArray:
    """Square root of the tf-idf vector, float32 (W,), L2-normalised."""
    return np.sqrt(tf_idf(words, idf))
