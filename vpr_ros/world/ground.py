# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paints the streets of a town from above: carriageway, pavement, markings, lawns."""

from __future__ import annotations

import itertools

import numpy as np

from vpr_ros.types import ImageArray
from vpr_ros.world.atlas import SMOOTH
from vpr_ros.world.canvas import Canvas, shade
from vpr_ros.world.noise import fractal_noise
from vpr_ros.world.streets import KERB_M, STREET_M, StreetGrid

DENSITY = 18.0
"""Texels per metre of the ground."""


def paint_ground(grid: StreetGrid, rng: np.random.Generator) -> ImageArray:
    """Paint the whole town from above, north up, uint8 (h, w, 4) RGBM."""
    x0, y0, x1, y1 = grid.bounds_m
    canvas = Canvas(x1 - x0, y1 - y0, DENSITY, (104, 104, 107))
    shape = canvas.texels.shape[:2]
    patches = fractal_noise(shape, 3.0 * DENSITY, rng, octaves=4)
    fine = fractal_noise(shape, 3.0, rng, octaves=2)
    canvas.multiply(1.0 + 0.035 * patches + 0.04 * fine)
    _repairs(canvas, grid, rng)
    for left, bottom, right, top in grid.islands():
        _pavement(canvas, left - x0, y1 - top, right - left, top - bottom, rng)
    for left, bottom, right, top in grid.parks:
        _lawn(canvas, left - x0, y1 - top, right - left, top - bottom, rng)
    _markings(canvas, grid, rng)
    return canvas.texels


def _pavement(canvas: Canvas, x: float, y: float, width: float, height: float,
              rng: np.random.Generator) -> None:
    tone = shade((164, 160, 152), rng.uniform(0.9, 1.06))
    if rng.random() < 0.3:
        tone = shade((160, 132, 116), rng.uniform(0.9, 1.05))
    slab = float(rng.choice([0.5, 0.75, 1.0]))
    part = Canvas(width, height, canvas.density, tone)
    rows, columns = int(height / slab) + 1, int(width / slab) + 1
    tones = rng.normal(1.0, 0.035, (rows, columns)).astype(np.float32)
    size = max(canvas.px(slab), 2)
    factor = np.kron(tones, np.ones((size, size), np.float32))
    factor[::size] *= 0.86
    factor[:, ::size] *= 0.86
    shape = part.texels.shape[:2]
    full = np.ones(shape, np.float32)
    rows, columns = min(shape[0], factor.shape[0]), min(shape[1], factor.shape[1])
    full[:rows, :columns] = factor[:rows, :columns]
    full *= 1.0 + 0.04 * fractal_noise(shape, 40.0, rng)
    part.multiply(full)
    edge = 0.17
    for left, top, wide, high in ((0.0, 0.0, width, edge), (0.0, height - edge, width, edge),
                                  (0.0, 0.0, edge, height), (width - edge, 0.0, edge, height)):
        part.rectangle(left, top, wide, high, (182, 180, 174))
    _paste(canvas.texels, part.texels, canvas.px(y), canvas.px(x))


def _paste(target: ImageArray, part: ImageArray, top: int, left: int) -> None:
    row, column = max(-top, 0), max(-left, 0)
    height = min(part.shape[0], target.shape[0] - top) - row
    width = min(part.shape[1], target.shape[1] - left) - column
    if height > 0 and width > 0:
        target[top + row:top + row + height, left + column:left + column + width] = part[
            row:row + height, column:column + width]


def _lawn(canvas: Canvas, x: float, y: float, width: float, height: float,
          rng: np.random.Generator) -> None:
    part = Canvas(width, height, canvas.density, (96, 122, 62))
    shape = part.texels.shape[:2]
    part.multiply(1.0 + 0.10 * fractal_noise(shape, 50.0, rng) + 0.12 * fractal_noise(
        shape, 4.0, rng, octaves=2))
    path = (188, 172, 140)
    part.line(0, height / 2, width, height / 2, 2.2, path)
    part.line(width / 2, 0, width / 2, height, 2.2, path)
    part.ellipse(width / 2, height / 2, 6.5, 6.5, path)
    _paste(canvas.texels, part.texels, canvas.px(y), canvas.px(x))


