# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cars: a cut-out for each side and bent sheets across, painted white for tinting."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from vpr_ros.world.atlas import Atlas, SHINING, SMOOTH
from vpr_ros.world.canvas import Canvas, Colour
from vpr_ros.world.faces import FaceList, Faces

_DENSITY = 64.0
_BODY: Colour = (226, 226, 226)
_GLASS: Colour = (40, 48, 56)

# Outlines as (x, z) in metres from the front bumper along the roof to the rear one, and which
# stretches of them are glass.
_SHAPES: tuple[tuple[tuple[tuple[float, float], ...], tuple[int, ...], float], ...] = (
    (((2.15, 0.28), (2.12, 0.68), (1.95, 0.80), (1.02, 0.96), (0.28, 1.42), (-0.95, 1.43),
      (-1.62, 1.02), (-2.12, 0.95), (-2.15, 0.32)), (3, 5), 0.86),
    (((1.95, 0.28), (1.92, 0.72), (1.72, 0.86), (0.98, 1.00), (0.30, 1.52), (-1.45, 1.52),
      (-1.90, 0.98), (-1.92, 0.32)), (3, 5), 0.84),
    (((2.35, 0.30), (2.33, 0.90), (2.12, 1.06), (1.78, 1.12), (1.20, 1.98), (-2.30, 2.02),
      (-2.36, 0.36)), (3,), 0.95),
)


def car_templates(atlas: Atlas) -> list[Faces]:
    """Cars that stand at the origin and look along x; their textures go into ``atlas``."""
    return [_template(atlas, *shape) for shape in _SHAPES]


def _template(atlas: Atlas, outline, glass: tuple[int, ...], half_width: float) -> Faces:
    faces = FaceList()
    texels, mask = _side(outline, glass)
    side = atlas.add(texels, mask)
    wide, high = atlas.size_of(side)
    front, rear = outline[0][0], outline[-1][0]
    top = max(z for _, z in outline)
    # Seen from its left the car points to the left, from its right to the right.
    for y, left, right in ((half_width, front, rear), (-half_width, rear, front)):
        window = (0, 0, wide, high) if y > 0 else (wide, 0, 0, high)
        faces.add([(left, y, top), (right, y, top), (right, y, 0), (left, y, 0)], side, window,
                  cutout=True, normal=(0, np.sign(y), 0.25))
    for k, (first, second) in enumerate(itertools.pairwise(outline)):
        panel = atlas.add(_panel(k, len(outline) - 1, k in glass, 2 * half_width,
                                 float(np.hypot(second[0] - first[0], second[1] - first[1]))))
        window = (0, 0, *atlas.size_of(panel))
        lower, upper = (first, second) if k < len(outline) // 2 else (second, first)
        sign = 1.0 if k < len(outline) // 2 else -1.0
        faces.add([(upper[0], -sign * half_width, upper[1]), (upper[0], sign * half_width,
                                                              upper[1]),
                   (lower[0], sign * half_width, lower[1]),
                   (lower[0], -sign * half_width, lower[1])], panel,
                  (window[2], window[1], window[0], window[3]) if sign > 0 else window)
    return faces.faces()


