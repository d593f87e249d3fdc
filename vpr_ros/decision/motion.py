# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far two drives along the same way may differ: distance by distance, or time by time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vpr_ros.settings import Settings

SPEED_RATIOS: tuple[float, ...] = (0.5, 0.7, 1.0, 1.4, 2.0)  # of the two drives' times
SAME_DISTANCE: tuple[float, ...] = (1.0,)
RATIO_ERROR = 0.2  # a ratio in between is as near as this to one of them
SCALE_ERROR = 0.05  # relative difference of the distances of two drives (with odometry)
NS = 1e-9


def most_apart(
    expected: NDArray[np.float64], by_distance: NDArray[np.bool_] | bool, settings: Settings
) -> NDArray[np.float64]:
    """Give how far a place may lie from where it is expected, metres or seconds.

    Args:
        expected: the way from one place to the other, metres or seconds.
        by_distance: whether these are metres.
        settings: the spacing of keyframes.
    """
    error = np.where(by_distance, SCALE_ERROR, RATIO_ERROR)
    slack = np.where(by_distance, 1.5 * settings.keyframe_distance_m,
                     0.5 * settings.keyframe_interval_s)
    return expected * error + slack
