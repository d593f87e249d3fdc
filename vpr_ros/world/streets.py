# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The street plan of a town: a grid of uneven blocks and the way around some of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

STREET_M = 8.0
"""From the centre line of a street to the fronts of the houses, metres."""

KERB_M = 5.0
"""From the centre line of a street to the kerb, metres."""

OUTSKIRT_M = 15.0
"""Depth of the rows of houses around the grid, metres."""

Rectangle = tuple[float, float, float, float]
"""West, south, east, north, metres."""


@dataclass(frozen=True)
class StreetGrid:
    """Streets along x and along y.

    Attributes:
        xs: float64 (3,), x of the centre lines of the streets that run along y.
        ys: float64 (3,), y of the centre lines of the streets that run along x.
        parks: blocks without houses, inside their pavements.
    """

    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    parks: list[Rectangle] = field(default_factory=list)

    @property
    def bounds_m(self) -> Rectangle:
        """All that is painted from above."""
        margin = STREET_M + 3.0
        return (float(self.xs[0]) - margin, float(self.ys[0]) - margin,
                float(self.xs[-1]) + margin, float(self.ys[-1]) + margin)

    def blocks(self) -> list[tuple[Rectangle, set[int], bool]]:
        """Where houses may stand: rectangle, sides on a street (S, E, N, W), inside the grid."""
        result = []
        for column in range(len(self.xs) + 1):
            for row in range(len(self.ys) + 1):
                west, east = self._span(self.xs, column)
                south, north = self._span(self.ys, row)
                sides = set()
                if row > 0:
                    sides.add(0)
                if column < len(self.xs):
                    sides.add(1)
                if row < len(self.ys):
                    sides.add(2)
                if column > 0:
                    sides.add(3)
                result.append(((west, south, east, north), sides, len(sides) == 4))
        return result

    def islands(self) -> list[Rectangle]:
        """Return what lies higher than the carriageway: blocks and the pavements around them."""
        wide = STREET_M - KERB_M
        return [(west - wide, south - wide, east + wide, north + wide)
                for (west, south, east, north), _, _ in self.blocks()]

    @staticmethod
    def _span(centres: NDArray[np.float64], k: int) -> tuple[float, float]:
        low = float(centres[k - 1]) + STREET_M if k else float(centres[0]) - STREET_M - OUTSKIRT_M
        high = (float(centres[k]) - STREET_M if k < len(centres)
                else float(centres[-1]) + STREET_M + OUTSKIRT_M)
        return low, high


def random_grid(rng: np.random.Generator, scale: float) -> StreetGrid:
    """Draw a random grid of two by two blocks, of different sizes."""
    xs = np.cumsum([0.0, *(2 * STREET_M + rng.uniform(24, 40, 2) * scale)])
    ys = np.cumsum([0.0, *(2 * STREET_M + rng.uniform(22, 34, 2) * scale)])
    return StreetGrid(xs - xs.mean(), ys - ys.mean())


def loop_corners(grid: StreetGrid, omitted: int, clockwise: bool) -> NDArray[np.float64]:
    """float64 (6, 2): the way around all blocks but one, an L with six turns."""
    x, y = grid.xs, grid.ys
    ways = [
        [(x[1], y[0]), (x[2], y[0]), (x[2], y[2]), (x[0], y[2]), (x[0], y[1]), (x[1], y[1])],
        [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[2], y[1]), (x[2], y[2]), (x[0], y[2])],
        [(x[0], y[0]), (x[2], y[0]), (x[2], y[1]), (x[1], y[1]), (x[1], y[2]), (x[0], y[2])],
        [(x[0], y[0]), (x[2], y[0]), (x[2], y[2]), (x[1], y[2]), (x[1], y[1]), (x[0], y[1])],
    ]
    corners = np.array(ways[omitted % 4])
    return corners[::-1].copy() if clockwise else corners
