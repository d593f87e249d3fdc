# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Builds an indoor corridor that leads around six corners back to its beginning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vpr_ros.world.atlas import Atlas, SMOOTH
from vpr_ros.world.canvas import Canvas, Colour, shade
from vpr_ros.world.faces import FaceList, Faces
from vpr_ros.world.houses import Wall, walls_of
from vpr_ros.world.panels import (
    corridor_style,
    CorridorStyle,
    DAYLIGHT_SHINE,
    HEIGHT_M,
    paint_ceiling,
    paint_exit_sign,
    paint_floor,
    paint_panel,
)
from vpr_ros.world.route import Route
from vpr_ros.world.scene import billboards, CELL_M, Plan, Scene
from vpr_ros.world.sprites import paint_person
from vpr_ros.world.streets import loop_corners, StreetGrid

HALF_M = 1.4
"""From the middle of the corridor to its walls, metres."""

Float64Array = NDArray[np.float64]


def build_corridor(seed: int, scale: float) -> Scene:
    """Build a corridor that depends on ``seed`` alone; ``scale`` stretches it."""
    return _CorridorBuilder(seed, scale).build()


class _CorridorBuilder:

    def __init__(self, seed: int, scale: float) -> None:
        self.rng = np.random.default_rng([seed, 2])
        xs = np.cumsum([0.0, *(self.rng.uniform(18, 28, 2) * scale)])
        ys = np.cumsum([0.0, *(self.rng.uniform(16, 25, 2) * scale)])
        grid = StreetGrid(xs - xs.mean(), ys - ys.mean())
        self.corners = loop_corners(grid, int(self.rng.integers(4)),
                                    bool(self.rng.random() < 0.5))
        # With the outside on its right, a wall on the right may have windows.
        self.outside = -1 if _area(self.corners) > 0 else 1
        self.faces, self.atlas = FaceList(), Atlas()
        self.lamps: list[tuple[float, float, float]] = []
        self.number = int(self.rng.integers(100, 300))

    def build(self) -> Scene:
        count = len(self.corners)
        exit_sign = self.atlas.add(paint_exit_sign())
        styles = [corridor_style(self.rng) for _ in range(count)]
        sides = {side: [self._offset(k, side) for k in range(count)] for side in (-1, 1)}
        for k in range(count):
            following = (k + 1) % count
            start, end = self.corners[k], self.corners[following]
            self._floor_and_ceiling(start, end, styles[k])
            for side in (-1, 1):
                ends = sides[side][k], sides[side][following]
                wall = Wall(*ends) if side > 0 else Wall(ends[1], ends[0])
                self._wall(wall, styles[k], side == self.outside)
            self._exit_sign(start, end, exit_sign)
        people = [(self.atlas.add(*paint_person(np.random.default_rng([31, k]), 0)),
                   self.atlas.add(*paint_person(np.random.default_rng([31, k]), 1)))
                  for k in range(10)]
        objects = [self._carton((168, 130, 88), 0.5), self._carton((110, 116, 122), 0.9),
                   self._carton((66, 104, 130), 0.75)]
        self.atlas.pack()
        walks = np.array([(self.corners[k], self.corners[(k + 1) % count]) for k in range(count)])
        return Scene(
            indoor=True, atlas=self.atlas, faces=self.faces.faces(),
            route=Route(self.corners, 2.2), lane_m=0.25, room_m=0.6, plan=self._plan(),
            lamps_m=np.array(self.lamps, np.float32), lamp_sprites=billboards([]),
            trees={season: billboards([]) for season in ('spring', 'summer', 'autumn', 'winter')},
            parking_m=self._niches(), walks_m=walks, car_templates=objects,
            person_textures=people)

    def _offset(self, k: int, side: int) -> Float64Array:
        """Corner ``k`` of the wall on the left (1) or right (-1) of the driving direction."""
        total = self.corners[k].copy()
        for a, b in ((k - 1, k), (k, (k + 1) % len(self.corners))):
            along = self.corners[b] - self.corners[a]
            along = along / np.linalg.norm(along)
            total += side * HALF_M * np.array([-along[1], along[0]])
        return total

    def _wall(self, wall: Wall, style: CorridorStyle, outer: bool) -> None:
        rng = self.rng
        count = max(round(wall.width_m / rng.uniform(3.4, 4.8)), 1)
        cuts = np.concatenate([[0.0], np.cumsum(rng.uniform(0.7, 1.3, count))])
        cuts *= wall.width_m / cuts[-1]
        kinds = ['doors', 'doors', 'notices', 'lockers', 'safety', 'plain']
        kinds += ['windows', 'windows', 'windows'] if outer else ['doors', 'doors', 'glazed']
        for left, right in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            kind = str(rng.choice(kinds))
            texture = self.atlas.add(paint_panel(style, right - left, kind, self.number, rng))
            self.number += kind == 'doors'
            self.faces.add(wall.rectangle(left, right, 0.0, HEIGHT_M), texture,
                           (0, 0, *self.atlas.size_of(texture)),
                           shine=DAYLIGHT_SHINE if kind == 'windows' else 0.8)
            if kind in ('plain', 'notices') and rng.random() < 0.5:
                self._cabinet(wall, left + 0.3, min(right - 0.3, left + 1.5), style)
            if rng.random() < 0.3:
                self._pilaster(wall, right, style)

    def _cabinet(self, wall: Wall, left: float, right: float, style: CorridorStyle) -> None:
        high = float(self.rng.choice([0.75, 0.95, 1.9]))
        canvas = Canvas(right - left, high, 48.0, style.door)
        middle = (right - left) / 2
        canvas.texels[..., 3] = SMOOTH
        canvas.rectangle(middle - 0.01, 0, 0.02, high, shade(style.door, 0.5), SMOOTH)
        for x in (middle - 0.12, middle + 0.08):
            canvas.rectangle(x, high * 0.4, 0.03, 0.14, (60, 60, 60), SMOOTH)
        canvas.rectangle(0, high - 0.07, right - left, 0.07, (50, 48, 46), SMOOTH)
        texture = self.atlas.add(canvas.texels)
        window = (0, 0, *self.atlas.size_of(texture))
        deep = 0.36
        front = wall.rectangle(left, right, 0.0, high, deep)
        back = wall.rectangle(left, right, 0.0, high, 0.0)
        self.faces.add(front, texture, window)
        self.faces.add([back[0], front[0], front[3], back[3]], texture, (0, 0, 16, window[3]),
                       tint=(0.85, 0.85, 0.85))
        self.faces.add([front[1], back[1], back[2], front[2]], texture, (0, 0, 16, window[3]),
                       tint=(0.85, 0.85, 0.85))
        self.faces.add([back[0], back[1], front[1], front[0]], texture, (0, 0, window[2], 8),
                       flat=0.0)

    def _pilaster(self, wall: Wall, along: float, style: CorridorStyle) -> None:
        left, right = max(along - 0.2, 0.0), min(along + 0.2, wall.width_m)
        texture = self.atlas.add(paint_panel(style, 0.5, 'plain', 0, np.random.default_rng(3)))
        window = (0, 0, *self.atlas.size_of(texture))
        front = wall.rectangle(left, right, 0.0, HEIGHT_M, 0.16)
        back = wall.rectangle(left, right, 0.0, HEIGHT_M, 0.0)
        for corners in (front, [back[0], front[0], front[3], back[3]],
                        [front[1], back[1], back[2], front[2]]):
            self.faces.add(corners, texture, window, tint=(0.93, 0.93, 0.93))

    def _floor_and_ceiling(self, start: Float64Array, end: Float64Array, style: CorridorStyle,
                           ) -> None:
        """Of one stretch, with the square at its beginning."""
        along = (end - start) / np.linalg.norm(end - start)
        length = float(np.linalg.norm(end - start))
        left = np.array([-along[1], along[0]]) * HALF_M
        first, last = start - along * HALF_M, end - along * HALF_M
        gaps = np.arange(HALF_M, length, style.lamp_gap_m)
        for x in gaps:
            point = first + along * x
            self.lamps.append((float(point[0]), float(point[1]), HEIGHT_M))
        ceiling = self.atlas.add(paint_ceiling(style, length, 2 * HALF_M, gaps))
        floor = self.atlas.add(paint_floor(style, length, 2 * HALF_M, self.rng))
        below = [(*(first + left), 0.0), (*(last + left), 0.0), (*(last - left), 0.0),
                 (*(first - left), 0.0)]
        above = [(*(first - left), HEIGHT_M), (*(last - left), HEIGHT_M),
                 (*(last + left), HEIGHT_M), (*(first + left), HEIGHT_M)]
        self.faces.add(below, floor, (0, 0, *self.atlas.size_of(floor)))
        self.faces.add(above, ceiling, (0, 0, *self.atlas.size_of(ceiling)), shine=1.6)

    def _exit_sign(self, start: Float64Array, end: Float64Array, texture: int) -> None:
        along = (end - start) / np.linalg.norm(end - start)
        left = np.array([-along[1], along[0]])
        point = end - along * 3.5 + left * self.rng.uniform(-0.5, 0.5)
        window = (0, 0, *self.atlas.size_of(texture))
        for turn in (1.0, -1.0):
            wall = Wall(point + turn * left * 0.45, point - turn * left * 0.45)
            self.faces.add(wall.rectangle(0, 0.9, 2.35, 2.65), texture, window)

    def _carton(self, colour: Colour, size: float) -> Faces:
        """Something that stands in the way in one drive and not in the next."""
        faces = FaceList()
        canvas = Canvas(size, size, 64.0, colour)
        canvas.texels[..., 3] = SMOOTH
        canvas.rectangle(size * 0.42, 0, size * 0.16, size, shade(colour, 1.2), SMOOTH)
        canvas.rectangle(size * 0.12, size * 0.6, size * 0.2, size * 0.2, (236, 234, 226), SMOOTH)
        texture = self.atlas.add(canvas.texels)
        window = (0, 0, *self.atlas.size_of(texture))
        half = size / 2
        for wall in walls_of(-half, -half, half, half):
            faces.add(wall.rectangle(0, size, 0, size), texture, window)
        faces.add([(-half, half, size), (half, half, size), (half, -half, size),
                   (-half, -half, size)], texture, window, flat=0.0)
        return faces.faces()

    def _niches(self) -> Float64Array:
        places = []
        for k in range(len(self.corners)):
            start, end = self.corners[k], self.corners[(k + 1) % len(self.corners)]
            length = float(np.linalg.norm(end - start))
            along = (end - start) / length
            left = np.array([-along[1], along[0]])
            for s in np.arange(4.0, length - 4.0, 7.0):
                # Only on the side that the lane keeps clear of.
                x, y = start + along * (s + self.rng.uniform(0, 3)) + left * (HALF_M - 0.42)
                places.append((x, y, float(np.arctan2(along[1], along[0]))))
        return np.array(places).reshape(-1, 3)

    def _plan(self) -> Plan:
        low, high = self.corners.min(axis=0) - 4.0, self.corners.max(axis=0) + 4.0
        shape = (int((high[1] - low[1]) / CELL_M), int((high[0] - low[0]) / CELL_M))
        y, x = (np.indices(shape) + 0.5) * CELL_M
        points = np.stack([x + low[0], y + low[1]], axis=-1)
        height = np.full(shape, HEIGHT_M, np.float32)
        for k in range(len(self.corners)):
            start, end = self.corners[k], self.corners[(k + 1) % len(self.corners)]
            inside = ((points >= np.minimum(start, end) - HALF_M)
                      & (points <= np.maximum(start, end) + HALF_M)).all(axis=-1)
            height[inside] = 0.0
        return Plan((float(low[0]), float(low[1])), height, np.zeros(shape, np.float32))


def _area(corners: Float64Array) -> float:
    """Signed area of a polygon, positive when it runs counter-clockwise."""
    x, y = corners.T
    return float(0.5 * (x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