def _side(outline, glass: tuple[int, ...]):
    front, rear = outline[0][0], outline[-1][0]
    top = max(z for _, z in outline)
    canvas = Canvas(front - rear, top, _DENSITY, _BODY)
    canvas.texels[..., 3] = SMOOTH
    shape = Canvas(front - rear, top, _DENSITY, (0, 0, 0))
    shape.texels[:] = 0
    points = [(front - x, top - z) for x, z in outline]
    shape.polygon(points, (255, 255, 255), 255)
    belt = top - (0.98 if top < 1.8 else 1.18)
    canvas.rectangle(0, belt + 0.02, front - rear, 0.03, (176, 176, 176), SMOOTH)
    canvas.rectangle(0, belt + 0.30, front - rear, 0.05, (190, 190, 190), SMOOTH)
    canvas.rectangle(0, top - 0.36, front - rear, 0.36, (96, 96, 98), SMOOTH)
    a, b = outline[glass[0]], outline[glass[0] + 1]
    last = outline[glass[-1]] if len(glass) > 1 else outline[-3]
    tail = outline[glass[-1] + 1] if len(glass) > 1 else (outline[-3][0] + 0.9, 0.0)
    panes = [(front - a[0] + 0.22, belt), (front - b[0] + 0.08, top - b[1] + 0.09),
             (front - last[0] - 0.06, top - last[1] + 0.09), (front - tail[0] - 0.26, belt)]
    if len(glass) == 1:
        panes[2] = (front - b[0] + 0.75, top - b[1] + 0.09)
        panes[3] = (front - b[0] + 0.75, belt)
    canvas.polygon(panes, _GLASS, SMOOTH)
    middle = (panes[1][0] + panes[2][0]) / 2 + 0.08
    canvas.rectangle(middle - 0.05, panes[1][1] - 0.02, 0.09, belt - panes[1][1] + 0.02, _BODY,
                     SMOOTH)
    for x in (panes[0][0] - 0.02, middle, panes[3][0] + 0.08):
        canvas.line(x, belt, x, top - 0.38, 0.015, (140, 140, 140), SMOOTH)
    canvas.rectangle(middle + 0.10, belt + 0.10, 0.18, 0.035, (120, 120, 120), SMOOTH)
    for x in (0.78, front - rear - 0.80):
        canvas.ellipse(x, top - 0.36, 0.40, 0.40, (26, 26, 28), SMOOTH, start_deg=180, end_deg=360)
        for target, ink in ((canvas, (24, 24, 26)), (shape, (255, 255, 255))):
            target.ellipse(x, top - 0.32, 0.32, 0.32, ink, 255 if target is shape else SMOOTH)
        canvas.ellipse(x, top - 0.32, 0.19, 0.19, (168, 168, 172), SMOOTH)
        canvas.ellipse(x, top - 0.32, 0.07, 0.07, (60, 60, 62), SMOOTH)
    canvas.rectangle(0, top - 0.74, 0.24, 0.14, (250, 246, 226), 210)
    canvas.rectangle(front - rear - 0.2, top - 0.82, 0.2, 0.2, (190, 30, 26), 215)
    return canvas.texels, shape.texels[..., 0].copy()


def _panel(number: int, count: int, glass: bool, width: float, length: float):
    canvas = Canvas(width, max(length, 0.1), 48.0, _GLASS if glass else _BODY)
    canvas.texels[..., 3] = SMOOTH
    tall = canvas.height_m
    if glass:
        canvas.rectangle(0, 0, 0.07, tall, _BODY, SMOOTH)
        canvas.rectangle(width - 0.07, 0, 0.07, tall, _BODY, SMOOTH)
        canvas.rectangle(0.07, 0, width - 0.14, tall * 0.35, (92, 106, 120), SMOOTH)
    elif number in (0, count - 1):
        front = number == 0
        lamp, shine = ((250, 246, 228), SHINING) if front else ((196, 26, 22), 215)
        for x in (0.06, width - 0.42):
            canvas.rectangle(x, 0.03 if front else 0.06, 0.36, 0.15, lamp, shine)
        if front:
            canvas.rectangle(0.5, 0.05, width - 1.0, 0.14, (40, 40, 42), SMOOTH)
        canvas.rectangle(width / 2 - 0.26, tall - 0.22, 0.52, 0.12, (236, 236, 230), SMOOTH)
        canvas.rectangle(0, tall - 0.07, width, 0.07, (60, 60, 62), SMOOTH)
    else:
        canvas.rectangle(0, 0, width, 0.02, (170, 170, 170), SMOOTH)
        picture = canvas.texels[..., :3]
        glint = 0.92 + 0.1 * np.cos(np.linspace(-1.5, 1.5, picture.shape[1]))
        canvas.texels[..., :3] = cv2.convertScaleAbs(picture * glint[None, :, None])
    return canvas.texels
