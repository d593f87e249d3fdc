# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Builds a town: blocks of houses along streets, a park, trees, lamps, room for traffic."""

from __future__ import annotations

import itertools

import numpy as np

from vpr_ros.world.atlas import Atlas
from vpr_ros.world.canvas import Canvas
from vpr_ros.world.cars import car_templates
from vpr_ros.world.faces import FaceList, Grain
from vpr_ros.world.ground import DENSITY, paint_ground
from vpr_ros.world.houses import HouseBuilder, Wall, walls_of
from vpr_ros.world.noise import fractal_noise
from vpr_ros.world.route import Route
from vpr_ros.world.scene import Billboards, billboards, Scene
from vpr_ros.world.sprites import paint_lamp, paint_person, paint_railing, paint_tree
from vpr_ros.world.streets import (
    KERB_M,
    loop_corners,
    random_grid,
    Rectangle,
    STREET_M,
    StreetGrid,
)
from vpr_ros.world.town_plan import parking_places, town_plan, walking_lines

KERB_HEIGHT_M = 0.12
_SEASONS = ('spring', 'summer', 'autumn', 'winter')
_LAMP_SIZE = (1.3, 5.2)


def build_town(seed: int, scale: float) -> Scene:
    """Build a town that depends on ``seed`` alone; ``scale`` stretches its blocks."""
    return _TownBuilder(seed, scale).build()


