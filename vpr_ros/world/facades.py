# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paints the fronts of houses: storeys with windows, ground floors with shops and doors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vpr_ros.types import ImageArray
from vpr_ros.world.atlas import SHINING, SMOOTH
from vpr_ros.world.canvas import Canvas, Colour, shade
from vpr_ros.world.faces import Grain

UPPER_DENSITY, GROUND_DENSITY, SIGN_DENSITY = 22.0, 40.0, 64.0
"""Texels per metre of storeys, ground floors and signs."""

SHOPS = ('BAKERY', 'BOOKS', 'PHARMACY', 'HOTEL', 'FLOWERS', 'CINEMA', 'BANK', 'CAFE', 'PIZZA',
         'OPTICIAN', 'BICYCLES', 'TEA HOUSE', 'MUSIC', 'TAILOR', 'TOYS', 'MARKET', 'SHOES',
         'GALLERY', 'KEBAP', 'LAUNDRY', 'POST', 'RADIO', 'BAR', 'TOOLS', 'CHEESE', 'ANTIQUES',
         'PHOTO', 'BARBER', 'TRAVEL', 'NOODLES', 'GARDEN', 'CLOCKS', 'FISH', 'WINE', 'PAPER')

_PLASTER: tuple[Colour, ...] = (
    (226, 214, 188), (214, 186, 142), (201, 160, 128), (186, 196, 188), (221, 200, 202),
    (196, 204, 216), (236, 231, 220), (206, 176, 96), (168, 184, 160), (190, 150, 140),
    (152, 168, 190), (226, 190, 160), (180, 172, 162), (214, 206, 150))
_BRICK: tuple[Colour, ...] = ((156, 84, 66), (134, 74, 62), (172, 110, 82), (186, 150, 112),
                              (116, 72, 66), (150, 120, 100))
_STONE: tuple[Colour, ...] = ((176, 170, 158), (158, 156, 152), (196, 184, 160), (138, 136, 132))
_PAINT: tuple[Colour, ...] = ((52, 78, 66), (90, 40, 36), (44, 58, 92), (70, 60, 50), (36, 38, 42),
                              (120, 88, 56), (150, 44, 40), (34, 92, 100), (206, 200, 190))
_SIGNS: tuple[Colour, ...] = ((168, 30, 34), (24, 76, 140), (22, 104, 66), (32, 32, 36),
                              (226, 170, 30), (232, 228, 214), (110, 36, 92), (206, 90, 28),
                              (20, 120, 132))


@dataclass(frozen=True)
class HouseStyle:
    """What the faces of one house have in common.

    Attributes:
        wall: colour of the wall.
        grain: its fine grain.
        trim: colour of sills, cornices and surrounds.
        frame: colour of window frames.
        door: colour of doors and shop fronts.
        window_m: width and height of a window.
        pitch_m: distance between window axes.
        storey_m: height of a storey.
        form: ``plain``, ``shutters``, ``arched``, ``bands`` or ``modern``.
    """

    wall: Colour
    grain: Grain
    trim: Colour
    frame: Colour
    door: Colour
    window_m: tuple[float, float]
    pitch_m: float
    storey_m: float
    form: str


def house_style(rng: np.random.Generator) -> HouseStyle:
    """Draw a random style."""
    grain = Grain([1, 1, 1, 2, 2, 3][rng.integers(6)])
    wall = {Grain.PLASTER: _PLASTER, Grain.BRICK: _BRICK, Grain.STONE: _STONE}[grain]
    form = str(rng.choice(['plain', 'plain', 'shutters', 'arched', 'bands', 'modern']))
    width = rng.uniform(1.6, 2.6) if form == 'modern' else rng.uniform(0.9, 1.35)
    height = rng.uniform(1.35, 1.6) if form == 'modern' else rng.uniform(1.5, 2.0)
    red, green, blue = (part * rng.uniform(0.9, 1.06) for part in _pick(wall, rng))
    wall_colour = (red, green, blue)
    light = rng.random() < 0.7
    return HouseStyle(
        wall=wall_colour, grain=grain,
        trim=shade((225, 220, 208), rng.uniform(0.85, 1.05)) if light else shade(wall_colour, 0.7),
        frame=(232, 230, 224) if rng.random() < 0.6 else shade(_pick(_PAINT, rng), 0.8),
        door=_pick(_PAINT, rng), window_m=(width, height),
        pitch_m=width + rng.uniform(0.7, 1.6), storey_m=rng.uniform(2.9, 3.5), form=form)


