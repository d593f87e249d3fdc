# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is laid over the finished surfaces: mirror images on wet ground, glows, falling water."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray, ImageArray
from vpr_ros.world.camera import Camera
from vpr_ros.world.conditions import Conditions
from vpr_ros.world.faces import Faces
from vpr_ros.world.light import Light
from vpr_ros.world.rasterizer import Visible


def reflect(image: ImageArray, visible: Visible, faces: Faces, depth_m: FloatArray, light: Light,
            indoor: bool) -> None:
    """Mirror what stands on the ground in the ground, in place.

    Column by column about the row where the ground begins: right for a wall that faces the
    camera, near enough for the rest.
    """
    ground = np.zeros(len(visible.face) + 1, np.bool_)
    low = faces.corners[visible.face, :, 2].max(axis=1) < 0.2
    ground[:-1] = (faces.flat[visible.face] > 0.5) & low
    wet = ground[visible.index]
    height, width = wet.shape
    foot = height - 1 - np.argmax(~wet[::-1], axis=0)
    foot = cv2.blur(foot.astype(np.float32)[None], (9, 1))[0]
    top = int(foot.min())
    if top >= height - 2:
        return
    rows = np.arange(top, height, dtype=np.float32)[:, None]
    columns = np.repeat(np.arange(width, dtype=np.float32)[None], height - top, axis=0)
    source = np.maximum(2 * foot[None] - rows, 0.0).astype(np.float32)
    mirrored = cv2.remap(image, columns, source, cv2.INTER_LINEAR)
    mirrored = cv2.blur(mirrored, (3, 13)).astype(np.float32)
    share = np.clip(0.10 + depth_m[top:] * np.float32(0.022), 0.0, 0.5)
    share *= wet[top:] * np.float32(0.55 if indoor else 0.95)
    below = image[top:].astype(np.float32)
    below += (mirrored - below) * share[..., None]
    image[top:] = cv2.convertScaleAbs(below)


def glow(image: ImageArray, inverse_depth: FloatArray, lamps_m: FloatArray,
         pixel_ray: NDArray[np.float64], position_m: NDArray[np.float64], light: Light) -> None:
    """Add the glow around street lamps that are not hidden, in place."""
    height, width = inverse_depth.shape
    points = (lamps_m - position_m) @ np.linalg.inv(pixel_ray).T
    focal = 1.0 / np.linalg.norm(pixel_ray[:, 0])
    haze = 1.0 + min(light.fog_per_m * 40.0, 1.6)
    for x, y, z in points:
        if not 0.5 < z < 120.0:
            continue
        column, row = int(x / z), int(y / z)
        radius = int(min(focal * 0.85 * haze / z, 0.35 * height))
        if radius < 1 or not (-radius < column < width + radius
                              and -radius < row < height + radius):
            continue
        inside = 0 <= column < width and 0 <= row < height
        if inside and inverse_depth[row, column] > 1.35 / z:
            continue
        left, right = max(column - radius, 0), min(column + radius + 1, width)
        top, bottom = max(row - radius, 0), min(row + radius + 1, height)
        if left >= right or top >= bottom:
            continue
        dx = (np.arange(left, right, dtype=np.float32) - column) / radius
        dy = (np.arange(top, bottom, dtype=np.float32) - row)[:, None] / radius
        fall = np.clip(1.0 - np.sqrt(dx * dx + dy * dy), 0.0, 1.0) ** 2
        strength = 165.0 * light.lamps * np.exp(-light.fog_per_m * z * 0.6)
        halo = fall[..., None] * (strength * np.array([1.0, 0.82, 0.55], np.float32))
        patch = image[top:bottom, left:right]
        patch[:] = cv2.add(patch, halo, dtype=cv2.CV_8U)


class Precipitation:
    """Streaks of rain or flakes of snow in front of the camera.

    A few pictures are drawn once; each frame shows one of them, shifted and perhaps mirrored.
    """

    def __init__(self, camera: Camera, conditions: Conditions, light: Light, indoor: bool) -> None:
        self._sheets: list[ImageArray] = []
        self._snow = conditions.weather == 'snow'
        if indoor or conditions.weather not in ('rain', 'snow'):
            return
        rng = np.random.default_rng(23)
        scale = camera.height / 480.0
        for _ in range(4):
            sheet = np.zeros((camera.height, camera.width, 3), np.uint8)
            bright = 60.0 * min(0.4 + light.daylight, 1.0)
            for _ in range(260):
                x, y = rng.uniform(-20, camera.width), rng.uniform(-40, camera.height)
                near = rng.random() ** 3
                if self._snow:
                    tone = int((150 + 95 * rng.random()) * (0.35 + 0.65 * light.daylight))
                    cv2.circle(sheet, (int(x * 16), int(y * 16)),
                               int((0.8 + 3.4 * near) * scale * 16), (tone, tone, tone), -1,
                               cv2.LINE_AA, 4)
                else:
                    tone = int(bright * (0.25 + 0.5 * near))
                    length = (10 + 60 * near) * scale
                    cv2.line(sheet, (int(x), int(y)), (int(x - 0.08 * length), int(y + length)),
                             (tone, tone, tone), max(int((1 + near) * scale), 1), cv2.LINE_AA)
            soft = cv2.GaussianBlur(sheet, (3, 3), 0.8 * scale)
            self._sheets.append(np.asarray(soft, np.uint8))

    def fall(self, image: ImageArray, rng: np.random.Generator) -> None:
        """Draw it into ``image``, in place."""
        choice, shift = (int(part) for part in rng.integers(0, (4, image.shape[1])))
        if not self._sheets:
            return
        sheet = np.roll(self._sheets[choice], shift, axis=1)
        (cv2.max if self._snow else cv2.add)(image, sheet, dst=image)
