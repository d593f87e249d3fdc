# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cut-out pictures: trees of every season, people, lamps, railings, cars seen from the side."""

from __future__ import annotations

import cv2
import numpy as np

from vpr_ros.types import ImageArray
from vpr_ros.world.atlas import SHINING, SMOOTH
from vpr_ros.world.canvas import Canvas, Colour, shade
from vpr_ros.world.noise import fractal_noise

SpriteArrays = tuple[ImageArray, ImageArray]
"""RGBM texture, uint8 (h, w, 4), and its mask, uint8 (h, w)."""

_LEAVES: dict[str, tuple[Colour, ...]] = {
    'spring': ((122, 158, 74), (150, 172, 84), (214, 184, 196)),
    'summer': ((64, 104, 44), (78, 116, 52), (52, 92, 48)),
    'autumn': ((186, 120, 40), (160, 76, 34), (196, 156, 58)),
}


def paint_tree(season: str, species: int, rng: np.random.Generator) -> SpriteArrays:
    """Paint a tree, 256 x 192 px; species 3 is a conifer, which keeps its needles."""
    height, width = 256, 192
    texels = np.zeros((height, width, 4), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    bark = shade((92, 76, 62), rng.uniform(0.8, 1.2))
    middle = width // 2
    if species == 3:
        cv2.rectangle(mask, (middle - 4, height - 40), (middle + 4, height), 255, -1)
        texels[:] = (*bark, SMOOTH)
        crown = np.zeros_like(mask)
        for top in range(6, height - 45, 16):
            half = 10 + int(0.36 * top) + int(rng.integers(-4, 5))
            cv2.fillPoly(crown, [np.array([[middle, top - 14], [middle + half, top + 26],
                                           [middle - half, top + 26]], np.int32)], 255)
        _leaves(texels, mask, crown, (44, 78, 52), rng, 5.0)
        return texels, mask
    texels[:] = (*bark, SMOOTH)
    fork = int(height * rng.uniform(0.55, 0.64))
    _branch(mask, (middle, height), (middle + int(rng.integers(-4, 5)), fork), 9)
    tips: list[tuple[int, int]] = []
    for angle in np.linspace(-1.15, 1.15, 7) + rng.uniform(-0.15, 0.15, 7):
        length = rng.uniform(0.34, 0.46) * height * (1 - 0.25 * abs(angle))
        end = (int(middle + length * np.sin(angle) * 0.8), int(fork - length * np.cos(angle)))
        _branch(mask, (middle, fork), end, 4)
        tips.append(end)
        for _ in range(6):
            part = rng.uniform(0.35, 1.0)
            start = (int(middle + part * (end[0] - middle)), int(fork + part * (end[1] - fork)))
            twig = angle + rng.uniform(-0.9, 0.9)
            reach = rng.uniform(14, 42)
            tip = (int(start[0] + reach * np.sin(twig)), int(start[1] - reach * np.cos(twig)))
            _branch(mask, start, tip, 2)
            tips.append(tip)
            if season == 'winter':
                for _ in range(3):
                    turn = twig + rng.uniform(-1, 1)
                    _branch(mask, tip, (int(tip[0] + 14 * np.sin(turn)),
                                        int(tip[1] - 14 * np.cos(turn))), 1)
    if season == 'winter':
        return texels, mask
    crown = np.zeros_like(mask)
    for x, y in tips:
        radius = int(rng.integers(11, 24))
        cv2.circle(crown, (x, y), radius, 255, -1)
    leaf = _LEAVES[season][species % 3]
    _leaves(texels, mask, crown, leaf, rng, 4.0 if season != 'autumn' else 3.0)
    return texels, mask


def paint_person(rng: np.random.Generator, step: int) -> SpriteArrays:
    """Somebody who walks, 128 x 64 px."""
    canvas = Canvas(1.0, 2.0, 64.0, (60, 60, 60))
    coat = tuple(float(c) for c in rng.choice(np.array([
        (150, 40, 44), (40, 60, 110), (60, 66, 60), (196, 180, 140), (34, 34, 38), (214, 160, 50),
        (90, 120, 150), (120, 70, 110), (230, 228, 222), (70, 110, 80)])))
    legs = tuple(float(c) for c in rng.choice(np.array([
        (44, 52, 80), (36, 34, 34), (110, 96, 78), (84, 88, 96), (60, 44, 38)])))
    skin = tuple(float(c) for c in rng.choice(np.array([
        (222, 180, 152), (186, 138, 104), (120, 82, 60), (236, 200, 176)])))
    hair = tuple(float(c) for c in rng.choice(np.array([
        (40, 30, 24), (96, 66, 40), (180, 150, 96), (150, 148, 146), (20, 20, 22)])))
    canvas.texels[..., 3] = 0
    figure = Canvas(1.0, 2.0, 64.0, (0, 0, 0))
    figure.texels[:] = 0
    stride = 0.14 if step else 0.04
    for target in (canvas, figure):
        on = target is figure
        for side, tone in ((-1, 0.8), (1, 1.0)):
            foot = 0.5 + side * (stride + 0.05)
            target.line(0.5 + side * 0.06, 1.1, foot, 1.9, 0.13, _ink(shade3(legs, tone), on), 0)
            target.line(foot - 0.02, 1.93, foot + 0.09, 1.94, 0.08, _ink((30, 26, 24), on), 0)
        target.polygon([(0.31, 0.52), (0.69, 0.52), (0.70, 1.22), (0.30, 1.22)],
                       _ink(shade3(coat, 1), on), 0)
        for side in (-1, 1):
            target.line(0.5 + side * 0.20, 0.56, 0.5 + side * (0.22 + stride / 2), 1.08, 0.11,
                        _ink(shade3(coat, 0.82), on), 0)
        target.line(0.5, 0.4, 0.5, 0.5, 0.1, _ink(shade3(skin, 0.85), on), 0)
        target.ellipse(0.5, 0.30, 0.105, 0.14, _ink(shade3(skin, 1), on), 0)
        target.ellipse(0.49, 0.24, 0.115, 0.11, _ink(shade3(hair, 1), on), 0)
        if coat[0] > 140:
            target.rectangle(0.27, 0.95, 0.12, 0.3, _ink((70, 50, 36), on), 0)
    return canvas.texels, figure.texels[..., 0].copy()


def paint_lamp(style: int) -> SpriteArrays:
    """Paint a street lamp with its head in the middle, 5.2 m high and 1.3 m wide at 48 px/m."""
    canvas = Canvas(1.3, 5.2, 48.0, (58, 64, 62))
    shape = Canvas(1.3, 5.2, 48.0, (0, 0, 0))
    shape.texels[:] = 0
    for target in (canvas, shape):
        on = target is shape
        iron = _ink((54, 60, 58), on)
        target.rectangle(0.605, 0.5, 0.09, 4.7, iron, 0)
        target.rectangle(0.56, 4.3, 0.18, 0.9, iron, 0)
        if style == 0:
            target.ellipse(0.65, 0.34, 0.24, 0.27, _ink((236, 230, 214), on), SHINING)
            target.rectangle(0.5, 0.6, 0.3, 0.06, iron, 0)
        elif style == 1:
            target.polygon([(0.45, 0.2), (0.85, 0.2), (0.77, 0.7), (0.53, 0.7)],
                           _ink((236, 226, 200), on), SHINING)
            target.polygon([(0.40, 0.22), (0.65, 0.02), (0.90, 0.22)], iron, 0)
        else:
            target.rectangle(0.1, 0.42, 1.1, 0.06, iron, 0)
            for x in (0.05, 0.8):
                target.ellipse(x + 0.22, 0.55, 0.2, 0.12, _ink((240, 236, 224), on), SHINING)
    return canvas.texels, shape.texels[..., 0].copy()


def paint_railing(width_m: float, height_m: float, colour: Colour, gap_m: float) -> SpriteArrays:
    """Paint a fence or balcony railing of upright bars, 48 px/m."""
    canvas = Canvas(width_m, height_m, 48.0, colour)
    canvas.texels[..., 3] = SMOOTH
    shape = Canvas(width_m, height_m, 48.0, (0, 0, 0))
    shape.texels[:] = 0
    for y in (0.02, height_m - 0.14):
        shape.rectangle(0, y, width_m, 0.07, (255, 255, 255), 255)
    for x in np.arange(0, width_m, gap_m):
        shape.rectangle(x, 0, 0.035, height_m, (255, 255, 255), 255)
    return canvas.texels, shape.texels[..., 0].copy()


def _leaves(texels: ImageArray, mask: ImageArray, crown: ImageArray, colour: Colour,
            rng: np.random.Generator, clump_px: float) -> None:
    """Fill the outline ``crown`` with leaves: lumps of light and shadow, holes, a ragged edge."""
    height, width = mask.shape
    depth = cv2.GaussianBlur(crown, (0, 0), 7).astype(np.float32) / 255.0
    ragged = fractal_noise((height, width), 9.0, rng, octaves=3, roughness=0.8)
    leaves = depth + 0.17 * ragged > 0.46
    lumps = fractal_noise((height, width), 26.0, rng, octaves=2)
    grain = fractal_noise((height, width), clump_px, rng, octaves=2, roughness=0.8)
    upward = np.linspace(1.18, 0.66, height, dtype=np.float32)[:, None]
    factor = upward * (1.0 + 0.16 * lumps + 0.20 * grain)
    painted = np.clip(np.asarray(colour, np.float32) * factor[..., None], 0, 255)
    texels[leaves, :3] = painted[leaves].astype(np.uint8)
    mask[leaves] = 255


def _branch(mask: ImageArray, start: tuple[int, int], end: tuple[int, int], thick: int) -> None:
    cv2.line(mask, start, end, 255, thick, cv2.LINE_AA)


def _ink(colour, mask: bool) -> Colour:
    return (255.0, 255.0, 255.0) if mask else colour


def shade3(colour, factor: float) -> Colour:
    """:func:`shade` as floats."""
    red, green, blue = shade((colour[0], colour[1], colour[2]), factor)
    return float(red), float(green), float(blue)
