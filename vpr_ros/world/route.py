# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A closed way along street centre lines, with rounded turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]

_STEP_M = 0.25


class Route:
    """A closed, smooth way.

    Args:
        corners_m: float64 (C, 2), where the centre lines meet, in driving order.
        turn_m: how far before and after a corner a turn begins and ends, metres.
    """

    def __init__(self, corners_m: Float64Array, turn_m: float) -> None:
        points: list[Float64Array] = []
        count = len(corners_m)
        for k in range(count):
            before, here, after = corners_m[k - 1], corners_m[k], corners_m[(k + 1) % count]
            start = here + _unit(before - here) * turn_m
            end = here + _unit(after - here) * turn_m
            part = np.linspace(0.0, 1.0, 40)[:, None]
            points.append((1 - part) ** 2 * start + 2 * part * (1 - part) * here + part ** 2 * end)
        line = np.concatenate(points)
        # Begin in the middle of the first straight, so that a lap does not begin in a turn.
        begin = (points[-1][-1] + points[0][0]) / 2
        line = np.concatenate([begin[None], line, begin[None]])
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        self.length_m = float(along[-1])
        self._s = np.linspace(0.0, self.length_m, int(self.length_m / _STEP_M) + 2)
        self._x = np.interp(self._s, along, line[:, 0])
        self._y = np.interp(self._s, along, line[:, 1])

    def at(self, route_m: float | Float64Array) -> Float64Array:
        """float64 (..., 3): x, y in metres and heading in radians at positions along the lap."""
        here = self._point(route_m)
        ahead = self._point(np.asarray(route_m) + 0.75) - self._point(np.asarray(route_m) - 0.75)
        heading = np.arctan2(ahead[..., 1], ahead[..., 0])
        return np.concatenate([here, heading[..., None]], axis=-1)

    def beside(self, route_m: float | Float64Array, left_m: float | Float64Array) -> Float64Array:
        """Like :meth:`at`, moved ``left_m`` to the left of the driving direction."""
        pose = self.at(route_m)
        pose[..., 0] -= np.sin(pose[..., 2]) * left_m
        pose[..., 1] += np.cos(pose[..., 2]) * left_m
        return pose

    def _point(self, route_m: float | Float64Array) -> Float64Array:
        s = np.mod(route_m, self.length_m)
        return np.stack([np.interp(s, self._s, self._x), np.interp(s, self._s, self._y)], axis=-1)


def _unit(vector: Float64Array) -> Float64Array:
    return vector / np.linalg.norm(vector)
