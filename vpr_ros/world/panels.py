# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paints the walls, ceilings and floors of a corridor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpr_ros.types import ImageArray
from vpr_ros.world.atlas import SHINING, SMOOTH
from vpr_ros.world.canvas import Canvas, Colour, shade
from vpr_ros.world.noise import fractal_noise

HEIGHT_M = 2.8
"""From floor to ceiling."""

WALL_DENSITY = 56.0
"""Texels per metre of a wall."""

DAYLIGHT_SHINE = -2.7
"""``shine`` of a wall with windows, whose panes are painted dark and glow with the daylight."""

_WALLS: tuple[Colour, ...] = ((226, 222, 210), (214, 220, 222), (230, 218, 196), (206, 214, 202),
                              (222, 212, 214))
_ACCENTS: tuple[Colour, ...] = ((78, 112, 150), (150, 82, 70), (92, 128, 96), (196, 156, 70),
                                (112, 96, 132), (70, 124, 128))
_DOORS: tuple[Colour, ...] = ((176, 136, 92), (142, 100, 66), (120, 132, 142), (202, 196, 184),
                              (86, 106, 126))
_FLOORS: tuple[Colour, ...] = ((134, 130, 122), (112, 122, 126), (150, 132, 108), (122, 104, 96),
                               (104, 110, 100))
_NOTICES = ('FIRE PLAN', 'LIBRARY', 'LAB 2', 'NO ENTRY', 'MEETING', 'SEMINAR', 'WORKSHOP',
            'STORE', 'KITCHEN', 'OFFICE', 'ARCHIVE', 'CLASS 3', 'POST ROOM', 'MAP ROOM')


@dataclass(frozen=True)
class CorridorStyle:
    """What the walls of one stretch of corridor have in common.

    Attributes:
        wall: colour of the wall.
        accent: colour of its lower part or stripe.
        door: colour of the doors.
        floor: colour of the floor.
        wainscot_m: height of the painted lower part; 0 without.
        lamp_gap_m: distance between ceiling lamps.
        round_lamps: round lamps instead of panels.
        checked: a tiled floor instead of linoleum.
    """

    wall: Colour
    accent: Colour
    door: Colour
    floor: Colour
    wainscot_m: float
    lamp_gap_m: float
    round_lamps: bool
    checked: bool


def corridor_style(rng: np.random.Generator) -> CorridorStyle:
    """Draw a random style."""
    return CorridorStyle(
        _pick(_WALLS, rng), _pick(_ACCENTS, rng), _pick(_DOORS, rng), _pick(_FLOORS, rng),
        float(rng.choice([0.0, 0.9, 1.1])), float(rng.uniform(2.8, 4.4)),
        bool(rng.random() < 0.35), bool(rng.random() < 0.4))


def paint_panel(style: CorridorStyle, width_m: float, kind: str, number: int,
                rng: np.random.Generator) -> ImageArray:
    """Paint a stretch of wall, uint8 (h, w, 4) RGBM; ``kind`` as in :data:`PAINTERS`."""
    canvas = Canvas(width_m, HEIGHT_M, WALL_DENSITY, style.wall)
    shape = canvas.texels.shape[:2]
    canvas.multiply(1.0 + 0.012 * fractal_noise(shape, 90.0, rng))
    if style.wainscot_m:
        canvas.rectangle(0, HEIGHT_M - style.wainscot_m, width_m, style.wainscot_m, style.accent)
        canvas.rectangle(0, HEIGHT_M - style.wainscot_m - 0.05, width_m, 0.05,
                         shade(style.accent, 0.7))
    PAINTERS[kind](canvas, style, number, rng)
    canvas.rectangle(0, HEIGHT_M - 0.11, width_m, 0.11, shade(style.accent, 0.45), SMOOTH)
    canvas.rectangle(0, 0, width_m, 0.04, shade(style.wall, 0.8))
    return canvas.texels


