# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation: what differs between two visits of a robot, drawn at random.

Viewpoint (crop, zoom, rotation, perspective), light (exposure, gamma, colour, night, local
lamps, glare), sensor (noise, blur, motion, low resolution, JPEG), occlusion; and once a batch
the camera: its resolution and whether it has a fisheye lens, since a robot compares images of
one camera. A flip is the batch's, too, so that pairs stay pairs. uint8 RGB throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
import functools
import math

import cv2
import numpy as np

from vpr_ros.types import FloatArray, ImageArray

_NOISE = np.random.default_rng(0).standard_normal(1 << 21).astype(np.float32)
_GREY = np.full((3, 3), 1 / 3, np.float32) * np.array([0.9, 1.76, 0.34], np.float32)


@dataclass(frozen=True)
class Camera:
    """What all images of a batch share.

    Attributes:
        flip: mirror left and right.
        height: of the sensor in pixels; images are shrunk to it and enlarged again.
        fisheye: bending of the lens in radians at the rim of its image circle; 0 for none.
        circle: radius of the image circle in units of half the image height.
    """

    flip: bool
    height: int
    fisheye: float
    circle: float


def draw_camera(rng: np.random.Generator) -> Camera:
    """Half of the cameras are sharp, the others have few pixels; a fifth are fisheyes."""
    height = int(rng.choice([120, 144, 180])) if rng.random() < 0.45 else 10_000
    fisheye = round(float(rng.uniform(0.7, 1.2)), 1) if rng.random() < 0.2 else 0.0
    return Camera(bool(rng.random() < 0.5), height, fisheye,
                  round(float(rng.uniform(0.95, 1.35)), 1))


@functools.lru_cache(maxsize=64)
def _lens(fisheye: float, circle: float, height: int, width: int
          ) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw maps for cv2.remap and the dark rim of a fisheye: three float32 (height, width)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    half = circle * height / 2
    dx, dy = (x - (width - 1) / 2) / half, (y - (height - 1) / 2) / half
    radius = np.sqrt(dx**2 + dy**2)
    bent = np.tan(fisheye * np.minimum(radius, 1)) / math.tan(fisheye)
    factor = bent / np.maximum(radius, 1e-6)
    rim = np.clip((1 - radius) * 12, 0, 1)
    map_x = (dx * factor + 1) * (width - 1) / 2
    map_y = (dy * factor + 1) * (height - 1) / 2
    return map_x.astype(np.float32), map_y.astype(np.float32), rim.astype(np.float32)


def _viewpoint(image: ImageArray, rng: np.random.Generator, height: int, width: int,
               flip: bool, severity: float) -> ImageArray:
    """Crop, zoom, stretch, rotate and tilt in one warp.

    Zoom is kept small: it looks like driving on, which a descriptor has to tell apart.
    """
    rows, columns = image.shape[:2]
    zoom = 1 - severity * rng.uniform(-0.02, 0.15)
    stretch = math.exp(severity * rng.normal(0, 0.06))
    half = np.array([columns * zoom * stretch, rows * zoom / stretch]) / 2
    slack = np.abs(np.array([columns, rows]) / 2 - half) + 0.03 * severity * columns
    middle = np.array([columns, rows]) / 2 + rng.uniform(-1, 1, 2) * slack
    angle = math.radians(severity * rng.normal(0, 4))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ turn.T + middle
    corners += severity * rng.normal(0, 0.035, (4, 2)) * [columns, rows]
    if flip:
        corners = corners[[1, 0, 3, 2]]
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    border = cv2.BORDER_REFLECT_101 if rng.random() < 0.6 else cv2.BORDER_CONSTANT
    return np.asarray(cv2.warpPerspective(image, warp, (width, height), flags=cv2.INTER_LINEAR,
                                          borderMode=border), np.uint8)


def _colour(image: ImageArray, rng: np.random.Generator, severity: float) -> ImageArray:
    """Saturation, white balance, exposure, gamma and contrast."""
    grey = rng.random() < 0.15 * severity
    saturation = 0.0 if grey else math.exp(severity * rng.normal(0, 0.5))
    mix = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * _GREY
    if rng.random() < 0.3 * severity:
        mix = mix + rng.normal(0, 0.06, (3, 3)).astype(np.float32)
    image = np.asarray(cv2.transform(image, mix), np.uint8)
    level = np.arange(256) / 255
    night = rng.random() < 0.12 * severity
    gain = rng.uniform(0.15, 0.5) if night else math.exp(severity * rng.normal(0, 0.35))
    contrast = math.exp(severity * rng.normal(0, 0.25))
    gamma = math.exp(severity * rng.normal(0, 0.4))
    balance = np.exp(severity * rng.normal(0, 0.2 if night else 0.1, 3))
    table = (level**gamma - 0.45) * contrast + 0.45 + severity * rng.normal(0, 0.06)
    table = np.clip(table[:, None] * gain * balance, 0, 1) * 255
    return np.asarray(cv2.LUT(image, table.astype(np.uint8)[:, None, :]), np.uint8)


