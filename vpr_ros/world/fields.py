# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Light that depends on the place: shadows, lamp light, corners that see little sky, snow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray
from vpr_ros.world.light import Light
from vpr_ros.world.noise import fractal_noise
from vpr_ros.world.scene import CELL_M, Scene


def light_fields(scene: Scene, light: Light, parked_m: NDArray[np.float64]) -> FloatArray:
    """float32 (rows, columns, 4) on the grid of ``scene.plan``.

    Channel 0: height below which a point lies in shadow, metres. 1: light of lamps, 1 below a
    lamp. 2: share of the sky that is seen, [0, 1]. 3: share of lying snow or puddles, [0, 1].
    """
    plan = scene.plan
    rows, columns = plan.height_m.shape
    reach_m = 0.6 if scene.indoor else 2.2
    sky = 1.0 - 0.62 * cv2.GaussianBlur((plan.height_m > 1.9).astype(np.float32), (0, 0),
                                        reach_m / CELL_M)
    for x, y, heading in parked_m:
        place = ((x - plan.origin_m[0]) / CELL_M - 0.5, (y - plan.origin_m[1]) / CELL_M - 0.5)
        size = (0.9, 0.9) if scene.indoor else (4.6, 2.1)
        box = cv2.boxPoints((place, (size[0] / CELL_M, size[1] / CELL_M),
                             float(np.degrees(heading))))
        dark = np.zeros((rows, columns), np.float32)
        cv2.fillConvexPoly(dark, np.rint(box * 16).astype(np.int32), 0.75, cv2.LINE_AA, 4)
        sky *= 1.0 - cv2.GaussianBlur(dark, (0, 0), 0.8)
    rng = np.random.default_rng(5)
    patches = fractal_noise((rows, columns), 2.5 / CELL_M, rng, octaves=3)
    if light.snow:
        lying = np.clip(0.93 - 0.62 * plan.road + 0.16 * patches, 0.0, 1.0)
    else:
        lying = np.clip(0.35 + 0.5 * patches, 0.0, 1.0)
    return np.dstack([_shadow_height(plan.height_m, light), lamp_light(scene), sky,
                      lying.astype(np.float32)])


def lamp_light(scene: Scene) -> FloatArray:
    """float32 (rows, columns): sum of the light of all lamps, 1 below a lone one."""
    rows, columns = scene.plan.height_m.shape
    total = np.zeros((rows, columns), np.float32)
    reach = 2.4 if scene.indoor else 4.6
    radius = int(5 * reach / CELL_M)
    for x, y, _ in scene.lamps_m:
        column = (x - scene.plan.origin_m[0]) / CELL_M - 0.5
        row = (y - scene.plan.origin_m[1]) / CELL_M - 0.5
        left, right = max(int(column) - radius, 0), min(int(column) + radius + 1, columns)
        top, bottom = max(int(row) - radius, 0), min(int(row) + radius + 1, rows)
        if left >= right or top >= bottom:
            continue
        dx = (np.arange(left, right) - column) * CELL_M
        dy = (np.arange(top, bottom) - row)[:, None] * CELL_M
        total[top:bottom, left:right] += (1.0 + (dx * dx + dy * dy) / reach ** 2) ** -1.5
    return total


def _shadow_height(height_m: FloatArray, light: Light) -> FloatArray:
    flat = float(np.hypot(light.sun_direction[0], light.sun_direction[1]))
    slope = float(light.sun_direction[2]) / max(flat, 1e-6)
    shadow = np.zeros_like(height_m)
    if light.sun_rgb.max() <= 0.0 or slope <= 0.0:
        return shadow
    step = light.sun_direction[:2] / flat
    reach = min(float(height_m.max()) / slope, 90.0)
    for distance in np.arange(CELL_M, reach, CELL_M):
        shift = np.array([[1.0, 0.0, -step[0] * distance / CELL_M],
                          [0.0, 1.0, -step[1] * distance / CELL_M]])
        moved = cv2.warpAffine(height_m, shift, (height_m.shape[1], height_m.shape[0]))
        np.maximum(shadow, moved - np.float32(distance * slope), out=shadow)
    blurred: FloatArray = cv2.GaussianBlur(shadow, (0, 0), 0.6)  # type: ignore[assignment]
    return blurred