def paint_storeys(style: HouseStyle, width_m: float, storeys: int, rng: np.random.Generator,
                  ) -> ImageArray:
    """Paint the upper storeys of a front, uint8 (h, w, 4) RGBM."""
    canvas = Canvas(width_m, storeys * style.storey_m, UPPER_DENSITY, style.wall)
    canvas.weather(rng)
    window_w, window_h = style.window_m
    count = max(int((width_m - 0.6) / style.pitch_m), 1)
    first = (width_m - (count - 1) * style.pitch_m) / 2
    curtain = shade((228, 222, 206), rng.uniform(0.7, 1.0))
    shutter = _pick(_PAINT, rng)
    blank = rng.random((storeys, count)) < 0.05
    for storey in range(storeys):
        floor = (storey + 1) * style.storey_m
        if style.form == 'bands' or (style.form == 'arched' and storey == storeys - 1):
            canvas.rectangle(0, floor - 0.22, width_m, 0.22, style.trim)
            canvas.rectangle(0, floor - 0.05, width_m, 0.05, shade(style.trim, 0.7))
        for k in range(count):
            if blank[storey, k]:
                continue
            x = first + k * style.pitch_m - window_w / 2
            y = floor - 0.85 - window_h
            _window(canvas, style, x, y, curtain, shutter, rng)
    canvas.rectangle(0, 0, width_m, 0.30, style.trim)
    canvas.rectangle(0, 0.30, width_m, 0.10, shade(style.wall, 0.62))
    if rng.random() < 0.6:
        pipe = rng.choice([0.15, width_m - 0.25])
        canvas.rectangle(pipe, 0.3, 0.11, canvas.height_m, (112, 116, 118), SMOOTH)
        canvas.rectangle(pipe + 0.11, 0.3, 0.05, canvas.height_m, shade(style.wall, 0.7))
    return canvas.texels


def paint_plain_wall(style: HouseStyle, width_m: float, height_m: float,
                     rng: np.random.Generator) -> ImageArray:
    """Paint a side wall with hardly a window, uint8 (h, w, 4) RGBM."""
    canvas = Canvas(width_m, height_m, 12.0, shade(style.wall, 0.94))
    canvas.weather(rng, blotches=0.08, streaks=0.07)
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(0.6, max(width_m - 1.4, 0.7)), rng.uniform(0.8, max(height_m - 2.0, 1))
        _window(canvas, style, x, y, (210, 205, 190), style.door, rng)
    return canvas.texels


def paint_ground_floor(style: HouseStyle, width_m: float, height_m: float, *, shop: bool,
                       number: int, rng: np.random.Generator) -> ImageArray:
    """Paint the ground floor of a front, uint8 (h, w, 4) RGBM."""
    rusticated = not shop and rng.random() < 0.5
    base = shade(style.wall, 0.82) if rusticated else style.wall
    canvas = Canvas(width_m, height_m, GROUND_DENSITY, base)
    canvas.weather(rng, soot=0.22)
    if rusticated:
        for course in np.arange(0.45, height_m, 0.45):
            canvas.rectangle(0, height_m - course, width_m, 0.035, shade(base, 0.7))
    canvas.rectangle(0, height_m - 0.5, width_m, 0.5, shade(style.trim, 0.66))
    canvas.rectangle(0, height_m - 0.52, width_m, 0.04, shade(style.trim, 0.85))
    canvas.rectangle(0, 0, width_m, 0.16, style.trim)
    canvas.rectangle(0, 0.16, width_m, 0.06, shade(style.wall, 0.6))
    door_x = rng.uniform(0.6, 1.2) if rng.random() < 0.5 else width_m - rng.uniform(1.9, 2.6)
    free = (door_x + 1.6, width_m - 0.5) if door_x < width_m / 2 else (0.5, door_x - 0.4)
    if shop:
        _shop_front(canvas, style, *free, rng)
    else:
        window_w, window_h = style.window_m
        count = max(int((free[1] - free[0] + 0.4) / style.pitch_m), 0)
        for k in range(count):
            x = free[0] + (k + 0.5) * (free[1] - free[0]) / count - window_w / 2
            _window(canvas, style, x, height_m - 1.0 - window_h, (222, 216, 200), style.door, rng)
    _door(canvas, style, door_x, number, rng)
    return canvas.texels


