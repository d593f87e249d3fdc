# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SeqSLAM (Milford and Wyeth, ICRA 2012), the sequence search to compare with.

It counts frames: a difference matrix between all places and all frames, contrast enhanced along
the places, and for each frame the straight line through the last frames along which the
differences sum to least. Constant speed within the window and the same direction are its
assumptions. This form looks back only, so that it could run on a robot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray

_EPS = 1e-6


@dataclass(frozen=True)
class SeqSlam:
    """The method's parameters, with the paper's values (section IV).

    Attributes:
        frames: d_s, length of the lines in frames.
        contrast: R_window, places around each over which differences are normalised.
        slowest, fastest, step: speeds of the lines, places per frame.
    """

    frames: int = 10
    contrast: int = 10
    slowest: float = 0.8
    fastest: float = 1.2
    step: float = 0.1

    def speeds(self) -> NDArray[np.float64]:
        """Return the speeds that are tried."""
        count = round((self.fastest - self.slowest) / self.step) + 1
        return np.asarray(self.slowest + self.step * np.arange(count), np.float64)


def enhanced(differences: FloatArray, contrast: int) -> FloatArray:
    """(D_i - mean) / deviation over the places within ``contrast / 2`` of i (equation 2).

    Args:
        differences: float32 (N, Q), places by frames.
        contrast: width of the window in places; at the ends it is cut off.

    Returns:
        float32 (N, Q).
    """
    places, half = len(differences), contrast // 2
    low = np.maximum(np.arange(places) - half, 0)
    high = np.minimum(np.arange(places) + half + 1, places)
    counts = (high - low)[:, np.newaxis]
    wide = differences.astype(np.float64)
    sums = np.concatenate([np.zeros((1, wide.shape[1])), np.cumsum(wide, axis=0)])
    squares = np.concatenate([np.zeros((1, wide.shape[1])), np.cumsum(wide**2, axis=0)])
    mean = (sums[high] - sums[low]) / counts
    variance = np.maximum((squares[high] - squares[low]) / counts - mean**2, 0.0)
    return np.asarray((wide - mean) / (np.sqrt(variance) + _EPS), np.float32)


def search(
    differences: FloatArray, method: SeqSlam | None = None
) -> tuple[NDArray[np.int64], FloatArray]:
    """Find the best place for each frame (equations 3 and 4).

    Args:
        differences: float32 (N, Q), places by frames, both in the order of their drives.
        method: parameters.

    Returns:
        places int64 (Q,), -1 for the first frames that have too few before them; score
        float32 (Q,), minus the mean enhanced difference along the best line: higher is better.
    """
    method = method or SeqSlam()
    local = enhanced(differences, method.contrast)
    count, frames = local.shape
    best = np.full(frames, -1, np.int64)
    scores = np.full(frames, -np.inf, np.float32)
    back = np.arange(method.frames)
    for now in range(method.frames - 1, frames):
        total = np.full(count, np.inf)
        for speed in method.speeds():
            rows = np.rint(np.arange(count)[:, np.newaxis] - speed * back).astype(np.int64)
            inside = rows[:, -1] >= 0
            line = local[rows[inside], now - back].sum(axis=1)
            total[inside] = np.minimum(total[inside], line)
        best[now] = int(np.argmin(total)) if np.isfinite(total).any() else -1
        scores[now] = -total[best[now]] / method.frames if best[now] >= 0 else -np.inf
    return best, scores
