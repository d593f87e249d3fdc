# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All textures of a world in one image, so that one remap draws a whole frame.

Each texture is stored as a rip-map (Larson and Shah): level (i, j) is the texture shrunk by 2**i
in x and by 2**j in y, because facades and streets are mostly seen at a slant. Level (i, j) of a
w x h texture begins at (2 w (1 - 2**-i), 2 h (1 - 2**-j)), so its address is a closed formula.

A texel is RGBM. M tells materials apart: 128 takes the fine grain of the surface, 0 is smooth
(glass, paint), and above 160 it shines by itself, the more the higher.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray, ImageArray

LEVELS = 6
"""Number of rip-map levels per axis."""

GRAINED, SMOOTH, SHINING = 128, 0, 255
"""Values of M: takes fine grain, smooth, shines."""

_UNIT = 2 ** (LEVELS - 1)
_WIDTH = 8192


class Atlas:
    """Collects textures, then packs them.

    Attributes, after :meth:`pack`:
        texels: uint8 (H, 8192, 4) RGBM.
        origins: float32 (T, 2), x and y of each texture's level (0, 0).
        sizes: float32 (T, 2), width and height of each texture, texels.
        masks: per texture, None or the mip levels of its outline, uint8 (h, w) 0 or up to 255.
    """

    def __init__(self) -> None:
        self._images: list[ImageArray] = []
        self.masks: list[list[ImageArray] | None] = []
        self.texels: ImageArray = np.zeros((1, 1, 4), np.uint8)
        self.origins: FloatArray = np.zeros((0, 2), np.float32)
        self.sizes: FloatArray = np.zeros((0, 2), np.float32)

    def add(self, image: ImageArray, mask: ImageArray | None = None) -> int:
        """Add a texture, uint8 (h, w, 4) RGBM; returns its number.

        It is stretched to multiples of 32 texels. ``mask``, uint8 (h, w), cuts out its outline.
        """
        height = max(int(np.ceil(image.shape[0] / _UNIT)), 1) * _UNIT
        width = max(int(np.ceil(image.shape[1] / _UNIT)), 1) * _UNIT
        if image.shape[:2] != (height, width):
            image = _resized(image, width, height, cv2.INTER_LINEAR)
        self._images.append(np.ascontiguousarray(image))
        if mask is None:
            self.masks.append(None)
        else:
            if mask.shape != (height, width):
                mask = _resized(mask, width, height, cv2.INTER_LINEAR)
            levels = [mask]
            while min(levels[-1].shape) >= 8 and len(levels) < 8:
                tall, wide = levels[-1].shape
                levels.append(_resized(levels[-1], wide // 2, tall // 2))
            self.masks.append(levels)
        return len(self._images) - 1

    def size_of(self, texture: int) -> tuple[int, int]:
        """Width and height of a texture, texels."""
        return self._images[texture].shape[1], self._images[texture].shape[0]

    def pack(self) -> None:
        """Build the rip-maps and lay them out on shelves; the sources are dropped."""
        order = sorted(range(len(self._images)), key=lambda k: -self._images[k].shape[0])
        origins = np.zeros((len(order), 2), np.int64)
        x = y = shelf = 0
        for k in order:
            height, width = 2 * self._images[k].shape[0], 2 * self._images[k].shape[1]
            if x + width > _WIDTH:
                x, y, shelf = 0, y + shelf, 0
            origins[k] = x, y
            x, shelf = x + width, max(shelf, height)
        self.texels = np.zeros((y + shelf + 1, _WIDTH, 4), np.uint8)
        for k in order:
            left, top = origins[k]
            for row, column, level in _rip_levels(self._images[k]):
                self.texels[top + row:top + row + level.shape[0],
                            left + column:left + column + level.shape[1]] = level
        self.origins = origins.astype(np.float32)
        self.sizes = np.array([image.shape[1::-1] for image in self._images], np.float32)
        self._images = []


def _resized(image: ImageArray, width: int, height: int, how: int = cv2.INTER_AREA) -> ImageArray:
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def _rip_levels(image: ImageArray) -> list[tuple[int, int, NDArray[np.uint8]]]:
    levels = []
    height, width = image.shape[:2]
    narrow = image
    for i in range(LEVELS):
        if i:
            narrow = _resized(narrow, width >> i, height)
        flat = narrow
        for j in range(LEVELS):
            if j:
                flat = _resized(flat, width >> i, height >> j)
            levels.append((2 * height - (2 * height >> j), 2 * width - (2 * width >> i), flat))
    return levels
