# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A replay as a short animation: what the robot sees, the place it recognises, and the route.

One picture for each keyframe: the query, its best match and, drawn as they become known, the route
and the loop closures. Green is accepted; grey is not, with the reason.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.journal import PICTURE_WIDTH_PX
from vpr_ros.evaluation.replay_result import QueryVerdict, ReplayResult
from vpr_ros.evaluation.report.replay_page import drawn_positions
from vpr_ros.types import ImageArray

SUFFIXES = ('.webp', '.gif', '.png')
MOST_PICTURES = 90
PICTURE_MS = 160
WAIT_MS = 1500  # at the last picture
QUALITY = 55  # of WebP
HEIGHT_PX, GAP_PX, CAPTION_PX = 180, 8, 26
PAPER, INK, FAINT = (255, 255, 255), (40, 40, 40), (205, 205, 205)
GREEN, RED, GREY = (30, 160, 70), (200, 40, 40), (130, 130, 130)
COLOURS = {'true': GREEN, 'unknown': GREEN, 'false': RED}
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def check_animation(path: Path) -> None:
    """Check that an animation of this name can be written here.

    Raises:
        ConfigError: another suffix, or an OpenCV that writes no animations.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(f'{path} is no animation; end its name with {", ".join(SUFFIXES)}')
    if not hasattr(cv2, 'imwriteanimation'):
        raise ConfigError(f'animations need OpenCV 4.11 or newer, this is {cv2.__version__}; '
                          'write a report instead (--report)')


def write_animation(result: ReplayResult, path: Path) -> Path:
    """Write the animation.

    Args:
        result: with the journal's pictures.
        path: ``.webp``, ``.gif`` or animated ``.png``.

    Returns:
        The path.

    Raises:
        ConfigError: see :func:`check_animation`.
        DataError: nothing can be shown, or the file cannot be written.
    """
    check_animation(path)
    pictures = animation_pictures(result)
    if not pictures:
        raise DataError(f'{result.bag} has no keyframe with a picture; there is nothing to show')
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) for picture in pictures]
    animation.durations = [PICTURE_MS] * (len(pictures) - 1) + [WAIT_MS]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written = cv2.imwriteanimation(str(path), animation, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    except (OSError, cv2.error):
        written = False
    if not written:
        raise DataError(f'{path} cannot be written; check the folder and the free space')
    return path


def animation_pictures(result: ReplayResult) -> list[ImageArray]:
    """Draw the pictures, uint8 (H, W, 3) RGB each, all of one size."""
    shown = [verdict for verdict in result.verdicts
             if verdict.recognition.stamp_ns in result.journal.pictures
             and (verdict.recognition.place_id or verdict.recognition.accepted)]
    # the first lap recognises nothing yet: it gets a quarter of the pictures
    first = next((number for number, verdict in enumerate(shown)
                  if verdict.recognition.accepted), len(shown))
    quiet, busy = shown[:first], shown[first:]
    chosen = _some(quiet, MOST_PICTURES // 4) + _some(busy, MOST_PICTURES - MOST_PICTURES // 4)
    route = _Route(result)
    return [_picture(result, verdict, route) for verdict in chosen]


def _some(items: list[QueryVerdict], most: int) -> list[QueryVerdict]:
    """At most so many, evenly."""
    if len(items) <= most:
        return items
    return [items[index] for index in np.linspace(0, len(items) - 1, most).astype(int)]


def _picture(result: ReplayResult, verdict: QueryVerdict, route: _Route) -> ImageArray:
    recognition, best = verdict.recognition, verdict.recognition.best
    accepted = recognition.accepted
    colour = COLOURS.get(verdict.kind, GREY)
    width = PICTURE_WIDTH_PX
    canvas = np.full((HEIGHT_PX + CAPTION_PX + 2 * GAP_PX, 3 * width + 4 * GAP_PX, 3), 255,
                     np.uint8)
    match_ns = best.place.stamp_ns if best is not None else None
    for column, stamp_ns in enumerate((recognition.stamp_ns, match_ns)):
        left = GAP_PX + column * (width + GAP_PX)
        tile = _tile(result.journal.pictures.get(stamp_ns) if stamp_ns is not None else None)
        if column and not accepted:
            tile = (0.35 * tile + 0.65 * 255).astype(np.uint8)  # what was not recognised is pale
        canvas[GAP_PX:GAP_PX + HEIGHT_PX, left:left + width] = tile
        if column and match_ns is not None:
            cv2.rectangle(canvas, (left, GAP_PX), (left + width - 1, GAP_PX + HEIGHT_PX - 1),
                          colour, 3)
    left = 3 * GAP_PX + 2 * width
    canvas[GAP_PX:GAP_PX + HEIGHT_PX, left:left + width] = route.with_next(verdict)
    words = f'not recognised: {recognition.reason.name.lower().replace("_", " ")}'
    if accepted:
        words = f'recognised, probability {min(recognition.probability, 0.99):.2f}'
        words += ' or more' if recognition.probability > 0.99 else ''
    line = GAP_PX + HEIGHT_PX + CAPTION_PX - 8
    for text, x, ink in (('the robot sees', GAP_PX, INK), (words, 2 * GAP_PX + width, colour),
                         ('route and loop closures', left, INK)):
        cv2.putText(canvas, text, (x, line), _FONT, 0.45, ink, 1, cv2.LINE_AA)
    return canvas


def _tile(data: bytes | None) -> ImageArray:
    """Return a stored JPEG at the size of a tile, or an empty one."""
    picture = None
    if data:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    tile = np.full((HEIGHT_PX, PICTURE_WIDTH_PX, 3), 240, np.uint8)
    if picture is None:
        return tile
    scale = min(HEIGHT_PX / picture.shape[0], PICTURE_WIDTH_PX / picture.shape[1])
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    rgb = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA),
                       cv2.COLOR_BGR2RGB)
    top, left = (HEIGHT_PX - size[1]) // 2, (PICTURE_WIDTH_PX - size[0]) // 2
    tile[top:top + size[1], left:left + size[0]] = rgb
    return tile


class _Route:
    """The route from above; loop closures stay once they are drawn."""

    def __init__(self, result: ReplayResult) -> None:
        self._positions, _ = drawn_positions(result)
        self._canvas = np.full((HEIGHT_PX, PICTURE_WIDTH_PX, 3), 255, np.uint8)
        points = np.array(list(self._positions.values()), np.float64).reshape(-1, 2)
        self._low = points.min(0) if len(points) else np.zeros(2)
        extent = points.max(0) - self._low if len(points) else np.ones(2)
        room = np.array([PICTURE_WIDTH_PX, HEIGHT_PX]) - 24.0
        self._scale = float((room / np.maximum(extent, 1e-6)).min())
        self._start = (room - extent * self._scale) / 2 + 12.0
        for stamp_ns in sorted(self._positions):
            cv2.circle(self._canvas, self._at(stamp_ns), 1, FAINT, -1, cv2.LINE_AA)

    def _at(self, stamp_ns: int) -> tuple[int, int]:
        x, y = (np.array(self._positions[stamp_ns]) - self._low) * self._scale + self._start
        return round(float(x)), HEIGHT_PX - round(float(y))

    def with_next(self, verdict: QueryVerdict) -> ImageArray:
        """Draw the verdict for good, and the robot for now."""
        recognition, best = verdict.recognition, verdict.recognition.best
        here = recognition.stamp_ns
        if here not in self._positions:
            return self._canvas
        there = best.place.stamp_ns if recognition.accepted and best is not None else None
        colour = COLOURS.get(verdict.kind, GREEN)
        if there in self._positions:
            cv2.circle(self._canvas, self._at(here), 2, colour, -1, cv2.LINE_AA)
        now = self._canvas.copy()
        if there in self._positions:
            cv2.line(now, self._at(here), self._at(there), colour, 2, cv2.LINE_AA)
        cv2.circle(now, self._at(here), 5, INK, -1, cv2.LINE_AA)
        return now
