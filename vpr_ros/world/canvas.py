# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A canvas measured in metres, on which textures are painted."""

from __future__ import annotations

import cv2
import numpy as np

from vpr_ros.types import ImageArray
from vpr_ros.world.atlas import GRAINED
from vpr_ros.world.noise import fractal_noise

Colour = tuple[float, float, float]


class Canvas:
    """An RGBM picture; x runs right and y runs down, both in metres.

    Attributes:
        texels: uint8 (h, w, 4) RGBM, see :mod:`vpr_ros.world.atlas`.
        density: texels per metre.
    """

    def __init__(self, width_m: float, height_m: float, density: float, colour: Colour) -> None:
        self.density = density
        shape = (max(round(height_m * density), 2), max(round(width_m * density), 2))
        self.texels: ImageArray = np.empty((*shape, 4), np.uint8)
        self.texels[:] = (*colour, GRAINED)
        self.width_m = shape[1] / density
        self.height_m = shape[0] / density

    def rectangle(self, x: float, y: float, width: float, height: float, colour: Colour,
                  material: int = GRAINED) -> None:
        """Fill the rectangle whose upper left corner is (x, y)."""
        left, top = self.px(x), self.px(y)
        right, bottom = max(self.px(x + width), left + 1), max(self.px(y + height), top + 1)
        self.texels[max(top, 0):max(bottom, 0), max(left, 0):max(right, 0)] = (
            *shade(colour, 1.0), material)

    def ellipse(self, x: float, y: float, half_width: float, half_height: float, colour: Colour,
                material: int = GRAINED, *, start_deg: float = 0.0, end_deg: float = 360.0,
                ) -> None:
        """Fill an ellipse, or a sector of it, around (x, y)."""
        cv2.ellipse(self.texels, (self.px(x), self.px(y)),
                    (max(self.px(half_width), 1), max(self.px(half_height), 1)), 0, start_deg,
                    end_deg, (*shade(colour, 1.0), material), -1, cv2.LINE_AA)

    def polygon(self, points: list[tuple[float, float]], colour: Colour,
                material: int = GRAINED) -> None:
        """Fill a polygon."""
        corners = np.round(np.array(points) * self.density * 16).astype(np.int32)
        cv2.fillPoly(self.texels, [corners], (*shade(colour, 1.0), material), cv2.LINE_AA, 4)

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, colour: Colour,
             material: int = GRAINED) -> None:
        """Draw a line ``width`` metres thick."""
        cv2.line(self.texels, (self.px(x0), self.px(y0)), (self.px(x1), self.px(y1)),
                 (*shade(colour, 1.0), material), max(self.px(width), 1), cv2.LINE_AA)

    def text(self, words: str, x: float, y: float, width: float, height: float, colour: Colour,
             material: int, font: int = cv2.FONT_HERSHEY_DUPLEX) -> None:
        """Write ``words`` as large as they fit into the box and in its middle."""
        (wide, high), _ = cv2.getTextSize(words, font, 1.0, 2)
        scale = min(width * self.density / wide, height * self.density / high)
        thick = max(round(scale * 2.4), 1)
        place = (self.px(x + width / 2) - int(wide * scale / 2),
                 self.px(y + height / 2) + int(high * scale / 2))
        cv2.putText(self.texels, words, place, font, scale, (*shade(colour, 1.0), material), thick,
                    cv2.LINE_AA)

    def weather(self, rng: np.random.Generator, *, blotches: float = 0.05, streaks: float = 0.05,
                soot: float = 0.10) -> None:
        """Age the surface: cloudy blotches, rain streaks from above, dirt near the foot."""
        height, width = self.texels.shape[:2]
        factor = 1.0 + blotches * fractal_noise((height, width), 1.6 * self.density, rng)
        run = cv2.resize(rng.standard_normal((3, width), dtype=np.float32), (width, height))
        factor += streaks * run * np.linspace(1.0, 0.2, height, dtype=np.float32)[:, None]
        depth = np.linspace(self.height_m, 0.0, height, dtype=np.float32)[:, None]
        factor -= soot * np.exp(-depth / 0.7)
        self.multiply(factor)

    def multiply(self, factor) -> None:
        """Multiply the colour of grained texels by ``factor``, (h, w)."""
        share = (self.texels[..., 3:] == GRAINED)
        scaled = self.texels[..., :3] * np.where(share, np.asarray(factor)[..., None], 1.0)
        self.texels[..., :3] = np.clip(scaled, 0, 255)

    def px(self, metres: float) -> int:
        """Metres to whole texels."""
        return round(metres * self.density)


def shade(colour: Colour, factor: float) -> tuple[int, int, int]:
    """Return a colour made brighter or darker, each part in [0, 255]."""
    red, green, blue = (int(min(max(part * factor, 0.0), 255.0)) for part in colour)
    return red, green, blue
