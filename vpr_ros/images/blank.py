# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Is there anything to see? A covered lens, darkness, glare and a white wall say nothing.

Both measures are taken on a grey copy of 40 pixels on its longer side, where the noise of a
sensor has averaged out, after the best fitting quartic surface was taken off, which is what
vignetting and a lamp's falloff leave on a wall:

* spread: the 99.5th minus the 0.5th percentile, in grey levels;
* detail: the root mean square of the gradient, in grey levels per pixel of the copy.

An image is blank when both are low. The lamps of a street at night are too few to spread the
percentiles, but their edges are strong, so they count.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import ImageArray

COPY_PX = 40
MIN_SPREAD = 10.0
MIN_DETAIL = 2.5
DEGREE = 4


@dataclass(frozen=True)
class Blankness:
    """What was measured.

    Attributes:
        spread: grey levels, 0 to 255.
        detail: grey levels per pixel of the small copy.
        brightness: mean grey level, 0 to 255.
    """

    spread: float
    detail: float
    brightness: float

    @property
    def blank(self) -> bool:
        """True when there is nothing to see."""
        return self.spread < MIN_SPREAD and self.detail < MIN_DETAIL

    def __str__(self) -> str:
        looks = 'dark' if self.brightness < 40 else 'bright' if self.brightness > 215 else 'grey'
        found = f'spread {self.spread:.1f}, detail {self.detail:.1f}, mean {self.brightness:.0f}'
        if self.blank:
            return (f'blank, evenly {looks} ({found}): is the lens covered, or is it a wall or '
                    f'the dark?')
        return f'not blank ({found})'


def is_blank(image: ImageArray) -> bool:
    """Return True when an image shows nothing that a place could be recognised by.

    Args:
        image: uint8 (H, W, 3) RGB.
    """
    return blankness(image).blank


def blankness(image: ImageArray) -> Blankness:
    """Measure how much there is to see, see the top of this module.

    Args:
        image: uint8 (H, W, 3) RGB.
    """
    height, width = image.shape[:2]
    scale = min(1.0, COPY_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float64)
    basis = _surfaces(*grey.shape)
    flat = grey - (basis @ (basis.T @ grey.reshape(-1))).reshape(grey.shape)
    low, high = np.percentile(flat, [0.5, 99.5])
    across, down = np.diff(flat, axis=1), np.diff(flat, axis=0)
    detail = np.sqrt(_mean_square(across) + _mean_square(down))
    return Blankness(float(high - low), float(detail), float(grey.mean()))


@lru_cache(maxsize=8)
def _surfaces(rows: int, columns: int) -> NDArray[np.float64]:
    """Return an orthonormal basis of the quartic surfaces over an image, (rows * columns, k)."""
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing='ij')
    terms = [x**i * y**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    basis, sizes, _ = np.linalg.svd(
        np.stack(terms, axis=-1).reshape(rows * columns, -1), full_matrices=False
    )
    # An image of one or a few rows cannot tell all terms apart.
    return basis[:, sizes > 1e-9 * sizes[0]]


def _mean_square(values: NDArray[np.float64]) -> float:
    return float(np.mean(values**2)) if values.size else 0.0
