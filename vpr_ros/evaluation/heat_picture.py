# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Heat maps drawn over their image, side by side with what it was matched with."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from vpr_ros.types import FloatArray, ImageArray

# RGB from 0 to the strongest; light and dark, so that they read without colours too
RAMP = ((30, 25, 60), (105, 30, 110), (190, 55, 85), (240, 120, 40), (252, 200, 70),
        (255, 250, 190))
# RGB from the strongest below 0 over 0 to the strongest above
SIGNED_RAMP = ((15, 60, 150), (80, 145, 210), (225, 225, 225), (240, 130, 60), (165, 25, 20))
COLOUR_SHARE = 0.62  # the rest is the image, which stays to be recognised
CAPTION_PX, MARGIN_PX, BAR_PX = 26, 8, 12
PAPER, INK = 255, 40
PANEL_HEIGHT_PX = 300


def heat_over(image: ImageArray, heat: FloatArray, *, signed: bool, limit: float = 0.0
              ) -> ImageArray:
    """Colour an image by heat, with the scale as a bar at its right.

    Args:
        image: uint8 (H, W, 3) RGB.
        heat: float32 (H, W).
        signed: blue below 0 and red above, rather than dark at 0 and bright far from it.
        limit: heat at the end of the scale, so that several maps have one; 0 takes the map's own
            strongest.

    Returns:
        uint8 (H, W + a bar, 3) RGB.
    """
    strongest = limit or float(np.abs(heat).max()) or 1.0
    grey = 50 + 0.8 * cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lit = _ramp(np.clip(heat / strongest, -1, 1), signed)
    mixed = COLOUR_SHARE * lit + (1 - COLOUR_SHARE) * grey[..., None]
    bar_px = max(3, round(image.shape[1] * BAR_PX / 400))
    steps = np.linspace(1, -1 if signed else 0, len(image), dtype=np.float32)
    bar = np.repeat(_ramp(steps[:, None], signed), bar_px, 1)
    gap = np.full((len(image), bar_px // 2, 3), PAPER)
    return np.concatenate([mixed, gap, bar], 1).round().clip(0, 255).astype(np.uint8)


def _ramp(values: FloatArray, signed: bool) -> FloatArray:
    """Colours (..., 3) of values from 0 or, signed, -1 to 1."""
    colours = np.asarray(SIGNED_RAMP if signed else RAMP, np.float32)
    at = np.linspace(-1 if signed else 0, 1, len(colours))
    return np.stack([np.interp(values, at, colours[:, i]) for i in range(3)], -1)


def side_by_side(panels: Sequence[tuple[str, ImageArray]], *, height_px: int = PANEL_HEIGHT_PX
                 ) -> ImageArray:
    """Put captioned images of one height in a row: uint8 (H, W, 3) RGB."""
    parts = []
    for caption, image in panels:
        width = max(1, round(image.shape[1] * height_px / image.shape[0]))
        shrinks = image.shape[0] > height_px
        scaled = cv2.resize(image, (width, height_px),
                            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        panel = np.full((height_px + CAPTION_PX, width, 3), PAPER, np.uint8)
        panel[CAPTION_PX:] = scaled
        _write(panel, caption)
        parts += [panel, np.full((len(panel), MARGIN_PX, 3), PAPER, np.uint8)]
    return np.pad(np.concatenate(parts[:-1], 1),
                  ((0, MARGIN_PX), (MARGIN_PX, MARGIN_PX), (0, 0)), constant_values=PAPER)


def _write(panel: ImageArray, caption: str) -> None:
    """Write a line above an image, cut where it is too long."""
    scale, font = 0.45, cv2.FONT_HERSHEY_SIMPLEX
    while caption and cv2.getTextSize(caption, font, scale, 1)[0][0] > panel.shape[1] - 2:
        caption = caption[:-1]
    cv2.putText(panel, caption, (1, CAPTION_PX - 9), font, scale, (INK,) * 3, 1, cv2.LINE_AA)