def _local_light(image: ImageArray, rng: np.random.Generator, severity: float) -> ImageArray:
    """Lamps and shadows: a smooth field of gains, sometimes a glare."""
    height, width = image.shape[:2]
    cells = (int(rng.integers(2, 6)), int(rng.integers(2, 5)))
    field = np.exp(rng.normal(0, 0.1 + 0.5 * severity, cells)).astype(np.float32)
    gain = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    lit = image * gain[..., None]
    if rng.random() < 0.35:
        spot = np.zeros((24, 32), np.float32)
        place = (int(rng.integers(32)), int(rng.integers(24)))
        cv2.circle(spot, place, int(rng.integers(1, 5)), float(rng.uniform(80, 300)), -1)
        glare = cv2.GaussianBlur(spot, (0, 0), float(rng.uniform(1, 4)))
        lit += cv2.resize(glare, (width, height))[..., None]
    return np.clip(lit, 0, 255).astype(np.uint8)


def _occlude(image: ImageArray, other: ImageArray, rng: np.random.Generator) -> ImageArray:
    """People and things: up to three ellipses or boxes of plain colour or of another image."""
    image = image.copy()
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        mask = np.zeros((height, width), np.uint8)
        middle = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (int(width * rng.uniform(0.04, 0.14)), int(height * rng.uniform(0.06, 0.3)))
        if rng.random() < 0.5:
            cv2.ellipse(mask, middle, axes, float(rng.uniform(-30, 30)), 0, 360, 1, -1)
        else:
            low = (middle[0] - axes[0], middle[1] - axes[1])
            cv2.rectangle(mask, low, (middle[0] + axes[0], middle[1] + axes[1]), 1, -1)
        inside = mask.astype(bool)
        image[inside] = other[inside] if rng.random() < 0.5 else rng.integers(0, 256, 3)
    return image


def _sensor(image: ImageArray, rng: np.random.Generator, camera: Camera, severity: float
            ) -> ImageArray:
    """Blur, few pixels, noise and JPEG."""
    height, width = image.shape[:2]
    if rng.random() < 0.3 * severity:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.6))), np.uint8)
    if rng.random() < 0.25 * severity:
        length = int(rng.integers(3, 9))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, math.pi) if rng.random() < 0.4 else 0.0
        reach = np.array([math.cos(angle), math.sin(angle)]) * length / 2
        start, end = length / 2 - reach, length / 2 + reach
        cv2.line(kernel, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 1.0)
        image = np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)
    sensor = camera.height
    if rng.random() < 0.2 * severity:
        sensor = min(sensor, int(rng.integers(96, 200)))
    if sensor < height:
        size = (sensor * width // height, sensor)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.5:
        first = int(rng.integers(len(_NOISE) - image.size))
        noise = _NOISE[first:first + image.size].reshape(image.shape)
        deviation = 1 + rng.uniform(0, 15) * severity
        image = np.clip(image + noise * deviation, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(90 - severity * rng.integers(10, 70))]
        image = np.asarray(cv2.imdecode(cv2.imencode('.jpg', image, quality)[1],
                                        cv2.IMREAD_COLOR), np.uint8)
    if image.shape[:2] != (height, width):
        image = np.asarray(cv2.resize(image, (width, height)), np.uint8)
    return image


def augment(image: ImageArray, other: ImageArray, rng: np.random.Generator, camera: Camera,
            height: int, width: int, severity: float = 1.0) -> ImageArray:
    """One image as another visit might see it.

    Args:
        image: uint8 (H, W, 3).
        other: an image of the same size, from which occluders are cut.
        rng: source of all choices.
        camera: the batch's camera.
        height: of the result.
        width: of the result.
        severity: 0 changes next to nothing, 1 as much as is ever drawn.

    Returns:
        uint8 (height, width, 3).
    """
    view = _viewpoint(image, rng, height, width, camera.flip, severity)
    if rng.random() < 0.4 * severity:
        view = _occlude(view, np.asarray(cv2.resize(other, (width, height)), np.uint8), rng)
    view = _colour(view, rng, severity)
    if rng.random() < 0.6 * severity:
        view = _local_light(view, rng, severity)
    if camera.fisheye:
        map_x, map_y, rim = _lens(camera.fisheye, camera.circle, height, width)
        bent = cv2.remap(view, map_x, map_y, cv2.INTER_LINEAR)
        view = (bent * rim[..., None]).astype(np.uint8)
    return _sensor(view, rng, camera, severity)
