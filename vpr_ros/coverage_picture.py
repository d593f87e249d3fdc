# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map covers, as a picture: the trajectory of each session with a scale bar.

Sessions with poses are drawn by frame; without any pose there is nothing to draw. SVG is text; PNG
is drawn by OpenCV. Both show the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import DataError
from vpr_ros.place_map import PlaceMap

WIDTH_PX, HEIGHT_PX, MARGIN_PX, LEGEND_PX = 900, 640, 40, 22
GAP_M = 50.0  # a longer way between two places is not drawn as driven
COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#7f7f7f', '#000000')
Line = NDArray[np.float64]


def write_picture(place_map: PlaceMap, path: Path) -> None:
    """Draw the trajectories of a map.

    Args:
        place_map: the map.
        path: ends in ``.png`` or ``.svg``.

    Raises:
        DataError: another ending, no poses, or the file cannot be written.
    """
    if path.suffix not in ('.png', '.svg'):
        raise DataError(f'{path} was given for a picture, whose name must end in .png or .svg')
    names, tracks, repeats = [], [], []
    for session in place_map.sessions():
        places = [p for p in place_map.places_of(session.session_id) if p.pose is not None]
        if places:
            robot = f' ({session.robot})' if session.robot else ''
            names.append(f'{session.session_id} {session.name}{robot}: {len(places)} places')
            tracks.append(np.array([p.pose.position_m[:2] for p in places if p.pose is not None]))
            repeats.append(np.array([p.revisit_of > 0 for p in places]))
    if not tracks:
        raise DataError(f'{place_map.path}: no place has a pose, so there is nothing to draw; '
                        f'build the map with odometry')
    try:
        if path.suffix == '.svg':
            path.write_text(_svg(names, tracks, repeats), encoding='utf-8')
        else:
            encoded = cv2.imencode('.png', _png(names, tracks, repeats))[1]
            path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise DataError(f'{path} cannot be written ({error.strerror})') from error


class _Scale:
    """From metres to pixels: one scale for both axes, y upwards."""

    def __init__(self, tracks: Sequence[Line], sessions: int) -> None:
        every = np.concatenate(tracks)
        self.low, high = every.min(axis=0), every.max(axis=0)
        self.height_px = HEIGHT_PX + LEGEND_PX * sessions
        extent = np.maximum(high - self.low, 1e-3)
        room = np.array([WIDTH_PX, HEIGHT_PX]) - 2 * MARGIN_PX
        self.per_m = float(min(room / extent))
        length = 10.0 ** math.floor(math.log10(room[0] / self.per_m / 3))
        self.bar_m = max(f * length for f in (1, 2, 5) if f * length * self.per_m <= room[0] / 2)

    def __call__(self, track: Line) -> Line:
        pixels = (track - self.low) * self.per_m + MARGIN_PX
        pixels[:, 1] = HEIGHT_PX - pixels[:, 1]
        return pixels


def _pieces(track: Line) -> list[Line]:
    """Return the track without the ways between places that lie far apart."""
    far = np.linalg.norm(np.diff(track, axis=0), axis=1) > GAP_M
    return np.split(track, np.flatnonzero(far) + 1)


def _svg(names: Sequence[str], tracks: Sequence[Line], repeats: Sequence[Line]) -> str:
    scale = _Scale(tracks, len(tracks))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{scale.height_px}" '
        f'font-family="sans-serif" font-size="14">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for i, (track, repeat) in enumerate(zip(tracks, repeats, strict=True)):
        colour = COLOURS[i % len(COLOURS)]
        for piece in _pieces(track):
            points = ' '.join(f'{x:.1f},{y:.1f}' for x, y in scale(piece))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" '
                         f'stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
                  for x, y in scale(track[repeat])]
        y = HEIGHT_PX + LEGEND_PX * i
        parts.append(f'<rect x="{MARGIN_PX}" y="{y}" width="12" height="12" fill="{colour}"/>'
                     f'<text x="{MARGIN_PX + 20}" y="{y + 12}">{escape(names[i])}</text>')
    end = WIDTH_PX - MARGIN_PX
    start = end - scale.bar_m * scale.per_m
    parts.append(
        f'<path d="M{start:.1f} 24 H{end}" stroke="black" stroke-width="3"/>'
        f'<text x="{end}" y="18" text-anchor="end">{scale.bar_m:g} m</text></svg>'
    )
    return '\n'.join(parts) + '\n'


def _png(names: Sequence[str], tracks: Sequence[Line], repeats: Sequence[Line]) -> NDArray:
    scale = _Scale(tracks, len(tracks))
    picture = np.full((scale.height_px, WIDTH_PX, 3), 255, np.uint8)
    font, shift = cv2.FONT_HERSHEY_SIMPLEX, 4
    for i, (track, repeat) in enumerate(zip(tracks, repeats, strict=True)):
        colour = _bgr(COLOURS[i % len(COLOURS)])
        for piece in _pieces(track):
            points = np.rint(scale(piece) * (1 << shift)).astype(np.int32)
            cv2.polylines(picture, [points], False, colour, 2, cv2.LINE_AA, shift)
        for x, y in np.rint(scale(track[repeat])).astype(int).tolist():
            cv2.circle(picture, (x, y), 3, colour, -1, cv2.LINE_AA)
        y = HEIGHT_PX + LEGEND_PX * i
        cv2.rectangle(picture, (MARGIN_PX, y), (MARGIN_PX + 12, y + 12), colour, -1)
        text = names[i].encode('ascii', 'replace').decode()
        cv2.putText(picture, text, (MARGIN_PX + 20, y + 12), font, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    end = WIDTH_PX - MARGIN_PX
    start = round(end - scale.bar_m * scale.per_m)
    cv2.line(picture, (start, 24), (end, 24), (0, 0, 0), 3)
    cv2.putText(picture, f'{scale.bar_m:g} m', (start, 18), font, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return picture


def _bgr(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return blue, green, red
