# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of the feature cache nearest to a query, read slice by slice."""

from __future__ import annotations

import numpy as np

from training.tuples.feature_cache import FeatureCache
from vpr_ros.evaluation.dataset import Indices
from vpr_ros.types import FloatArray


def hardest(cache: FeatureCache, query: FloatArray, rows: Indices, count: int) -> Indices:
    """Find the ``count`` rows nearest to a descriptor, nearest first; of equals the lower row.

    At most ``READ_BYTES`` of the cache are in memory at a time. Descriptors need not be unit
    vectors: Euclidean distance decides, as in the papers.

    Args:
        cache: filled for all ``rows``.
        query: float32 (D,).
        rows: candidates, each once, in any order.
        count: how many; fewer are returned where there are fewer candidates.

    Returns:
        int64 (count,).
    """
    order = np.sort(rows)
    distance = np.empty(len(order), np.float64)
    start = 0
    for part, features in cache.read(order):
        apart = features - query
        distance[start:start + len(part)] = np.einsum('nd,nd->n', apart, apart)
        start += len(part)
    return order[np.argsort(distance, kind='stable')[:count]].astype(np.int64)
