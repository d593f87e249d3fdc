# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground plans of a town: what throws shadows, where cars park, where people walk."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from vpr_ros.world.scene import CELL_M, Plan
from vpr_ros.world.streets import KERB_M, Rectangle, STREET_M, StreetGrid


def town_plan(grid: StreetGrid, solid: list[tuple[Rectangle, float]], trees: list[tuple]) -> Plan:
    """Heights of houses and trees, and where wheels roll.

    Args:
        grid: the streets.
        solid: houses: rectangle and height.
        trees: position (3,), height, species.
    """
    x0, y0, x1, y1 = grid.bounds_m
    margin = 20.0
    origin = (x0 - margin, y0 - margin)
    shape = (int((y1 - y0 + 2 * margin) / CELL_M), int((x1 - x0 + 2 * margin) / CELL_M))
    y, x = ((np.indices(shape) + 0.5) * CELL_M)
    x, y = x + origin[0], y + origin[1]
    height = np.zeros(shape, np.float32)
    for (west, south, east, north), top in solid:
        height[(x > west) & (x < east) & (y > south) & (y < north)] = top
    for (tx, ty, _), tall, _ in trees:
        near = np.hypot(x - tx, y - ty) < 0.24 * tall
        height[near] = np.maximum(height[near], 0.85 * tall)
    road = np.zeros(shape, np.float32)
    for centre in grid.xs:
        road = np.maximum(road, _tracks(x - centre))
    for centre in grid.ys:
        road = np.maximum(road, _tracks(y - centre))
    return Plan(origin, height, road)


def parking_places(grid: StreetGrid, rng: np.random.Generator) -> NDArray[np.float64]:
    """float64 (P, 3): x, y, heading of places along the kerbs."""
    places = []
    for along_y, centres, crossings in ((True, grid.xs, grid.ys), (False, grid.ys, grid.xs)):
        for centre in centres:
            for start, end in itertools.pairwise(crossings):
                for side in (-1, 1):
                    if rng.random() < 0.2:
                        continue
                    for s in np.arange(start + STREET_M + 7.0, end - STREET_M - 6.0, 5.8):
                        aside = centre + side * (KERB_M - 1.05)
                        if along_y:
                            places.append((aside, s, np.pi / 2 * side))
                        else:
                            places.append((s, aside, np.pi if side > 0 else 0.0))
    return np.array(places).reshape(-1, 3)


def walking_lines(grid: StreetGrid) -> NDArray[np.float64]:
    """float64 (N, 2, 2): lines along the pavements."""
    lines = []
    for west, south, east, north in grid.islands():
        inset = 1.6
        corners = np.array([(west + inset, south + inset), (east - inset, south + inset),
                            (east - inset, north - inset), (west + inset, north - inset)])
        lines += [(corners[k], corners[(k + 1) % 4]) for k in range(4)
                  if np.linalg.norm(corners[k] - corners[(k + 1) % 4]) > 26.0]
    return np.array(lines)


def _tracks(aside: np.ndarray) -> np.ndarray:
    """How far wheels clear the snow, by distance from the centre line of a street."""
    tracks = np.zeros(aside.shape, np.float32)
    for lane in (-1.5, 1.5):
        for wheel in (-0.75, 0.75):
            tracks = np.maximum(tracks, np.exp(-((aside - lane - wheel) / 0.36) ** 2))
    return np.maximum(tracks, 0.35 * (np.abs(aside) < KERB_M))