class _TownBuilder:

    def __init__(self, seed: int, scale: float) -> None:
        self.rng = np.random.default_rng([seed, 1])
        self.grid: StreetGrid = random_grid(self.rng, scale)
        self.faces, self.atlas = FaceList(), Atlas()
        self.trees: list[tuple] = []  # position, height, species
        self.lamps: list[tuple[float, float]] = []
        self.solid: list[tuple[Rectangle, float]] = []

    def build(self) -> Scene:
        rng, grid = self.rng, self.grid
        park = int(rng.integers(4))
        inner = [rectangle for rectangle, _, inside in grid.blocks() if inside]
        grid.parks.append(inner[park])
        self._ground()
        houses = HouseBuilder(self.faces, self.atlas, rng)
        fence = self.atlas.add(*paint_railing(3.0, 1.3, (52, 60, 54), 0.16))
        hedge = self.atlas.add(_paint_hedge(rng))
        for rectangle, sides, _ in grid.blocks():
            if rectangle in grid.parks:
                self._park(rectangle, houses, fence)
            else:
                self._block(rectangle, sides, houses, fence, hedge)
        self._outskirts(houses)
        self._street_furniture()
        omitted = int(rng.integers(4))
        route = Route(loop_corners(grid, omitted, bool(rng.random() < 0.5)), 7.0)
        species = {season: [self.atlas.add(*paint_tree(season, kind, np.random.default_rng(
            [97, kind]))) for kind in range(4)] for season in _SEASONS}
        lamp_style = int(rng.integers(3))
        lamp = self.atlas.add(*paint_lamp(lamp_style))
        people = [(self.atlas.add(*paint_person(np.random.default_rng([31, k]), 0)),
                   self.atlas.add(*paint_person(np.random.default_rng([31, k]), 1)))
                  for k in range(10)]
        cars = car_templates(self.atlas)
        self.atlas.pack()
        lamp_rows = [((x, y, KERB_HEIGHT_M), *_LAMP_SIZE, lamp, (1.0, 1.0, 1.0))
                     for x, y in self.lamps]
        return Scene(
            indoor=False, atlas=self.atlas, faces=self.faces.faces(), route=route,
            lane_m=1.5, room_m=0.9,
            plan=town_plan(self.grid, self.solid, self.trees),
            lamps_m=np.array([(x, y, 4.85) for x, y in self.lamps], np.float32),
            lamp_sprites=billboards(lamp_rows),
            trees={season: self._tree_boards(season, species[season]) for season in _SEASONS},
            parking_m=parking_places(self.grid, rng), walks_m=walking_lines(self.grid),
            car_templates=cars, person_textures=people)

    def _ground(self) -> None:
        rng, grid = self.rng, self.grid
        x0, y0, x1, y1 = grid.bounds_m
        texture = self.atlas.add(paint_ground(grid, rng))
        field = Canvas(40.0, 40.0, 4.0, (112, 118, 92))
        field.multiply(1.0 + 0.12 * fractal_noise(field.texels.shape[:2], 30.0, rng))
        far = self.atlas.add(field.texels)
        kerb = self.atlas.add(Canvas(2.0, 1.0, 16.0, (158, 156, 150)).texels)
        road = self.atlas.add(Canvas(2.0, 2.0, 16.0, (100, 100, 103)).texels)

        def level(rectangle: Rectangle, height: float) -> list[tuple[float, float, float]]:
            west, south, east, north = rectangle
            return [(west, north, height), (east, north, height), (east, south, height),
                    (west, south, height)]

        def add_flat(rectangle: Rectangle, height: float) -> None:
            west, south, east, north = rectangle
            window = ((west - x0) * DENSITY, (y1 - north) * DENSITY, (east - x0) * DENSITY,
                      (y1 - south) * DENSITY)
            self.faces.add(level(rectangle, height), texture, window, grain=Grain.ASPHALT)

        add_flat(grid.bounds_m, 0.0)
        reach = 300.0
        self.faces.add(level((x0 - reach, y0 - reach, x1 + reach, y1 + reach), -0.25), far,
                       (0, 0, *self.atlas.size_of(far)))
        for x in grid.xs:
            for south, north in ((y0 - 60.0, y0), (y1, y1 + 60.0)):
                self.faces.add(level((x - KERB_M, south, x + KERB_M, north), -0.02), road,
                               (0, 0, 32, 32))
        for y in grid.ys:
            for west, east in ((x0 - 60.0, x0), (x1, x1 + 60.0)):
                self.faces.add(level((west, y - KERB_M, east, y + KERB_M), -0.02), road,
                               (0, 0, 32, 32))
        for west, south, east, north in grid.islands():
            inner = (max(west, x0), max(south, y0), min(east, x1), min(north, y1))
            add_flat(inner, KERB_HEIGHT_M)
            for wall in walls_of(west, south, east, north):
                self.faces.add(wall.rectangle(0, wall.width_m, 0, KERB_HEIGHT_M), kerb,
                               (0, 0, 32, 16))

    def _block(self, rectangle: Rectangle, sides: set[int], houses: HouseBuilder, fence: int,
               hedge: int) -> None:
        rng = self.rng
        west, south, east, north = rectangle
        deep = min(9.5, (north - south) / 2 - 1.0 if {0, 2} <= sides else north - south)
        rows = []
        low, high = south, north
        if 0 in sides:
            rows.append((0, (west, south, east, south + deep)))
            low = south + deep
        if 2 in sides:
            rows.append((2, (west, north - deep, east, north)))
            high = north - deep
        for side in (1, 3):
            if side in sides and high - low > 6.0:
                edge = (east - 9.5, east) if side == 1 else (west, west + 9.5)
                rows.append((side, (edge[0], low, edge[1], high)))
        for side, (x0, y0, x1, y1) in rows:
            along_x = side in (0, 2)
            cuts = _cuts(x1 - x0 if along_x else y1 - y0, rng)
            for k, (start, end) in enumerate(itertools.pairwise(cuts)):
                lot = ((x0 + start, y0, x0 + end, y1) if along_x
                       else (x0, y0 + start, x1, y0 + end))
                street = {side}
                if along_x and k == 0 and 3 in sides:
                    street.add(3)
                if along_x and k == len(cuts) - 2 and 1 in sides:
                    street.add(1)
                if len(street) == 1 and rng.random() < 0.14:
                    self._garden(lot, side, fence, hedge)
                    continue
                eaves = houses.house(*lot, street)
                self.solid.append((lot, eaves + 1.0))

    def _garden(self, lot: Rectangle, side: int, fence: int, hedge: int) -> None:
        rng = self.rng
        walls = walls_of(*lot)
        wall, back = walls[side], walls[(side + 2) % 4]
        wide, high = self.atlas.size_of(fence)
        for start in np.arange(0.0, wall.width_m - 0.1, 3.0):
            end = min(start + 3.0, wall.width_m)
            self.faces.add(wall.rectangle(start, end, 0.1, 1.4), fence,
                           (0, 0, wide * (end - start) / 3.0, high), cutout=True,
                           normal=(*wall.outward, 0.3))
        turned = Wall(back.right_m, back.left_m)
        self.faces.add(turned.rectangle(0, turned.width_m, 0, 2.2), hedge,
                       (0, 0, *self.atlas.size_of(hedge)), grain=Grain.FOLIAGE)
        middle = wall.point(wall.width_m * rng.uniform(0.3, 0.7), 0.0, -rng.uniform(2.5, 6.0))
        self.trees.append(((middle[0], middle[1], 0.1), rng.uniform(5.0, 8.5),
                           int(rng.integers(4))))

    def _park(self, rectangle: Rectangle, houses: HouseBuilder, fence: int) -> None:
        rng = self.rng
        west, south, east, north = rectangle
        wide, high = self.atlas.size_of(fence)
        for wall in walls_of(*rectangle):
            gate = wall.width_m / 2
            for start in np.arange(0.0, wall.width_m - 0.1, 3.0):
                end = min(start + 3.0, wall.width_m)
                if abs((start + end) / 2 - gate) < 2.2:
                    continue
                self.faces.add(wall.rectangle(start, end, 0.1, 1.3), fence,
                               (0, 0, wide * (end - start) / 3.0, high), cutout=True,
                               normal=(*wall.outward, 0.3))
        for _ in range(int((east - west) * (north - south) / 55)):
            x, y = rng.uniform(west + 2, east - 2), rng.uniform(south + 2, north - 2)
            if np.hypot(x - (west + east) / 2, y - (south + north) / 2) > 7.0:
                self.trees.append(((x, y, 0.1), rng.uniform(5.0, 10.0), int(rng.integers(4))))
        half, height = 2.6, float(rng.uniform(14, 19))
        x, y = (west + east) / 2, (south + north) / 2
        houses.tower(x, y, half, height)
        self.solid.append(((x - half, y - half, x + half, y + half), height + 3.0))

    def _outskirts(self, houses: HouseBuilder) -> None:
        """Build what ends the streets for the eye: a house across, or trees along the road."""
        rng, grid = self.rng, self.grid
        x0, y0, x1, y1 = grid.bounds_m
        ends = [((x, y0), (0, -1), 2) for x in grid.xs] + [((x, y1), (0, 1), 0) for x in grid.xs]
        ends += [((x0, y), (-1, 0), 1) for y in grid.ys] + [((x1, y), (1, 0), 3) for y in grid.ys]
        for (x, y), (out_x, out_y), front in ends:
            if rng.random() < 0.55:
                away, half = rng.uniform(26, 44), rng.uniform(7, 11)
                middle = (x + out_x * (away + 5), y + out_y * (away + 5))
                wide = (half, 5.0) if out_y else (5.0, half)
                houses.house(middle[0] - wide[0], middle[1] - wide[1], middle[0] + wide[0],
                             middle[1] + wide[1], {front})
            for _ in range(int(rng.integers(4, 10))):
                away, aside = rng.uniform(16, 75), rng.choice([-1, 1]) * rng.uniform(7.5, 24)
                place = (x + out_x * away + out_y * aside, y + out_y * away + out_x * aside, -0.2)
                self.trees.append((place, rng.uniform(5, 9), int(rng.integers(4))))

    def _street_furniture(self) -> None:
        rng, grid = self.rng, self.grid
        for along_y, centres, crossings in ((True, grid.xs, grid.ys), (False, grid.ys, grid.xs)):
            for centre in centres:
                for start, end in itertools.pairwise(crossings):
                    begin, finish = start + STREET_M + 2.0, end - STREET_M - 2.0
                    avenue, kind = rng.random() < 0.55, int(rng.integers(4))
                    for side in (-1, 1):
                        aside = centre + side * (KERB_M + 0.7)
                        lit = np.arange(begin + (4.0 if side > 0 else 11.0), finish, 15.0)
                        for s in lit:
                            self.lamps.append((aside, s) if along_y else (s, aside))
                        if not avenue or rng.random() < 0.25:
                            continue
                        for s in np.arange(begin + 1.0, finish, rng.uniform(7.0, 11.0)):
                            if len(lit) and np.abs(lit - s).min() < 2.0:
                                continue
                            point = (aside, s) if along_y else (s, aside)
                            self.trees.append(((*point, KERB_HEIGHT_M), rng.uniform(4.6, 7.2),
                                               kind))

    def _tree_boards(self, season: str, textures: list[int]) -> Billboards:
        rng = np.random.default_rng(71)
        rows = []
        for position, height, kind in self.trees:
            tone = rng.normal(1.0, 0.07)
            rows.append((position, 0.78 * height, height, textures[kind],
                         (tone, tone * rng.normal(1, 0.03), tone)))
        return billboards(rows, flat=0.45)


def _cuts(length: float, rng: np.random.Generator) -> list[float]:
    """Where one lot ends and the next begins, from 0 to ``length``."""
    count = max(round(length / rng.uniform(8.5, 12.5)), 1)
    shares = rng.uniform(0.75, 1.25, count)
    return [0.0, *(np.cumsum(shares) / shares.sum() * length).tolist()]


def _paint_hedge(rng: np.random.Generator):
    canvas = Canvas(8.0, 2.2, 24.0, (62, 84, 44))
    shape = canvas.texels.shape[:2]
    canvas.multiply(1.0 + 0.2 * fractal_noise(shape, 16.0, rng) + 0.2 * fractal_noise(
        shape, 3.0, rng, octaves=2))
    return canvas.texels
