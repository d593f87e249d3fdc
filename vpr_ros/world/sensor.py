# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the camera itself adds to the picture: vignette and noise."""

from __future__ import annotations

import cv2
import numpy as np

from vpr_ros.types import ImageArray
from vpr_ros.world.camera import Camera
from vpr_ros.world.light import Light


class Sensor:
    """Vignette, and noise that grows with the gain."""

    def __init__(self, camera: Camera, light: Light) -> None:
        self._width, self._height = camera.width, camera.height
        x = (np.arange(camera.width) - (camera.width - 1) / 2) / camera.focal_px
        y = (np.arange(camera.height) - (camera.height - 1) / 2)[:, None] / camera.focal_px
        falloff = (1.0 + 0.5 * (x * x + y * y)) ** -0.6
        self._vignette = np.repeat(np.rint(255 * falloff).astype(np.uint8)[..., None], 3, axis=2)
        spread = 1.6 + 0.7 * min(light.gain, 8.0)
        rng = np.random.default_rng(11)
        shape = (camera.height + 64, camera.width + 64)
        luma = rng.normal(0.0, spread, (*shape, 1)) + rng.normal(0.0, 0.35 * spread, (*shape, 3))
        self._noise = np.rint(luma).astype(np.int16)

    def expose(self, image: ImageArray, rng: np.random.Generator) -> ImageArray:
        """Return a new uint8 (H, W, 3) picture; ``rng`` chooses the noise."""
        top, left = (int(part) for part in rng.integers(0, 64, 2))
        noise = self._noise[top:top + self._height, left:left + self._width]
        dimmed = cv2.multiply(image, self._vignette, scale=1.0 / 255.0)
        noisy = cv2.add(dimmed, np.ascontiguousarray(noise), dtype=cv2.CV_8U)
        return np.asarray(noisy, np.uint8)
