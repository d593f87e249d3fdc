# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Places along a drive, and the exact search that every kind is compared with."""

from __future__ import annotations

import numpy as np

from vpr_ros.place_map.statistics import Statistics, sum_rows

DIM = 128


def places(count: int, seed: int = 0, dim: int = DIM) -> np.ndarray:
    """Draw views along a drive: neighbours resemble each other; float16 (count, dim)."""
    random = np.random.default_rng(seed)
    steps = random.standard_normal((count, dim)).cumsum(axis=0) * 0.5
    rows = steps + random.standard_normal((count, dim)) + 3.0
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def seen_again(rows: np.ndarray, count: int, seed: int = 1) -> np.ndarray:
    """Draw some of the places from another view; float16 (count, dim)."""
    random = np.random.default_rng(seed)
    some = rows[random.integers(0, len(rows), count)].astype(np.float32)
    some += random.standard_normal(some.shape) * 0.4 / np.sqrt(rows.shape[1])
    return (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float16)


def statistics_of(rows: np.ndarray) -> Statistics:
    """Return the normalisation of all these places."""
    return Statistics.empty(rows.shape[1]).renewed(sum_rows(rows), len(rows))


def nearest(statistics: Statistics, rows: np.ndarray, query: np.ndarray, k: int) -> np.ndarray:
    """Find the k nearest rows from the definition, best first."""
    return np.argsort(-statistics.similarities(query, rows), kind='stable')[:k]
