# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which features of two images are the same: mutual nearest neighbours that stand out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vpr_ros.geometry.features import Features

RATIO = 0.85
"""Largest distance of a match relative to that of the second nearest (Lowe 2004)."""


def match_features(
    query: Features, match: Features, *, ratio: float = RATIO
) -> NDArray[np.int64]:
    """Pairs of features that are each other's nearest and stand out from the second nearest.

    Returns:
        int64 (n, 2): row of the query, row of the match; ascending by query.
    """
    if query.kind != match.kind or min(len(query), len(match)) < 2:
        return np.zeros((0, 2), np.int64)
    similarity = _unit(query.descriptors) @ _unit(match.descriptors).T
    forward, backward = similarity.argmax(1), similarity.argmax(0)
    rows = np.arange(len(query))
    second = similarity.copy()
    best = similarity[rows, forward]
    second[rows, forward] = -1.0
    distance, next_distance = (
        np.sqrt(np.maximum(2 - 2 * value, 0)) for value in (best, second.max(1)))
    kept = (backward[forward] == rows) & (distance < ratio * next_distance)
    return np.column_stack([rows[kept], forward[kept]]).astype(np.int64)


def _unit(codes: NDArray[np.int8]) -> NDArray[np.float32]:
    values = codes.astype(np.float32)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