def paint_sign(words: str, width_m: float, height_m: float, rng: np.random.Generator,
               ) -> ImageArray:
    """Paint a sign board that shines at night, uint8 (h, w, 4) RGBM."""
    board = _pick(_SIGNS, rng)
    canvas = Canvas(width_m, height_m, SIGN_DENSITY, board)
    bright = sum(board) > 420
    pale: tuple[Colour, ...] = ((245, 240, 225), (250, 214, 90), (240, 250, 255))
    ink: Colour = (30, 28, 30) if bright else _pick(pale, rng)
    lit_board = rng.random() < 0.4
    canvas.texels[..., 3] = 200 if lit_board else SMOOTH
    edge = 0.04
    canvas.rectangle(0, 0, width_m, edge, shade(board, 0.6), SMOOTH)
    canvas.rectangle(0, height_m - edge, width_m, edge, shade(board, 0.5), SMOOTH)
    font = int(rng.choice([cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX,
                           cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX]))
    canvas.text(words, 0.15, 0.12, width_m - 0.3, height_m - 0.26, ink,
                SMOOTH if bright else SHINING, font)
    return canvas.texels


def paint_stripes(width_m: float, height_m: float, rng: np.random.Generator) -> ImageArray:
    """Paint an awning's cloth, uint8 (h, w, 4) RGBM."""
    colour = _pick(_SIGNS, rng)
    canvas = Canvas(width_m, height_m, 32.0, colour)
    stripe = rng.uniform(0.2, 0.4)
    if rng.random() < 0.7:
        for x in np.arange(0, width_m, 2 * stripe):
            canvas.rectangle(x, 0, stripe, height_m, (236, 232, 222))
    canvas.rectangle(0, height_m - 0.12, width_m, 0.12, shade(colour, 0.75))
    return canvas.texels


def _window(canvas: Canvas, style: HouseStyle, x: float, y: float, curtain: Colour,
            shutter: Colour, rng: np.random.Generator) -> None:
    width, height = style.window_m
    if style.form in ('bands', 'shutters', 'plain', 'arched'):
        canvas.rectangle(x - 0.13, y - 0.13, width + 0.26, height + 0.26, style.trim)
    if style.form == 'arched':
        canvas.ellipse(x + width / 2, y, width / 2 + 0.13, width / 2 + 0.1, style.trim,
                       start_deg=180, end_deg=360)
        canvas.ellipse(x + width / 2, y, width / 2, width / 2, shade((70, 80, 92), 0.9), SMOOTH,
                       start_deg=180, end_deg=360)
    canvas.rectangle(x - 0.04, y - 0.04, width + 0.08, height + 0.08, shade(style.wall, 0.45))
    canvas.rectangle(x, y, width, height, style.frame)
    lit = int(rng.integers(175, 250)) if rng.random() < 0.45 else SMOOTH
    glass = shade((86, 100, 116), rng.uniform(0.55, 1.15))
    panes = 3 if width > 1.7 else 2
    bar, split = 0.06, 0.3 if style.form not in ('modern', 'arched') else 0.0
    pane_w = (width - bar * (panes + 1)) / panes
    drawn = rng.random()
    for k in range(panes):
        left = x + bar + k * (pane_w + bar)
        rows = ((y + bar, height * split - bar), (y + height * split + bar / 2,
                                                  height * (1 - split) - 1.5 * bar))
        for top, tall in rows[0 if split else 1:]:
            canvas.rectangle(left, top, pane_w, tall, glass if lit == SMOOTH else (190, 170, 130),
                             lit)
            if lit == SMOOTH:
                canvas.rectangle(left, top, pane_w, tall * 0.4, shade(glass, 1.35), SMOOTH)
    if drawn < 0.55:
        side = pane_w * rng.uniform(0.3, 0.9)
        material = lit if lit == SMOOTH else max(lit - 20, 165)
        tall = height - 2 * bar
        canvas.rectangle(x + bar, y + bar, side, tall, curtain, material)
        canvas.rectangle(x + width - bar - side, y + bar, side, tall, curtain, material)
    elif drawn < 0.7:
        canvas.rectangle(x + bar, y + bar, width - 2 * bar, height * rng.uniform(0.2, 0.8),
                         shade(curtain, 0.85), SMOOTH)
    canvas.rectangle(x - 0.18, y + height + 0.05, width + 0.36, 0.09, shade(style.trim, 1.05))
    canvas.rectangle(x - 0.18, y + height + 0.14, width + 0.36, 0.07, shade(style.wall, 0.6))
    if style.form == 'shutters':
        for left in (x - width / 2 - 0.08, x + width + 0.08):
            canvas.rectangle(left, y - 0.03, width / 2, height + 0.06, shutter, SMOOTH)
            for slat in np.arange(y + 0.08, y + height - 0.05, 0.14):
                canvas.rectangle(left + 0.05, slat, width / 2 - 0.1, 0.05, shade(shutter, 0.7),
                                 SMOOTH)