def _repairs(canvas: Canvas, grid: StreetGrid, rng: np.random.Generator) -> None:
    """Patches of newer asphalt, cracks, and manholes."""
    x0, y0, x1, y1 = grid.bounds_m
    for _ in range(130):
        along_x = rng.random() < 0.5
        if along_x:
            x = rng.uniform(0, x1 - x0)
            y = y1 - float(rng.choice(grid.ys)) + rng.uniform(-KERB_M, KERB_M)
        else:
            x = float(rng.choice(grid.xs)) - x0 + rng.uniform(-KERB_M, KERB_M)
            y = rng.uniform(0, y1 - y0)
        kind = rng.random()
        if kind < 0.35:
            tone = shade((104, 104, 107), rng.uniform(0.72, 1.2))
            long, wide = rng.uniform(1.0, 6.0), rng.uniform(0.5, 1.6)
            canvas.rectangle(x, y, long if along_x else wide, wide if along_x else long, tone)
        elif kind < 0.6:
            canvas.ellipse(x, y, 0.36, 0.36, (62, 60, 58), SMOOTH)
            canvas.ellipse(x, y, 0.29, 0.29, (96, 92, 88), SMOOTH)
        else:
            course = rng.normal(0, 0.45, 2)
            points = np.cumsum(course + rng.normal(0, 0.22, (7, 2)), axis=0) + np.array([x, y])
            for a, b in itertools.pairwise(points):
                canvas.line(a[0], a[1], b[0], b[1], 0.05, (56, 56, 58))


def _markings(canvas: Canvas, grid: StreetGrid, rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = grid.bounds_m
    white = (214, 212, 204)
    for horizontal, centres, crossings, limit in ((False, grid.xs, grid.ys, (y0, y1)),
                                                  (True, grid.ys, grid.xs, (x0, x1))):
        for centre in centres:
            edges = [limit[0] - STREET_M, *crossings, limit[1] + STREET_M]
            zebra = rng.random(len(edges)) < 0.55
            for k, (start, end) in enumerate(itertools.pairwise(edges)):
                begin, finish = start + STREET_M + 3.2, end - STREET_M - 3.2
                for s in np.arange(begin, finish, 4.0):
                    _stripe(canvas, grid, horizontal, centre, s, min(2.0, finish - s), 0.0, 0.13,
                            white)
                for at, wanted in ((start + STREET_M + 0.3, zebra[k]),
                                   (end - STREET_M - 3.0, zebra[k + 1])):
                    if not wanted:
                        _stripe(canvas, grid, horizontal, centre, at + 1.6, 0.35,
                                -KERB_M / 2 if at > (start + end) / 2 else KERB_M / 2,
                                KERB_M - 0.4, white)
                        continue
                    for aside in np.arange(-KERB_M + 0.5, KERB_M - 0.2, 1.0):
                        _stripe(canvas, grid, horizontal, centre, at, 2.7, aside + 0.25, 0.5,
                                white)
                for side in (-1, 1):
                    _stripe(canvas, grid, horizontal, centre, begin + 2.0,
                            max(finish - begin - 4.0, 0.0), side * (KERB_M - 2.05), 0.10,
                            shade(white, 0.92))
    wear = fractal_noise(canvas.texels.shape[:2], 3.0, rng, octaves=2)
    marked = (canvas.texels[..., :3].min(axis=2) > 196) & (wear > 1.35)
    canvas.texels[marked] = (120, 120, 120, 128)


def _stripe(canvas: Canvas, grid: StreetGrid, horizontal: bool, centre: float, start: float,
            length: float, aside: float, width: float, colour) -> None:
    """Paint a stripe along a street; ``aside``: from its centre line to the stripe's middle."""
    x0, _, _, y1 = grid.bounds_m
    if length <= 0:
        return
    if horizontal:
        canvas.rectangle(start - x0, y1 - centre - aside - width / 2, length, width, colour)
    else:
        canvas.rectangle(centre + aside - width / 2 - x0, y1 - start - length, width, length,
                         colour)
