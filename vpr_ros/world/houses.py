# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Puts up one house: fronts on its street sides, plain walls elsewhere, a roof, and trimmings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.world.atlas import Atlas, SMOOTH
from vpr_ros.world.canvas import Canvas, Colour, shade
from vpr_ros.world.facades import (
    house_style,
    HouseStyle,
    paint_ground_floor,
    paint_plain_wall,
    paint_sign,
    paint_storeys,
    paint_stripes,
    SHOPS,
)
from vpr_ros.world.faces import FaceList, Grain
from vpr_ros.world.sprites import paint_railing

Float64Array = NDArray[np.float64]

_ROOFS: tuple[Colour, ...] = ((150, 78, 58), (96, 94, 98), (120, 84, 66), (172, 104, 74))


@dataclass(frozen=True)
class Wall:
    """An upright rectangle, seen from outside.

    Attributes:
        left_m: float64 (2,), the foot of its left edge.
        right_m: float64 (2,), the foot of its right edge.
    """

    left_m: Float64Array
    right_m: Float64Array

    @property
    def width_m(self) -> float:
        """Its length along the ground."""
        return float(np.linalg.norm(self.right_m - self.left_m))

    @property
    def outward(self) -> Float64Array:
        """float64 (2,): unit, away from the house."""
        along = (self.right_m - self.left_m) / self.width_m
        return np.array([along[1], -along[0]])

    def point(self, along_m: float, up_m: float, out_m: float = 0.0) -> Float64Array:
        """float64 (3,): a point on the wall, or in front of it."""
        along = (self.right_m - self.left_m) / self.width_m
        flat = self.left_m + along * along_m + self.outward * out_m
        return np.array([flat[0], flat[1], up_m])

    def rectangle(self, left: float, right: float, bottom: float, top: float,
                  out: float = 0.0) -> list[Float64Array]:
        """Its part between these bounds in metres: corners for :meth:`FaceList.add`."""
        return [self.point(left, top, out), self.point(right, top, out),
                self.point(right, bottom, out), self.point(left, bottom, out)]


