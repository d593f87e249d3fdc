# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a robot really moves along a route, and what its odometry makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.world.route import Route

Float64Array = NDArray[np.float64]

SCALE_ERROR = 0.006
"""Standard deviation of the wheel's circumference error, as a share."""

GYRO_BIAS_RAD_PER_M = 2.5e-4
"""Standard deviation of the constant heading drift, radians per metre."""

GYRO_NOISE_RAD = 4.0e-3
"""Heading random walk, radians per square root of a metre."""


@dataclass(frozen=True)
class Trajectory:
    """A planned drive of n frames.

    Attributes:
        truth: float64 (n, 3), x, y, heading of the base in ``map``.
        odometry: float64 (n, 3), x, y, heading of the base in ``odom``; row 0 is 0.
        travelled_m: float64 (n,), true distance since the first frame.
        route_m: float64 (n,), position along the lap in [0, lap length).
    """

    truth: Float64Array
    odometry: Float64Array
    travelled_m: Float64Array
    route_m: Float64Array


def plan_trajectory(route: Route, lane_m: float, room_m: float, *, seed: int, rate_hz: float,
                    speed_mps: float, length_m: float, lateral_noise_m: float,
                    heading_noise_rad: float, start_m: float, reverse: bool) -> Trajectory:
    """Plan ``length_m`` along ``route``, ``lane_m`` +- ``room_m`` right of its centre line."""
    rng = np.random.default_rng([seed, 7])
    seconds = length_m / speed_mps * 1.2 + 2.0
    time = np.arange(int(seconds * rate_hz) + 2) / rate_hz
    speed = speed_mps * (1.0 + 0.10 * np.clip(_wobble(time / 9.0, rng), -2.0, 2.0))
    along = np.concatenate([[0.0], np.cumsum(speed[:-1] / rate_hz)])
    along *= np.where(along < length_m, 1.0, np.nan)
    along = along[~np.isnan(along)]
    direction = -1.0 if reverse else 1.0
    position = start_m + direction * along
    # The wobble is a function of the distance, so that it is as smooth at any frame rate.
    aside = np.clip(lateral_noise_m * _wobble(along / 14.0, rng), -room_m, room_m)
    turn = heading_noise_rad * np.clip(_wobble(along / 7.0, rng), -2.5, 2.5)
    truth = route.beside(position, direction * -lane_m + aside)
    truth[:, 2] = _wrapped(truth[:, 2] + turn + (np.pi if reverse else 0.0))
    steps = np.hypot(*np.diff(truth[:, :2], axis=0).T)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    return Trajectory(truth, _dead_reckoning(truth, rng), travelled,
                      np.mod(position, route.length_m))


def _dead_reckoning(truth: Float64Array, rng: np.random.Generator) -> Float64Array:
    """Add up the true steps with a wrong scale and a drifting heading."""
    delta = np.diff(truth, axis=0)
    heading = truth[:-1, 2]
    forward = np.cos(heading) * delta[:, 0] + np.sin(heading) * delta[:, 1]
    left = -np.sin(heading) * delta[:, 0] + np.cos(heading) * delta[:, 1]
    length = np.hypot(forward, left)
    scale = 1.0 + SCALE_ERROR * np.clip(rng.standard_normal(), -2.0, 2.0)
    bias = GYRO_BIAS_RAD_PER_M * np.clip(rng.standard_normal(), -2.0, 2.0)
    turn = _wrapped(delta[:, 2]) + bias * length
    turn += GYRO_NOISE_RAD * np.sqrt(length) * rng.standard_normal(len(length))
    stretch = scale * (1.0 + 0.01 * rng.standard_normal(len(length)))
    result = np.zeros_like(truth)
    result[1:, 2] = np.cumsum(turn)
    before = result[:-1, 2]
    result[1:, 0] = np.cumsum(stretch * (np.cos(before) * forward - np.sin(before) * left))
    result[1:, 1] = np.cumsum(stretch * (np.sin(before) * forward + np.cos(before) * left))
    result[:, 2] = _wrapped(result[:, 2])
    return result


def _wobble(phase: Float64Array, rng: np.random.Generator) -> Float64Array:
    """Draw a smooth curve of about unit variance; ``phase`` 1 is about its coherence length."""
    frequency = rng.uniform(0.25, 1.1, 7)
    shift = rng.uniform(0.0, 2 * np.pi, 7)
    waves = np.sin(2 * np.pi * frequency[:, None] * phase[None] / 2.0 + shift[:, None])
    return waves.sum(axis=0) * np.sqrt(2.0 / 7.0)


def _wrapped(angle: Float64Array) -> Float64Array:
    return np.mod(angle + np.pi, 2 * np.pi) - np.pi
