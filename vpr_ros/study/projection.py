# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""PCA of a map's descriptors, learned from the database, applied to places and queries."""

from __future__ import annotations

import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.types import FloatArray

MOST_ROWS = 10_000  # that it is learned from


def principal(rows: FloatArray, dim: int) -> tuple[FloatArray, FloatArray]:
    """Mean and principal directions.

    Args:
        rows: float32 (n, D).
        dim: number of directions, at most min(n - 1, D).

    Returns:
        mean float32 (D,), directions float32 (dim, D), orthonormal, largest variance first.

    Raises:
        DataError: there are too few rows.
    """
    if dim > min(len(rows) - 1, rows.shape[1]):
        raise DataError(f'{dim} PCA dimensions were asked for, but {len(rows)} places of '
                        f'{rows.shape[1]} numbers give at most '
                        f'{min(len(rows) - 1, rows.shape[1])}')
    sample = rows[:: max(1, len(rows) // MOST_ROWS)].astype(np.float64)
    mean = sample.mean(axis=0)
    centred = sample - mean
    if centred.shape[0] < centred.shape[1]:  # the smaller of the two Gram matrices
        values, vectors = np.linalg.eigh(centred @ centred.T)
        order = np.argsort(values)[::-1][:dim]
        directions = vectors[:, order].T @ centred
        directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    else:
        values, vectors = np.linalg.eigh(centred.T @ centred)
        directions = vectors[:, np.argsort(values)[::-1][:dim]].T
    return mean.astype(np.float32), directions.astype(np.float32)


def project(rows: FloatArray, mean: FloatArray, directions: FloatArray) -> FloatArray:
    """Project rows and bring them to length 1, float32 (n, dim); zeros stay zeros."""
    small = (rows - mean) @ directions.T
    norms = np.linalg.norm(small, axis=1, keepdims=True)
    return np.asarray(small / np.maximum(norms, 1e-12), np.float32)