def _shop_front(canvas: Canvas, style: HouseStyle, left: float, right: float,
                rng: np.random.Generator) -> None:
    height = canvas.height_m
    top, bottom = 0.95, height - 0.45
    canvas.rectangle(left - 0.1, 0.25, right - left + 0.2, height, style.door, SMOOTH)
    panes = max(int((right - left) / rng.uniform(1.4, 2.6)), 1)
    pane_w = (right - left) / panes
    for k in range(panes):
        x = left + k * pane_w + 0.07
        wide = pane_w - 0.14
        canvas.rectangle(x, top, wide, bottom - top, (64, 70, 76), 205)
        canvas.rectangle(x, top, wide, 0.35, (92, 102, 112), 220)
        canvas.rectangle(x, bottom - 0.5, wide, 0.5, shade((128, 108, 84), rng.uniform(.5, 1.1)),
                         190)
        for _ in range(int(rng.integers(5, 12))):
            goods = tuple(float(part) for part in rng.uniform(50, 235, 3))
            size = rng.uniform(0.12, 0.45)
            place = x + rng.uniform(0, max(wide - size, 0.01))
            level = bottom - 0.5 if rng.random() < 0.6 else bottom - 1.15
            canvas.rectangle(place, level - size * 1.2, min(size, x + wide - place), size * 1.2,
                             (goods[0], goods[1], goods[2]), 205)
        canvas.rectangle(x, bottom - 1.15, wide, 0.04, (150, 140, 126), 190)


def _door(canvas: Canvas, style: HouseStyle, x: float, number: int, rng: np.random.Generator,
          ) -> None:
    bottom, tall = canvas.height_m, 2.25
    canvas.rectangle(x - 0.16, bottom - tall - 0.5, 1.32, tall + 0.5, style.trim)
    canvas.rectangle(x - 0.03, bottom - tall - 0.38, 1.06, tall + 0.4, shade(style.door, 0.5),
                     SMOOTH)
    canvas.rectangle(x + 0.04, bottom - tall - 0.32, 0.92, 0.3, (120, 122, 112), 215)
    canvas.rectangle(x, bottom - tall, 1.0, tall - 0.12, style.door, SMOOTH)
    panel = shade(style.door, 1.25)
    if rng.random() < 0.5:
        for row, high in ((0.15, 0.8), (1.1, 0.75)):
            for column in (0.1, 0.56):
                canvas.rectangle(x + column, bottom - tall + row, 0.34, high, panel, SMOOTH)
    else:
        canvas.rectangle(x + 0.18, bottom - tall + 0.15, 0.64, 1.1, (96, 106, 112), 190)
    canvas.rectangle(x + 0.85, bottom - 1.15, 0.06, 0.14, (210, 190, 120), SMOOTH)
    canvas.rectangle(x - 0.2, bottom - 0.14, 1.4, 0.14, (150, 146, 140))
    canvas.rectangle(x + 1.24, bottom - 1.95, 0.30, 0.22, (36, 56, 110), SMOOTH)
    canvas.text(str(number), x + 1.26, bottom - 1.93, 0.26, 0.18, (240, 240, 240), SMOOTH)


def _pick(options, rng: np.random.Generator) -> Colour:
    return options[int(rng.integers(len(options)))]
