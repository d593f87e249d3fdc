# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Line charts with axes, drawn with what is installed anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import math

import cv2
import numpy as np

from vpr_ros.types import ImageArray

# RGB, apart for colour-blind eyes too (Okabe and Ito)
COLOURS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233),
           (230, 159, 0))
INK, GRID, PAPER = (60, 60, 60), (225, 225, 225), 255
FONT, TEXT = cv2.FONT_HERSHEY_SIMPLEX, 0.45
SMALLEST = 1e-30
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX, ROW_PX = 64, 18, 34, 44, 20


@dataclass(frozen=True)
class Line:
    """One line of a chart: a name for the legend, x and y of its points, colour and dashes."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: tuple[int, int, int]
    dotted: bool = False


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from the first at or below ``low`` to the first at or above ``high``."""
    size = max(abs(low), abs(high))
    span = high - low
    if span <= 1e-9 * size or span < SMALLEST:  # one number: as much room as it is large
        span = size if size > SMALLEST else 1.0
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (factor * power for factor in (1, 2, 2.5, 5, 10))
    step = min(candidate for candidate in steps if candidate >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def draw_chart(title: str, x_name: str, lines: Sequence[Line], *, width_px: int = 620,
               height_px: int = 420, from_zero: bool = False) -> ImageArray:
    """Draw lines over one pair of axes.

    Args:
        title: above.
        x_name: below.
        lines: at least one, each with at least one point.
        width_px: of the picture.
        height_px: of the picture, without the legend, which takes rows of its own.
        from_zero: let the vertical axis begin at 0.

    Returns:
        uint8 (H, width_px, 3) RGB.
    """
    canvas = np.full((height_px + ROW_PX * -(-len(lines) // 2), width_px, 3), PAPER, np.uint8)
    xs = [x for line in lines for x in line.x]
    ys = [y for line in lines for y in line.y] + ([0.0] if from_zero else [])
    x_ticks, y_ticks = ticks(min(xs), max(xs)), ticks(min(ys), max(ys))
    inner = (width_px - LEFT_PX - RIGHT_PX, height_px - TOP_PX - BOTTOM_PX)

    def at(x: float, y: float) -> tuple[int, int]:
        across = (x - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])
        up = (y - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])
        return LEFT_PX + round(across * inner[0]), TOP_PX + round((1 - up) * inner[1])

    for y in y_ticks:
        cv2.line(canvas, at(x_ticks[0], y), at(x_ticks[-1], y), GRID, 1)
        _text(canvas, f'{y:.4g}', at(x_ticks[0], y)[0] - 6, at(x_ticks[0], y)[1] + 4, align=1.0)
    for x in x_ticks:
        cv2.line(canvas, at(x, y_ticks[0]), at(x, y_ticks[-1]), GRID, 1)
        _text(canvas, f'{x:.6g}', at(x, y_ticks[0])[0], at(x, y_ticks[0])[1] + 16, align=0.5)
    for line in lines:
        points = [at(x, y) for x, y in zip(line.x, line.y, strict=True)]
        for start, end in pairwise(points):
            _stroke(canvas, start, end, line)
        for point in points if len(points) <= 60 else []:
            cv2.circle(canvas, point, 3, line.colour, -1, cv2.LINE_AA)
    _text(canvas, title, LEFT_PX, 20, size=0.55)
    _text(canvas, x_name, LEFT_PX + inner[0] // 2, height_px - 8, align=0.5)
    for number, line in enumerate(lines):
        left = LEFT_PX + (number % 2) * inner[0] // 2
        level = height_px + ROW_PX * (number // 2) + 8
        _stroke(canvas, (left, level), (left + 24, level), line)
        _text(canvas, line.name, left + 30, level + 4)
    return canvas


def _stroke(canvas: ImageArray, start: tuple[int, int], end: tuple[int, int], line: Line) -> None:
    if not line.dotted:
        cv2.line(canvas, start, end, line.colour, 2, cv2.LINE_AA)
        return
    pieces = max(1, round(math.dist(start, end) / 14))
    along = np.linspace(start, end, 2 * pieces + 1).round().astype(int)
    for a, b in zip(along[::2], along[1::2], strict=False):
        cv2.line(canvas, a.tolist(), b.tolist(), line.colour, 2, cv2.LINE_AA)


def _text(canvas: ImageArray, text: str, x: int, y: int, *, align: float = 0.0,
          size: float = TEXT) -> None:
    """Write text whose left (0), middle (0.5) or right end (1) is at x."""
    wide = cv2.getTextSize(text, FONT, size, 1)[0][0]
    cv2.putText(canvas, text, (round(x - align * wide), y), FONT, size, INK, 1, cv2.LINE_AA)