def paint_ceiling(style: CorridorStyle, length_m: float, width_m: float,
                  lamps_m: np.ndarray) -> ImageArray:
    """Paint a ceiling with lamps at ``lamps_m`` along it, uint8 (h, w, 4) RGBM."""
    canvas = Canvas(length_m, width_m, 32.0, (214, 214, 210))
    for x in np.arange(0.0, length_m, 0.6):
        canvas.rectangle(x, 0, 0.03, width_m, (170, 170, 168))
    for y in np.arange(0.1, width_m, 0.6):
        canvas.rectangle(0, y, length_m, 0.03, (170, 170, 168))
    middle = width_m / 2
    for x in lamps_m:
        if style.round_lamps:
            canvas.ellipse(x, middle, 0.26, 0.26, (150, 150, 150), SMOOTH)
            canvas.ellipse(x, middle, 0.22, 0.22, (252, 250, 240), SHINING)
        else:
            canvas.rectangle(x - 0.62, middle - 0.32, 1.24, 0.64, (140, 140, 140), SMOOTH)
            canvas.rectangle(x - 0.58, middle - 0.28, 1.16, 0.26, (252, 250, 240), SHINING)
            canvas.rectangle(x - 0.58, middle + 0.02, 1.16, 0.26, (252, 250, 240), SHINING)
    return canvas.texels


def paint_floor(style: CorridorStyle, length_m: float, width_m: float, rng: np.random.Generator,
                ) -> ImageArray:
    """Paint a floor, uint8 (h, w, 4) RGBM."""
    canvas = Canvas(length_m, width_m, 32.0, style.floor)
    shape = canvas.texels.shape[:2]
    if style.checked:
        size = float(rng.choice([0.35, 0.5]))
        for row, y in enumerate(np.arange(0.0, width_m, size)):
            for column, x in enumerate(np.arange(0.0, length_m, size)):
                tone = (0.88 if (row + column) % 2 else 1.1) * rng.uniform(0.97, 1.03)
                canvas.rectangle(x + 0.015, y + 0.015, size - 0.015, size - 0.015,
                                 shade(style.floor, tone))
    else:
        canvas.rectangle(0, 0.12, length_m, 0.16, shade(style.accent, 0.8))
        canvas.rectangle(0, width_m - 0.28, length_m, 0.16, shade(style.accent, 0.8))
    canvas.multiply(1.0 + 0.03 * fractal_noise(shape, 40.0, rng)
                    + 0.03 * fractal_noise(shape, 2.0, rng, octaves=1))
    return canvas.texels


def paint_exit_sign() -> ImageArray:
    """Paint the sign that hangs before a turn, 0.9 x 0.3 m, uint8 (h, w, 4) RGBM."""
    canvas = Canvas(0.9, 0.3, 96.0, (20, 130, 72))
    canvas.texels[..., 3] = 210
    canvas.text('EXIT', 0.08, 0.06, 0.45, 0.18, (244, 250, 244), SHINING)
    canvas.polygon([(0.58, 0.12), (0.70, 0.12), (0.70, 0.06), (0.84, 0.15), (0.70, 0.24),
                    (0.70, 0.18), (0.58, 0.18)], (244, 250, 244), SHINING)
    return canvas.texels


def _doors(canvas: Canvas, style: CorridorStyle, number: int, rng: np.random.Generator) -> None:
    double = canvas.width_m > 3.4 and rng.random() < 0.35
    x = canvas.width_m * rng.uniform(0.25, 0.5) - 0.3
    wide, tall = (1.8, 2.15) if double else (0.95, 2.1)
    top = HEIGHT_M - tall
    canvas.rectangle(x - 0.09, top - 0.09, wide + 0.18, tall + 0.09, shade(style.door, 0.55),
                     SMOOTH)
    for k in range(2 if double else 1):
        left = x + k * (wide / 2 + 0.01)
        leaf = wide / 2 - 0.02 if double else wide
        canvas.rectangle(left, top, leaf, tall, style.door, SMOOTH)
        if double or rng.random() < 0.35:
            canvas.rectangle(left + leaf * 0.3, top + 0.25, leaf * 0.4, 0.9, (92, 104, 110), 176)
        knob = left + (0.06 if k else leaf - 0.16)
        canvas.rectangle(knob, HEIGHT_M - 1.08, 0.13, 0.035, (190, 190, 186), SMOOTH)
        canvas.rectangle(left, HEIGHT_M - 0.25, leaf, 0.16, shade(style.door, 0.8), SMOOTH)
    plate = x + wide + 0.2
    canvas.rectangle(plate, HEIGHT_M - 1.72, 0.34, 0.24, (240, 240, 236), SMOOTH)
    canvas.text(str(number), plate + 0.03, HEIGHT_M - 1.69, 0.28, 0.17, (30, 34, 44), SMOOTH)
    canvas.rectangle(plate + 0.02, HEIGHT_M - 1.15, 0.09, 0.09, (236, 234, 226), SMOOTH)
    if canvas.width_m - plate > 1.3 and rng.random() < 0.6:
        _poster(canvas, plate + 0.55, 0.75, rng)


