# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scatter and line plots as SVG text, in the colours of the report's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
import math

from vpr_ros.study.pareto import pareto_front

WIDTH, HEIGHT = 520, 340
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 14, 46
CHARACTER = 6.2  # width of a letter, about
COLOURS = ('var(--info)', 'var(--good)', 'var(--bad)', 'var(--warn)', '#8a63c9', '#2a9d9d',
           '#b3578a', '#7a7a3a')


class Axis:
    """A linear or logarithmic axis between two pixels."""

    def __init__(self, values: Sequence[float], pixels: tuple[float, float], *,
                 logarithmic: bool) -> None:
        """Span the values with a little room; a logarithmic axis leaves out values of 0."""
        self._logarithmic = logarithmic
        shown = [self._of(v) for v in values if v > 0 or not logarithmic] or [0.0]
        low, high = min(shown), max(shown)
        room = (high - low) * 0.06 or 0.5
        self._low, self._high, self._pixels = low - room, high + room, pixels

    def _of(self, value: float) -> float:
        return math.log10(value) if self._logarithmic else value

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        share = (self._of(value) - self._low) / (self._high - self._low)
        return self._pixels[0] + share * (self._pixels[1] - self._pixels[0])

    def ticks(self) -> list[float]:
        """Round values within the axis, about five."""
        if self._logarithmic:
            first, last = math.floor(self._low), math.ceil(self._high)
            stride = max(1, (last - first) // 6)
            steps = (1, 2, 5) if last - first <= 2 else (1,)
            found = [10.0**e * s for e in range(first, last + 1, stride) for s in steps]
            inside = [v for v in found if self._low <= math.log10(v) <= self._high]
            if len(inside) > 1:
                return inside
            return self._round(10.0**self._low, 10.0**self._high)
        return self._round(self._low, self._high)

    @staticmethod
    def _round(low: float, high: float) -> list[float]:
        raw = (high - low) / 5
        power = 10.0 ** math.floor(math.log10(raw))
        step = min((m * power for m in (1, 2, 5, 10)), key=lambda s: abs(s - raw))
        first_step = math.ceil(low / step)
        count = math.floor(high / step) - first_step + 1
        return [(first_step + i) * step for i in range(count)]


def scatter(
    points: Sequence[tuple[str, float, float]], *, x: str, y: str, logarithmic: bool = True
) -> str:
    """Gain against cost, with the Pareto front joined and named.

    Args:
        points: (name, cost, gain).
        x, y: what the axes show.
        logarithmic: of the cost axis; points of cost 0 then stand at its left end.
    """
    least = min((c for _, c, _ in points if c > 0), default=1.0)
    costs = [max(c, least) if logarithmic else c for _, c, _ in points]
    gains = [g for _, _, g in points]
    across, up = _axes(costs, gains, logarithmic)
    front = pareto_front([(c, g) for _, c, g in points])
    body = ''
    if len(front) > 1:
        path = ' '.join(f'{across(costs[i]):.1f},{up(gains[i]):.1f}' for i in front)
        body += f'<polyline points="{path}" fill="none" stroke="var(--good)" stroke-width="1.5"/>'
    spots: dict[tuple[int, int], list[str]] = {}
    for i, (name, cost, gain) in enumerate(points):
        best = i in front
        at_x, at_y = across(costs[i]), up(gains[i])
        colour = 'var(--good)' if best else 'var(--soft)'
        body += (f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="{5 if best else 3.5}" '
                 f'fill="{colour}"><title>{escape(name)}: {x} {cost:.4g}, {y} {gain:.4g}</title>'
                 f'</circle>')
        if best:
            spots.setdefault((round(at_x), round(at_y)), []).append(name)
    return _frame(body + _names(spots), across, up, x, y)


def _names(spots: Mapping[tuple[int, int], Sequence[str]]) -> str:
    """Name what stands at some pixels, beside it; a name without room is left to hovering."""
    taken: list[tuple[float, float, float, float]] = []
    text = ''
    for (at_x, at_y), names in spots.items():
        name = names[0] if len(names) == 1 else f'{min(names, key=len)} and {len(names) - 1} more'
        width = CHARACTER * len(name)
        end = at_x > WIDTH * 0.6
        left = at_x - 9 - width if end else at_x + 9
        for shift in (0, 14, -14, 28, -28):
            box = (left, at_y + shift - 7, left + width, at_y + shift + 7)
            inside = box[0] >= 0 and box[2] <= WIDTH and TOP <= box[3] <= HEIGHT - BOTTOM
            if inside and not any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3]
                                  and t[1] < box[3] for t in taken):
                taken.append(box)
                text += (f'<text x="{at_x - 9 if end else at_x + 9}" y="{at_y + shift + 4}" '
                         f'text-anchor="{"end" if end else "start"}">{escape(name)}</text>')
                break
    return text


def lines(
    series: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str,
    logarithmic: bool = True,
) -> str:
    """One line per name; both axes logarithmic, or both not.

    Args:
        series: name -> points (x, y), x ascending.
        x, y: what the axes show.
        logarithmic: of both axes.
    """
    flat = [point for points in series.values() for point in points]
    across, up = _axes([p[0] for p in flat], [p[1] for p in flat], logarithmic, both=True)
    body, key = '', ''
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = ' '.join(f'{across(a):.1f},{up(b):.1f}' for a, b in points)
        body += (f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += ''.join(
            f'<circle cx="{across(a):.1f}" cy="{up(b):.1f}" r="3.5" fill="{colour}">'
            f'<title>{escape(name)}: {x} {a:.6g}, {y} {b:.4g}</title></circle>'
            for a, b in points)
        at = TOP + 12 + 17 * number
        key += (f'<rect x="{LEFT + 10}" y="{at - 8}" width="12" height="4" fill="{colour}"/>'
                f'<text x="{LEFT + 28}" y="{at}">{escape(name)}</text>')
    return _frame(body + key, across, up, x, y)


def _axes(
    xs: Sequence[float], ys: Sequence[float], logarithmic: bool, *, both: bool = False
) -> tuple[Axis, Axis]:
    return (Axis(xs, (LEFT, WIDTH - RIGHT), logarithmic=logarithmic),
            Axis(ys, (HEIGHT - BOTTOM, TOP), logarithmic=logarithmic and both))


def _frame(body: str, across: Axis, up: Axis, x: str, y: str) -> str:
    grid = ''
    for value in across.ticks():
        at = across(value)
        grid += (f'<line class="axis" x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" '
                 f'y2="{HEIGHT - BOTTOM}"/><text x="{at:.1f}" y="{HEIGHT - BOTTOM + 17}" '
                 f'text-anchor="middle">{_short(value)}</text>')
    for value in up.ticks():
        at = up(value)
        grid += (f'<line class="axis" x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" '
                 f'y2="{at:.1f}"/><text x="{LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">'
                 f'{_short(value)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return (f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(y)} against '
            f'{escape(x)}">{grid}{body}<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" '
            f'text-anchor="middle">{escape(x)}</text><text x="14" y="{middle}" '
            f'text-anchor="middle" transform="rotate(-90 14 {middle})">{escape(y)}</text></svg>')


def _short(value: float) -> str:
    """Write a tick in few characters."""
    for limit, unit in ((1e6, 'M'), (1e3, 'k')):
        if abs(value) >= limit:
            return f'{value / limit:g}{unit}'
    return f'{value:.3g}'
