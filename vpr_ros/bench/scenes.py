# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Made-up patches and matches on which re-ranking is timed."""

from __future__ import annotations

import numpy as np

from vpr_ros.rerank.codes import encode, PatchCodes
from vpr_ros.types import FloatArray, PatchSet

STRIDE_PX = 16


def lattice_px(grid: tuple[int, int]) -> FloatArray:
    """Patch centres of a grid, 16 px apart: float32 (n, 2)."""
    y, x = np.mgrid[: grid[0], : grid[1]]
    return (np.stack([x, y], -1).reshape(-1, 2) * STRIDE_PX + 7.5).astype(np.float32)


def patches(descriptors: np.ndarray) -> PatchSet:
    """Descriptors (rows, columns, d) as unit vectors on the lattice."""
    rows, columns, dim = descriptors.shape
    flat = descriptors.reshape(-1, dim)
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return PatchSet(unit.astype(np.float32), lattice_px((rows, columns)), (rows, columns))


def query_and_candidates(
    rng: np.random.Generator, count: int, grid: tuple[int, int], dim: int,
) -> tuple[PatchSet, list[PatchCodes]]:
    """Make a query and its candidates, every tenth of which shows the same place.

    Neighbouring patches overlap as real ones do (white noise smoothed along both axes), the same
    place is seen with noise and up to two cells of shift. Candidate 0 is the nearest.
    """
    def world() -> np.ndarray:
        noise = rng.normal(size=(grid[0] + 6, grid[1] + 6, dim))
        for axis in (0, 1):
            noise = noise + 0.7 * np.roll(noise, 1, axis) + 0.4 * np.roll(noise, 2, axis)
        return noise

    own = world()
    sigma = float(own.std())

    def look(scene: np.ndarray, row: int, column: int, noise: float) -> np.ndarray:
        part = scene[row:row + grid[0], column:column + grid[1]]
        return part + noise * sigma * rng.normal(size=part.shape)

    candidates = []
    for index in range(count):
        same = index % 10 == 0
        row, column = (int(v) for v in rng.integers(1, 6, 2)) if same and index else (3, 3)
        scene, noise = (own, 0.6 if index == 0 else 1.2) if same else (world(), 0.6)
        candidates.append(encode(patches(look(scene, row, column, noise))))
    return patches(look(own, 3, 3, 0.3)), candidates


def matched_points(
    rng: np.random.Generator, count: int, grid: tuple[int, int], matches: int = 97,
) -> list[tuple[FloatArray, FloatArray]]:
    """Make matched patch centres of candidates, from none to nine tenths of them in agreement.

    97 matches a pair is the median of 936 patches on real corridor images.
    """
    centers = lattice_px(grid)
    matches = min(matches, len(centers))
    found = []
    for index in range(count):
        chosen = rng.choice(len(centers), matches, replace=False)
        query = centers[chosen]
        wrong = centers[rng.choice(len(centers), matches, replace=False)]
        scale = rng.uniform(0.85, 1.15)
        right = query * scale + rng.uniform(-40, 40, 2) + rng.normal(size=query.shape) * 6
        agrees = rng.random(matches) < 0.9 * index / max(count - 1, 1)
        found.append((query, np.where(agrees[:, None], right, wrong).astype(np.float32)))
    return found