def _notices(canvas: Canvas, style: CorridorStyle, number: int, rng: np.random.Generator) -> None:
    wide = min(canvas.width_m - 0.8, rng.uniform(1.5, 3.0))
    x, top, tall = (canvas.width_m - wide) / 2, 0.85, 1.15
    canvas.rectangle(x - 0.05, top - 0.05, wide + 0.1, tall + 0.1, (150, 112, 70), SMOOTH)
    felt = _pick(((186, 150, 104), (70, 96, 120), (60, 96, 74)), rng)
    canvas.rectangle(x, top, wide, tall, felt)
    for _ in range(int(wide * 8)):
        sheet_w, sheet_h = rng.uniform(0.15, 0.3), rng.uniform(0.2, 0.38)
        left = x + rng.uniform(0.04, max(wide - sheet_w - 0.04, 0.05))
        high = top + rng.uniform(0.04, tall - sheet_h - 0.04)
        paper = _pick(((244, 242, 236), (246, 232, 150), (200, 224, 240), (244, 196, 190),
                       (204, 236, 200)), rng)
        canvas.rectangle(left, high, sheet_w, sheet_h, paper, SMOOTH)
        for line in np.arange(high + 0.05, high + sheet_h - 0.04, 0.05):
            canvas.rectangle(left + 0.03, line, sheet_w * rng.uniform(0.4, 0.8), 0.018,
                             (90, 90, 96), SMOOTH)
    canvas.text(str(rng.choice(_NOTICES)), x, top - 0.3, min(wide, 1.3), 0.17, (50, 54, 60),
                SMOOTH)


def _windows(canvas: Canvas, style: CorridorStyle, number: int, rng: np.random.Generator) -> None:
    count = max(int(canvas.width_m / 1.7), 1)
    gap = canvas.width_m / count
    for k in range(count):
        x, top, wide, tall = k * gap + 0.2, 0.55, gap - 0.4, 1.35
        canvas.rectangle(x - 0.07, top - 0.07, wide + 0.14, tall + 0.14, (228, 228, 224), SMOOTH)
        canvas.rectangle(x, top, wide, tall, (76, 84, 92), SHINING)
        hills = top + tall * rng.uniform(0.55, 0.7)
        canvas.rectangle(x, hills, wide, top + tall - hills, (46, 58, 44), SHINING)
        for _ in range(4):
            canvas.ellipse(x + rng.uniform(0.15, wide - 0.15), hills + 0.05, 0.14,
                           rng.uniform(0.1, 0.28), (38, 52, 36), SHINING)
        canvas.rectangle(x + wide / 2 - 0.03, top, 0.06, tall, (228, 228, 224), SMOOTH)
        canvas.rectangle(x - 0.1, top + tall + 0.05, wide + 0.2, 0.06, (206, 204, 198), SMOOTH)
        canvas.rectangle(x + 0.05, 2.05, wide - 0.1, 0.55, (222, 222, 218), SMOOTH)
        for rib in np.arange(x + 0.1, x + wide - 0.08, 0.09):
            canvas.rectangle(rib, 2.08, 0.03, 0.49, (176, 176, 172), SMOOTH)


