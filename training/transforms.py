# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The augmentations of the benchmark (Berton et al. 2022, section 4.5), one class each.

Their parameters are those of torchvision's transforms of the same names, so that its tables can
be read with them; 0 is always the identity. uint8 (H, W, 3) RGB in and out.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Protocol

import cv2
import numpy as np

from training.keys import key
from vpr_ros.types import ImageArray

_GREY = np.array([0.299, 0.587, 0.114], np.float32)


class Transform(Protocol):
    """Changes one image."""

    def apply(self, image: ImageArray, rng: np.random.Generator) -> ImageArray:
        """Change the image as ``rng`` says."""


@dataclass(frozen=True)
class Flip:
    """Mirrors left and right; drawn once for a tuple or a batch."""

    probability: float = key(0.5, 'Share of the tuples or batches.', least=0, most=1)

    def apply(self, image: ImageArray, rng: np.random.Generator) -> ImageArray:
        """Mirror the image, or leave it as it was."""
        mirrored = rng.random() < self.probability
        return np.ascontiguousarray(image[:, ::-1]) if mirrored else image


@dataclass(frozen=True)
class ColourJitter:
    """Changes brightness, contrast, saturation and hue, in random order."""

    brightness: float = key(0.0, 'Factor from 1 - b (not below 0) to 1 + b.', least=0)
    contrast: float = key(0.0, 'As brightness, about the mean grey.', least=0)
    saturation: float = key(0.0, 'As brightness, about the grey image.', least=0)
    hue: float = key(0.0, 'Turn of the colour circle, from -h to h.', least=0, most=0.5)

    def apply(self, image: ImageArray, rng: np.random.Generator) -> ImageArray:
        """Give the image other colours."""
        for kind in rng.permutation(4):
            amount = (self.brightness, self.contrast, self.saturation)[kind] if kind < 3 else 0.0
            if amount:
                factor = np.float32(rng.uniform(max(0.0, 1 - amount), 1 + amount))
                values = image.astype(np.float32)
                base: np.ndarray | np.float32 = np.float32(0)
                if kind == 1:
                    base = (values @ _GREY).mean()
                elif kind == 2:
                    base = (values @ _GREY)[..., None]
                blended = base + (values - base) * factor
                image = np.clip(blended + 0.5, 0, 255).astype(np.uint8)
            elif kind == 3 and self.hue:
                turned = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
                turn = round(256 * rng.uniform(-self.hue, self.hue))
                turned[..., 0] = (turned[..., 0].astype(np.int16) + turn) % 256
                image = np.asarray(cv2.cvtColor(turned, cv2.COLOR_HSV2RGB_FULL), np.uint8)
        return image


@dataclass(frozen=True)
class RandomResizedCrop:
    """Cuts a part of the image and enlarges it to the image's size."""

    least: float = key(0.5, 'Smallest share of the area that is kept.', least=0.01, most=1)

    def apply(self, image: ImageArray, rng: np.random.Generator) -> ImageArray:
        """Enlarge a part of the image to its size; its shape is 3:4 to 4:3 of the image's."""
        height, width = image.shape[:2]
        area = rng.uniform(self.least, 1.0)
        stretch = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        rows = min(height, max(1, round(height * math.sqrt(area / stretch))))
        columns = min(width, max(1, round(width * math.sqrt(area * stretch))))
        if self.least == 1:
            return image
        top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        part = image[top:top + rows, left:left + columns]
        return np.asarray(cv2.resize(part, (width, height)), np.uint8)


@dataclass(frozen=True)
class Rotation:
    """Turns the image about its middle; the corners that come in are black."""

    degrees: float = key(10.0, 'Largest angle to either side.', least=0, most=180)

    def apply(self, image: ImageArray, rng: np.random.Generator) -> ImageArray:
        """Turn the image."""
        height, width = image.shape[:2]
        angle = float(rng.uniform(-self.degrees, self.degrees))
        middle = ((width - 1) / 2, (height - 1) / 2)
        turn = cv2.getRotationMatrix2D(middle, angle, 1.0)
        return np.asarray(cv2.warpAffine(image, turn, (width, height)), np.uint8)


@dataclass(frozen=True)
class Perspective:
    """Moves the four corners inwards at random; what comes in is black."""

    distortion: float = key(0.3, 'Most of half the image that a corner moves.', least=0, most=1)
    probability: float = key(0.5, 'Share of the images.', least=0, most=1)

    def apply(self, image: ImageArray, rng: np.random.Generator) -> ImageArray:
        """Tilt the image, or leave it as it was."""
        if rng.random() >= self.probability:
            return image
        height, width = image.shape[:2]
        corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
        inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
        reach = self.distortion * np.array([width, height]) / 2
        moved = corners + inwards * rng.uniform(0, 1, (4, 2)) * reach
        warp = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
        return np.asarray(cv2.warpPerspective(image, warp, (width, height)), np.uint8)


@dataclass(frozen=True)
class Resizing:
    """Shows the image with fewer pixels: shrunk by a random factor and enlarged again."""

    least: float = key(0.5, 'Smallest factor on its sides.', least=0.01, most=1)

    def apply(self, image: ImageArray, rng: np.random.Generator) -> ImageArray:
        """Make the image less sharp."""
        height, width = image.shape[:2]
        factor = rng.uniform(self.least, 1.0)
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height)), np.uint8)
