# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Curves on two logarithmic axes as SVG text, drawn without any library."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 300, 40, 50
COLOURS = ('#1f6fb4', '#d9661f', '#2a8a4a', '#9a3fa0', '#7a6a1f', '#b02a3a')


class Curve(NamedTuple):
    """A named line: (x, y) pairs, all above 0."""

    name: str
    points: Sequence[tuple[float, float]]


def log_log_svg(title: str, x_name: str, curves: Sequence[Curve]) -> str:
    """Draw a picture of the curves; every decade has a line."""
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [max(y, 1e-6) for curve in curves for _, y in curve.points]
    low_x, high_x = _decades(xs)
    low_y, high_y = _decades(ys)

    def at(x: float, y: float) -> tuple[float, float]:
        along = (math.log10(x) - low_x) / (high_x - low_x)
        up = (math.log10(max(y, 1e-6)) - low_y) / (high_y - low_y)
        return (LEFT + along * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM))

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{LEFT}" y="22" font-size="14">{escape(title)}</text>']
    for decade in range(low_x, high_x + 1):
        x, _ = at(10.0**decade, 10.0**low_y)
        parts += [_line(x, TOP, x, HEIGHT - BOTTOM),
                  f'<text x="{x:.0f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                  f'{_number(decade)}</text>']
    for decade in range(low_y, high_y + 1):
        _, y = at(10.0**low_x, 10.0**decade)
        parts += [_line(LEFT, y, WIDTH - RIGHT, y),
                  f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">'
                  f'{_number(decade)}</text>']
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 10}" text-anchor="middle">'
                 f'{escape(x_name)}</text>')
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        places = [at(x, y) for x, y in curve.points]
        path = ' '.join(f'{x:.1f},{y:.1f}' for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        line_y = TOP + 16 + 20 * number
        parts += [f'<rect x="{WIDTH - RIGHT + 16}" y="{line_y - 9}" width="12" height="10" '
                  f'fill="{colour}"/>',
                  f'<text x="{WIDTH - RIGHT + 34}" y="{line_y}">{escape(curve.name)}</text>']
    return '\n'.join([*parts, '</svg>', ''])


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="#ddd" stroke-width="1"/>')


def _number(decade: int) -> str:
    return f'{10**decade:,}' if decade >= 0 else f'{10.0**decade:g}'