def _lockers(canvas: Canvas, style: CorridorStyle, number: int, rng: np.random.Generator) -> None:
    tone = _pick(_ACCENTS, rng)
    for k in range(int((canvas.width_m - 0.4) / 0.42)):
        x = 0.2 + k * 0.42
        for top in (0.85, 1.75):
            canvas.rectangle(x, top, 0.42, 0.9, shade(tone, 0.6), SMOOTH)
            canvas.rectangle(x + 0.02, top + 0.02, 0.38, 0.86, shade(tone, rng.uniform(0.9, 1.1)),
                             SMOOTH)
            for slot in range(3):
                canvas.rectangle(x + 0.1, top + 0.1 + 0.06 * slot, 0.22, 0.02, shade(tone, 0.5),
                                 SMOOTH)
            canvas.rectangle(x + 0.32, top + 0.45, 0.03, 0.08, (210, 210, 206), SMOOTH)


def _safety(canvas: Canvas, style: CorridorStyle, number: int, rng: np.random.Generator) -> None:
    x = canvas.width_m * rng.uniform(0.2, 0.45)
    canvas.rectangle(x - 0.02, 1.0, 0.28, 0.28, (196, 30, 30), SMOOTH)
    canvas.rectangle(x + 0.1, 1.05, 0.06, 0.18, (244, 240, 240), SMOOTH)
    canvas.rectangle(x + 0.02, 1.62, 0.2, 0.5, (190, 26, 26), SMOOTH)
    canvas.ellipse(x + 0.12, 1.62, 0.10, 0.08, (190, 26, 26), SMOOTH)
    canvas.rectangle(x + 0.08, 1.48, 0.08, 0.1, (40, 40, 42), SMOOTH)
    canvas.rectangle(x + 0.05, 1.75, 0.14, 0.16, (236, 232, 226), SMOOTH)
    if canvas.width_m > 2.4:
        _poster(canvas, x + 0.8, min(1.2, canvas.width_m - x - 1.0), rng)


def _glazed(canvas: Canvas, style: CorridorStyle, number: int, rng: np.random.Generator) -> None:
    count = max(int(canvas.width_m / 1.1), 1)
    gap = canvas.width_m / count
    canvas.rectangle(0, 0.4, canvas.width_m, 2.35, (64, 68, 72), SMOOTH)
    for k in range(count):
        x = k * gap + 0.05
        canvas.rectangle(x, 0.46, gap - 0.1, 2.2, (120, 132, 136), 190)
        canvas.rectangle(x, 1.7, gap - 0.1, 0.05, (90, 76, 60), 180)
        canvas.rectangle(x + 0.1, 1.45, gap * 0.35, 0.25, (60, 66, 72), 176)
        canvas.rectangle(x, 1.15, gap - 0.1, 0.12, (206, 214, 216), SMOOTH)


def _plain(canvas: Canvas, style: CorridorStyle, number: int, rng: np.random.Generator) -> None:
    if rng.random() < 0.6:
        _poster(canvas, canvas.width_m * rng.uniform(0.2, 0.6), 0.9, rng)
    canvas.rectangle(canvas.width_m * 0.1, 2.4, 0.1, 0.1, (236, 234, 228), SMOOTH)


def _poster(canvas: Canvas, x: float, width: float, rng: np.random.Generator) -> None:
    if width < 0.3:
        return
    tall = width * rng.uniform(0.7, 1.4)
    top = 1.35 - tall / 2
    canvas.rectangle(x - 0.04, top - 0.04, width + 0.08, tall + 0.08, (44, 42, 40), SMOOTH)
    sky, land = _pick(_ACCENTS, rng), _pick(_ACCENTS, rng)
    canvas.rectangle(x, top, width, tall, shade(sky, 1.35), SMOOTH)
    line = top + tall * rng.uniform(0.4, 0.7)
    canvas.rectangle(x, line, width, top + tall - line, land, SMOOTH)
    for _ in range(3):
        radius = width * rng.uniform(0.08, 0.2)
        canvas.ellipse(x + rng.uniform(radius, width - radius), line, radius, radius * 0.8,
                       _pick(_ACCENTS, rng), SMOOTH)


PAINTERS = {'doors': _doors, 'notices': _notices, 'windows': _windows, 'lockers': _lockers,
            'safety': _safety, 'glazed': _glazed, 'plain': _plain}
"""Kinds of wall panels."""


def _pick(options, rng: np.random.Generator) -> Colour:
    return options[int(rng.integers(len(options)))]