def walls_of(x0: float, y0: float, x1: float, y1: float) -> list[Wall]:
    """South, east, north and west wall of a rectangle."""
    corners = [np.array(corner) for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    return [Wall(corners[k], corners[(k + 1) % 4]) for k in range(4)]


class HouseBuilder:
    """Puts up houses of one town, which share a few textures.

    Args:
        faces: takes the faces.
        atlas: takes the textures.
        rng: of the town.
    """

    def __init__(self, faces: FaceList, atlas: Atlas, rng: np.random.Generator) -> None:
        self._faces, self._atlas, self._rng = faces, atlas, rng
        grey = HouseStyle((200, 200, 200), Grain.PLASTER, (210, 206, 198), (225, 222, 215),
                          (90, 80, 70), (0.9, 1.2), 3.0, 3.0, 'plain')
        self._plain = [atlas.add(paint_plain_wall(grey, 8.0, 10.0, rng)) for _ in range(5)]
        self._roofs = [atlas.add(_paint_roof(colour, rng)) for colour in _ROOFS]
        self._railings = [atlas.add(*paint_railing(2.6, 1.0, (44, 46, 48), 0.13)),
                          atlas.add(*paint_railing(2.6, 1.0, (214, 210, 200), 0.2))]
        self._slab = atlas.add(Canvas(1.0, 1.0, 32.0, (150, 146, 140)).texels)
        self._shops = list(rng.permutation(SHOPS))
        self._number = 1

    def house(self, x0: float, y0: float, x1: float, y1: float, street_sides: set[int], *,
              storeys: int | None = None) -> float:
        """Put up a house on this rectangle; returns the height of its eaves, metres.

        ``street_sides`` are indices into :func:`walls_of`.
        """
        rng = self._rng
        style = house_style(rng)
        storeys = int(rng.choice([1, 2, 2, 3, 3, 4])) if storeys is None else storeys
        ground = float(rng.uniform(3.5, 4.1))
        eaves = ground + storeys * style.storey_m
        shop = rng.random() < 0.55
        for side, wall in enumerate(walls_of(x0, y0, x1, y1)):
            if side in street_sides:
                self._front(wall, style, ground, storeys, shop=shop)
            else:
                texture = self._plain[int(rng.integers(len(self._plain)))]
                tint = np.array(style.wall) / 205.0
                wide, high = self._atlas.size_of(texture)
                self._faces.add(wall.rectangle(0, wall.width_m, 0, eaves), texture,
                                (0, 0, wide, high), tint=tint, grain=style.grain)
        self._roof(x0, y0, x1, y1, eaves, min(street_sides, default=0), style)
        return eaves

    def _front(self, wall: Wall, style: HouseStyle, ground: float, storeys: int, *, shop: bool,
               ) -> None:
        rng, width = self._rng, wall.width_m
        texture = self._atlas.add(paint_ground_floor(style, width, ground, shop=shop,
                                                     number=self._number, rng=rng))
        self._number += int(rng.integers(1, 3))
        self._faces.add(wall.rectangle(0, width, 0, ground), texture,
                        (0, 0, *self._atlas.size_of(texture)), grain=style.grain)
        if storeys:
            texture = self._atlas.add(paint_storeys(style, width, storeys, rng))
            self._faces.add(wall.rectangle(0, width, ground, ground + storeys * style.storey_m),
                            texture, (0, 0, *self._atlas.size_of(texture)), grain=style.grain)
        if shop:
            self._shop_trimmings(wall, ground)
        elif rng.random() < 0.35 and storeys:
            self._balconies(wall, ground, storeys, style)

    def _shop_trimmings(self, wall: Wall, ground: float) -> None:
        rng, width = self._rng, wall.width_m
        words = str(self._shops[int(rng.integers(len(self._shops)))])
        long = min(width * 0.8, 0.55 + 0.52 * len(words))
        start = (width - long) * rng.uniform(0.2, 0.8)
        sign = self._atlas.add(paint_sign(words, long, 0.62, rng))
        self._faces.add(wall.rectangle(start, start + long, ground - 0.85, ground - 0.2, 0.12),
                        sign, (0, 0, *self._atlas.size_of(sign)))
        if rng.random() < 0.5:
            left, right = width * 0.12, width * rng.uniform(0.6, 0.9)
            cloth = self._atlas.add(paint_stripes(right - left, 1.5, rng))
            window = (0, 0, *self._atlas.size_of(cloth))
            high, low, out = ground - 0.92, ground - 1.35, rng.uniform(1.0, 1.5)
            upper = [wall.point(left, high, 0.05), wall.point(right, high, 0.05)]
            lower = [wall.point(right, low, out), wall.point(left, low, out)]
            self._faces.add([*upper, *lower], cloth, window)
            self._faces.add([upper[1], upper[0], lower[1], lower[0]], cloth, window,
                            tint=(0.62, 0.62, 0.62), normal=(*wall.outward, -0.2))
            self._faces.add(wall.rectangle(left, right, low - 0.22, low, out), cloth,
                            (0, window[3] * 0.8, window[2], window[3]))
        if rng.random() < 0.4:
            blade = self._atlas.add(paint_sign(words[:5], 1.0, 0.5, rng))
            along, high = width * rng.uniform(0.1, 0.9), ground + 0.3
            near, far = 0.15, 1.05
            corners = [wall.point(along, high + 0.45, near), wall.point(along, high + 0.45, far),
                       wall.point(along, high, far), wall.point(along, high, near)]
            window = (0, 0, *self._atlas.size_of(blade))
            self._faces.add(corners, blade, window)
            self._faces.add([corners[1], corners[0], corners[3], corners[2]], blade, window)

    def _balconies(self, wall: Wall, ground: float, storeys: int, style: HouseStyle) -> None:
        rng = self._rng
        railing = self._railings[int(rng.integers(len(self._railings)))]
        wide, high = self._atlas.size_of(railing)
        count = max(int((wall.width_m - 0.6) / style.pitch_m), 1)
        first = (wall.width_m - (count - 1) * style.pitch_m) / 2
        chosen = rng.random(count) < 0.5
        for storey in range(storeys):
            floor = ground + storey * style.storey_m + 0.55
            for k in np.flatnonzero(chosen):
                middle, half, out = first + k * style.pitch_m, style.pitch_m * 0.42, 0.9
                left, right = middle - half, middle + half
                corner = [wall.point(left, floor, 0), wall.point(right, floor, 0),
                          wall.point(right, floor, out), wall.point(left, floor, out)]
                self._faces.add([corner[1], corner[0], corner[3], corner[2]], self._slab,
                                (0, 0, 32, 32), normal=(0, 0, -1), tint=(0.8, 0.8, 0.8))
                self._faces.add(wall.rectangle(left, right, floor - 0.02, floor + 0.16, out),
                                self._slab, (0, 0, 32, 8))
                lift = np.array([0.0, 0.0, 1.0])
                for start, end in ((3, 2), (0, 3), (2, 1)):
                    self._faces.add([corner[start] + lift, corner[end] + lift, corner[end],
                                     corner[start]], railing, (0, 0, wide, high), cutout=True,
                                    normal=(*wall.outward, 0.2))

    def _roof(self, x0: float, y0: float, x1: float, y1: float, eaves: float, front: int,
              style: HouseStyle) -> None:
        rng, kind = self._rng, self._rng.random()
        roof = self._roofs[int(rng.integers(len(self._roofs)))]
        window = (0, 0, *self._atlas.size_of(roof))
        walls = walls_of(x0 - 0.3, y0 - 0.3, x1 + 0.3, y1 + 0.3)
        if kind < 0.3:
            for wall in walls_of(x0 - 0.12, y0 - 0.12, x1 + 0.12, y1 + 0.12):
                self._faces.add(wall.rectangle(0, wall.width_m, eaves, eaves + 0.5), self._slab,
                                (0, 0, 32, 32), tint=np.array(style.trim) / 170.0)
            return
        high = float(rng.uniform(2.0, 3.6))
        wall, back = walls[front], walls[(front + 2) % 4]
        half = float(np.linalg.norm(back.right_m - wall.left_m)) / 2
        width = wall.width_m
        inset = 0.0 if kind < 0.75 else min(half, width / 2) * 0.95
        for side, top in ((wall, eaves + high), (back, eaves + high)):
            self._faces.add([side.point(inset, top, -half), side.point(width - inset, top, -half),
                             side.point(width, eaves, 0), side.point(0, eaves, 0)], roof, window,
                            axes=[side.point(0, top, -half), side.point(width, top, -half),
                                  side.point(0, eaves, 0)], grain=Grain.NONE)
        plain = self._plain[0]
        for side in (walls[(front + 1) % 4], walls[(front + 3) % 4]):
            peak = side.point(half, eaves + high, -inset)
            corners = [peak, peak, side.point(2 * half, eaves, 0), side.point(0, eaves, 0)]
            axes = [side.point(0, eaves + high, 0), side.point(2 * half, eaves + high, 0),
                    side.point(0, eaves, 0)]
            if inset:
                self._faces.add(corners, roof, window, axes=axes)
            else:
                self._faces.add(corners, plain, (0, 0, 180, 60), axes=axes,
                                tint=np.array(style.wall) / 205.0, grain=style.grain)
        if rng.random() < 0.7:
            along = width * rng.uniform(0.2, 0.8)
            self._box(wall.point(along, 0, -half * 0.8)[:2], 0.4, eaves, eaves + high + 0.9,
                      (150, 96, 80))
        if kind > 0.5 and width > 7:
            self._dormer(wall, width * rng.uniform(0.3, 0.7), eaves, high, half, style, roof)

    def _dormer(self, wall: Wall, along: float, eaves: float, high: float, half: float,
                style: HouseStyle, roof: int) -> None:
        if high < 2.4:
            return
        out, tall = -half * 0.25, eaves + high * 0.25 + 1.25
        canvas = Canvas(1.6, 1.25, 40.0, style.wall)
        canvas.rectangle(0.3, 0.2, 1.0, 1.0, style.frame, SMOOTH)
        canvas.rectangle(0.36, 0.27, 0.4, 0.86, (72, 84, 96), SMOOTH)
        canvas.rectangle(0.84, 0.27, 0.4, 0.86, (72, 84, 96), SMOOTH)
        texture = self._atlas.add(canvas.texels)
        self._faces.add(wall.rectangle(along - 0.8, along + 0.8, tall - 1.25, tall, out), texture,
                        (0, 0, *self._atlas.size_of(texture)))
        lid = [wall.point(along - 0.9, tall + 0.3, out - 1.2),
               wall.point(along + 0.9, tall + 0.3, out - 1.2),
               wall.point(along + 0.9, tall, out + 0.15),
               wall.point(along - 0.9, tall, out + 0.15)]
        self._faces.add(lid, roof, (0, 0, 60, 40))

    def _box(self, middle: Float64Array, half: float, bottom: float, top: float, colour: Colour,
             ) -> None:
        tint = np.array(shade(colour, 1.0)) / 150.0
        for wall in walls_of(middle[0] - half, middle[1] - half, middle[0] + half,
                             middle[1] + half):
            self._faces.add(wall.rectangle(0, 2 * half, bottom, top), self._slab, (0, 0, 32, 32),
                            tint=tint)

    def tower(self, x: float, y: float, half: float, height: float) -> None:
        """Build a church tower with a pointed roof."""
        rng = self._rng
        style = HouseStyle((176, 166, 150), Grain.STONE, (196, 188, 172), (60, 56, 52),
                           (70, 50, 40), (0.9, 2.0), 3.0, 4.5, 'arched')
        texture = self._atlas.add(paint_storeys(style, 2 * half, int(height / 4.5), rng))
        roof = self._roofs[1]
        for wall in walls_of(x - half, y - half, x + half, y + half):
            self._faces.add(wall.rectangle(0, 2 * half, 0, height), texture,
                            (0, 0, *self._atlas.size_of(texture)), grain=Grain.STONE)
            peak = wall.point(half, height + 7.0, -half)
            self._faces.add([peak, peak, wall.point(2 * half, height), wall.point(0, height)],
                            roof, (0, 0, *self._atlas.size_of(roof)),
                            axes=[wall.point(0, height + 7.0, -half),
                                  wall.point(2 * half, height + 7.0, -half),
                                  wall.point(0, height)])


def _paint_roof(colour: Colour, rng: np.random.Generator):
    canvas = Canvas(9.0, 5.0, 24.0, colour)
    for row in np.arange(0.0, 5.0, 0.3):
        for column in np.arange(0.0, 9.0, 0.3):
            canvas.rectangle(column, row, 0.27, 0.24, shade(colour, rng.uniform(0.82, 1.12)))
        canvas.rectangle(0, row + 0.24, 9.0, 0.06, shade(colour, 0.62))
    return canvas.texels
