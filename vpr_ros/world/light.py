# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From hour, season and weather to the colours and directions of the light.

All light is linear; the renderer displays ``albedo * sqrt(gain * light)``, a gamma of 2.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from vpr_ros.world.conditions import Conditions

_DAY_H = {'summer': (5.0, 20.8), 'spring': (6.3, 19.2), 'autumn': (7.0, 18.4),
          'winter': (8.2, 16.6)}
_NOON_ELEVATION_DEG = {'summer': 56.0, 'spring': 42.0, 'autumn': 34.0, 'winter': 20.0}


@dataclass(frozen=True)
class Light:
    """The light of one drive. Colours are float32 (3,) RGB, linear.

    Attributes:
        sun_direction: float64 (3,), unit, from the ground to the sun.
        sun_rgb: direct light of the sun; zero when it is down or hidden.
        ambient_rgb: light of the whole sky.
        lamp_rgb: light below a street lamp or ceiling lamp.
        lamps: how far the lamps are on, in [0, 1].
        fog_rgb: colour of the air as displayed, in [0, 1].
        fog_per_m: extinction of the air.
        zenith_rgb: colour of the sky overhead as displayed, in [0, 1].
        horizon_rgb: colour of the sky above the horizon as displayed, in [0, 1].
        cloud: how much of the sky is cloud, in [0, 1].
        daylight: 1 by day, 0 by night.
        wetness: 1 on soaked ground.
        snow: 1 when snow lies.
        gain: exposure of the camera.
    """

    sun_direction: NDArray[np.float64]
    sun_rgb: NDArray[np.float32]
    ambient_rgb: NDArray[np.float32]
    lamp_rgb: NDArray[np.float32]
    lamps: float
    fog_rgb: NDArray[np.float32]
    fog_per_m: float
    zenith_rgb: NDArray[np.float32]
    horizon_rgb: NDArray[np.float32]
    cloud: float
    daylight: float
    wetness: float
    snow: float
    gain: float


def light_of(conditions: Conditions, *, indoor: bool = False) -> Light:
    """Return the light under these conditions; indoors the ceiling lamps are always on."""
    rise, fall = _DAY_H[conditions.season]
    part = (conditions.time_of_day_h - rise) / (fall - rise)
    elevation = math.radians(_NOON_ELEVATION_DEG[conditions.season]) * math.sin(
        math.pi * min(max(part, -0.4), 1.4))
    azimuth = 0.25 - math.pi * min(max(part, 0.0), 1.0)
    sun = np.array([math.cos(elevation) * math.cos(azimuth),
                    math.cos(elevation) * math.sin(azimuth), math.sin(elevation)])
    daylight = _smooth(math.degrees(elevation), -9.0, 9.0)
    low = 1.0 - _smooth(math.degrees(elevation), 0.0, 24.0)
    cloud = {'clear': 0.25, 'overcast': 0.9, 'rain': 1.0, 'snow': 1.0, 'fog': 1.0}[
        conditions.weather]
    direct = {'clear': 1.0, 'overcast': 0.06, 'rain': 0.0, 'snow': 0.04, 'fog': 0.03}[
        conditions.weather] * _smooth(math.degrees(elevation), -0.5, 8.0)
    sun_rgb = 1.25 * direct * _mix((1.0, 0.95, 0.86), (1.0, 0.66, 0.38), low)

    grey = np.array([0.62, 0.65, 0.68])
    ambient_day = (1 - cloud) * np.array([0.34, 0.42, 0.54]) + cloud * grey * (
        0.62 if conditions.weather == 'rain' else 0.85)
    dusky = np.array([0.42, 0.33, 0.40]) * (1 - cloud) + cloud * grey * 0.4
    ambient_day = _mix(ambient_day, dusky, 0.8 * low)
    ambient = ambient_day * daylight ** 1.3 + np.array([0.011, 0.014, 0.024]) * (1 + 0.8 * cloud)

    zenith = _mix((0.30, 0.50, 0.80), (0.34, 0.38, 0.58), low)
    horizon = _mix((0.74, 0.84, 0.93), (0.97, 0.70, 0.48), 0.9 * low)
    dull = {'overcast': 0.74, 'rain': 0.58, 'snow': 0.82, 'fog': 0.78}.get(
        conditions.weather, 0.8) * np.array([0.97, 0.99, 1.0])
    zenith, horizon = _mix(zenith, dull * 0.93, cloud), _mix(horizon, dull * 1.04, cloud)
    glow = np.array([0.10, 0.085, 0.09]) * (1.0 + 0.7 * cloud)
    zenith = zenith * daylight + np.array([0.022, 0.028, 0.055]) * (1 - daylight)
    horizon = horizon * daylight ** 0.8 + glow * (1 - daylight)

    density = {'clear': 0.0010, 'overcast': 0.0020, 'rain': 0.0065, 'snow': 0.010,
               'fog': 0.034}[conditions.weather]
    fog = _mix(horizon, zenith, 0.25)
    if conditions.weather == 'fog':
        fog = fog + np.array([0.08, 0.07, 0.06]) * (1 - daylight)
    lamps = 1.0 if indoor else 1.0 - _smooth(math.degrees(elevation), -3.0, 4.0)
    if conditions.weather in ('rain', 'fog') and not indoor:
        lamps = max(lamps, 0.35)
    lamp_rgb = np.array([1.0, 0.96, 0.86]) * 0.8 if indoor else np.array([1.0, 0.74, 0.42]) * 1.0

    level = 0.6 * ambient.mean() + 0.4 * float(sun_rgb.mean()) * max(math.sin(elevation), 0.3)
    level += 0.10 * lamps if not indoor else 0.45
    gain = 1.25 * (0.50 / (level + 0.015)) ** 0.55
    if indoor:
        sun_rgb, density, lamps = np.zeros(3), 0.0, 0.75 + 0.25 * daylight
        ambient = (0.20 + 0.08 * daylight) * np.array([1.0, 0.97, 0.90])
        ambient = ambient + 0.14 * daylight * np.array([0.86, 0.95, 1.0]) * (1 - 0.3 * cloud)
        gain = 0.82
    return Light(
        sun_direction=sun, sun_rgb=_rgb(sun_rgb), ambient_rgb=_rgb(ambient),
        lamp_rgb=_rgb(lamp_rgb), lamps=lamps, fog_rgb=_rgb(fog), fog_per_m=density,
        zenith_rgb=_rgb(zenith), horizon_rgb=_rgb(horizon), cloud=cloud, daylight=daylight,
        wetness=float(conditions.weather == 'rain' and not indoor),
        snow=float(conditions.weather == 'snow' and not indoor),
        gain=float(gain),
    )


def _smooth(value: float, low: float, high: float) -> float:
    part = min(max((value - low) / (high - low), 0.0), 1.0)
    return part * part * (3.0 - 2.0 * part)


def _mix(first, second, share: float) -> NDArray[np.float64]:
    return np.asarray(first) * (1.0 - share) + np.asarray(second) * share


def _rgb(colour) -> NDArray[np.float32]:
    return np.clip(np.asarray(colour, np.float32), 0.0, 4.0)
