# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The far distance as a panorama: sky, clouds, sun, moon and stars, mountains and a skyline."""

from __future__ import annotations

import cv2
import numpy as np

from vpr_ros.types import ImageArray
from vpr_ros.world.light import Light
from vpr_ros.world.noise import fractal_noise

WIDTH_PX = 2048
"""Columns of the panorama: azimuth 0 (along x) to 2 pi, counter-clockwise."""

TOP_RAD, BOTTOM_RAD = 1.35, -0.25
"""Elevations of the first and last row."""

HEIGHT_PX = int((TOP_RAD - BOTTOM_RAD) / (2 * np.pi) * WIDTH_PX)
"""Rows of the panorama."""


def paint_sky(light: Light, seed: int) -> ImageArray:
    """uint8 (HEIGHT_PX, WIDTH_PX, 3) RGB. The mountains depend on ``seed`` alone."""
    elevation = np.linspace(TOP_RAD, BOTTOM_RAD, HEIGHT_PX, dtype=np.float32)[:, None]
    azimuth = np.linspace(0, 2 * np.pi, WIDTH_PX, endpoint=False, dtype=np.float32)[None]
    share = np.clip(1.0 - elevation / 0.9, 0.0, 1.0)[..., None] ** 1.7
    picture = light.zenith_rgb * (1 - share) + light.horizon_rgb * share
    picture = np.repeat(picture, WIDTH_PX, axis=1)

    sun_azimuth = float(np.arctan2(light.sun_direction[1], light.sun_direction[0]))
    sun_elevation = float(np.arcsin(light.sun_direction[2]))
    cosine = (np.sin(elevation) * np.sin(sun_elevation)
              + np.cos(elevation) * np.cos(sun_elevation) * np.cos(azimuth - sun_azimuth))
    angle = np.arccos(np.clip(cosine, -1, 1))[..., None]
    clear = max(1.0 - light.cloud, 0.0)
    if sun_elevation > -0.15:
        warm = np.array([1.0, 0.80, 0.55], np.float32)
        picture += clear * light.daylight * (0.34 * np.exp(-angle / 0.35) * warm
                                             + 1.2 * (angle < 0.022))
    if light.daylight < 0.3 and clear > 0.5:
        rng = np.random.default_rng(seed + 17)
        stars = rng.random((HEIGHT_PX, WIDTH_PX)) > 0.9994
        dark = (0.3 - light.daylight) / 0.3
        picture[stars] += dark * rng.uniform(0.1, 0.6, (int(stars.sum()), 1))
        moon = np.hypot((azimuth - 2.1), elevation - 0.45)[..., None]
        picture += 0.75 * np.clip((0.024 - moon) / 0.004, 0, 1) + 0.10 * np.exp(-moon / 0.06)
    picture = _clouds(picture, light, elevation, np.random.default_rng(seed + 3))
    picture = _far_hills(picture, light, elevation, azimuth, seed)
    return np.clip(picture * 255.0, 0, 255).astype(np.uint8)


def _clouds(picture, light: Light, elevation, rng: np.random.Generator):
    seam = 256
    field = fractal_noise((HEIGHT_PX, WIDTH_PX + seam), 90.0, rng, octaves=6, roughness=0.6)
    # Fade the end into what lies before the beginning, so that the panorama closes.
    fade = np.linspace(0.0, 1.0, seam, dtype=np.float32)
    field[:, -seam:] = field[:, -seam:] * (1 - fade) + field[:, :seam] * fade
    field = np.ascontiguousarray(field[:, seam:])
    stretch = np.clip(elevation / 0.25, 0.15, 1.0)
    rows = np.clip(np.arange(HEIGHT_PX, dtype=np.float32)[:, None] * (0.6 + 0.4 * stretch), 0,
                   HEIGHT_PX - 1)
    columns = np.repeat(np.arange(WIDTH_PX, dtype=np.float32)[None], HEIGHT_PX, axis=0)
    rows = np.repeat(rows, WIDTH_PX, axis=1)
    field = np.asarray(cv2.remap(field, columns, rows, cv2.INTER_LINEAR), np.float32)
    cover = np.clip((field + 2.4 * light.cloud - 1.05) / 0.9, 0, 1)[..., None]
    bright = light.horizon_rgb * (1.12 if light.cloud < 0.5 else 0.98)
    shadow = bright * (0.80 + 0.07 * np.clip(field, -2, 2))[..., None]
    if light.cloud >= 0.5:
        return picture * (1 - cover) + shadow * cover
    return picture * (1 - 0.85 * cover) + 0.85 * cover * (0.5 * bright + 0.5 * shadow)


def _far_hills(picture, light: Light, elevation, azimuth, seed: int):
    rng = np.random.default_rng(seed)
    for distance, top, wiggle in ((0.72, 0.115, 12), (0.45, 0.062, 30)):
        ridge = np.full(WIDTH_PX, top * 0.6)
        for k in range(1, wiggle):
            ridge += top * 0.55 / k ** 0.85 * rng.normal() * np.sin(
                k * azimuth[0] + rng.uniform(0, 2 * np.pi)) * 0.8
        ridge = np.maximum(ridge, 0.012)
        hill = np.array([0.30, 0.36, 0.34]) * (0.25 + 0.75 * light.daylight)
        if light.snow:
            hill = np.array([0.74, 0.77, 0.82]) * (0.2 + 0.8 * light.daylight)
        tone = light.fog_rgb * distance + hill * light.daylight * (1 - distance)
        cover = np.clip((ridge[None] - elevation) / 0.004, 0, 1)[..., None]
        relief = 1.0 + 0.06 * fractal_noise((HEIGHT_PX, WIDTH_PX), 14.0, rng, octaves=2)[..., None]
        picture = picture * (1 - cover) + tone * relief * cover
    skyline = np.zeros(WIDTH_PX)
    lit = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    for _ in range(90):
        left, wide = int(rng.integers(WIDTH_PX)), int(rng.integers(8, 34))
        skyline[left:left + wide] = np.maximum(skyline[left:left + wide],
                                               rng.uniform(0.006, 0.045))
    lit[rng.random(lit.shape) > 0.94] = 1.0
    haze = light.fog_rgb * 0.55 + np.array([0.34, 0.33, 0.34]) * light.daylight * 0.45
    cover = (elevation < skyline[None])[..., None]
    tone = haze + 0.55 * light.lamps * lit[..., None] * np.array([1.0, 0.8, 0.5])
    picture = np.where(cover, tone, picture)
    thick = 1.0 - np.exp(-220.0 * light.fog_per_m * np.exp(-np.maximum(elevation, 0) * 3.0))
    return picture * (1 - thick[..., None]) + light.fog_rgb * thick[..., None]
