# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a soak has measured, as a picture: one small chart for each thing that must stay flat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, ROW, LEFT, RIGHT, TOP, BOTTOM = 760, 120, 70, 20, 44, 40
CHARTS = (
    ('memory_mb', 'resident memory, MB', '#1f6fb4'),
    ('places', 'places of the map', '#7a6a1f'),
    ('threads', 'threads', '#2a8a4a'),
    ('handles', 'open files', '#9a3fa0'),
    ('p50_ms', 'latency p50, ms', '#d9661f'),
    ('p99_ms', 'latency p99, ms', '#b02a3a'),
)


def soak_svg(title: str, found: Mapping[str, Any]) -> str:
    """Draw the charts over the minutes of the drive.

    Args:
        title: what was measured.
        found: as the command's JSON holds it.
    """
    samples = found['samples']
    minutes = [sample['drive_s'] / 60.0 for sample in samples]
    height = TOP + len(CHARTS) * ROW + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             f'<text x="{LEFT}" y="24" font-size="14">{escape(title)}</text>']
    for number, (name, label, colour) in enumerate(CHARTS):
        values = [float(sample[name]) for sample in samples]
        parts += _chart(label, colour, minutes, values, TOP + number * ROW)
    bottom = TOP + len(CHARTS) * ROW
    for part in range(5):
        x = LEFT + (WIDTH - LEFT - RIGHT) * part / 4
        parts.append(f'<text x="{x:.0f}" y="{bottom + 8}" text-anchor="middle">'
                     f'{minutes[-1] * part / 4:.3g}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{bottom + 28}" '
                 f'text-anchor="middle">minutes of the drive, by its stamps</text>')
    return '\n'.join([*parts, '</svg>', ''])


def _chart(
    label: str, colour: str, minutes: Sequence[float], values: Sequence[float], top: float
) -> list[str]:
    """One chart from 0 to a tenth above its largest value."""
    highest, base, tall = max(*values, 1e-9) * 1.1, top + ROW - 22, ROW - 42
    points = ' '.join(
        f'{LEFT + (WIDTH - LEFT - RIGHT) * minute / minutes[-1]:.1f},'
        f'{base - tall * value / highest:.1f}'
        for minute, value in zip(minutes, values, strict=True)
    )
    top_line = base - tall * max(values) / highest
    return [
        f'<text x="{LEFT}" y="{top + 12}" fill="{colour}">{escape(label)}</text>',
        f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}" stroke="#999"/>',
        f'<text x="{LEFT - 8}" y="{base + 4}" text-anchor="end">0</text>',
        f'<text x="{LEFT - 8}" y="{top_line + 4:.1f}" text-anchor="end">{max(values):.4g}</text>',
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
    ]
