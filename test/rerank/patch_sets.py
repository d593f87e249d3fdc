# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patch sets that the tests of this folder share: random scenes, and views of them."""

from __future__ import annotations

import numpy as np

from vpr_ros.types import PatchSet


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to unit length, float32."""
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def patch_set(descriptors: np.ndarray, *, step_px: float = 16.0) -> PatchSet:
    """Descriptors (rows, columns, d) on a regular grid as a PatchSet."""
    rows, columns, dim = descriptors.shape
    y, x = np.mgrid[:rows, :columns]
    centers = (np.stack([x, y], -1).reshape(-1, 2) * step_px + 7.5).astype(np.float32)
    return PatchSet(unit(descriptors.reshape(-1, dim)), centers, (rows, columns))


def scene(seed: int, rows: int = 12, columns: int = 14, dim: int = 32) -> np.ndarray:
    """Draw a world of unlike patches, larger than any view of it."""
    return np.random.default_rng(seed).normal(size=(rows, columns, dim))


def look(world: np.ndarray, row: int, column: int, grid: tuple[int, int], *,
         noise: float = 0.0, seed: int = 0) -> PatchSet:
    """Return the part of a world that a camera sees, with noise."""
    part = world[row:row + grid[0], column:column + grid[1]]
    return patch_set(part + noise * np.random.default_rng(seed).normal(size=part.shape))
