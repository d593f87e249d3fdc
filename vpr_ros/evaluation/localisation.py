# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well a robot is located that takes over the pose of the place it recognised.

The thresholds are those of the long-term visual localisation benchmarks: high, medium and coarse
precision.
"""

from __future__ import annotations

from array import array
import math
from typing import Any

import numpy as np

from vpr_ros.types import Pose

THRESHOLDS = ((0.25, 2.0), (0.5, 5.0), (5.0, 10.0))  # metres, degrees
_SLACK = 1e-9


def pose_error(estimate: Pose, truth: Pose) -> tuple[float, float]:
    """Distance and angle between two poses in the same frame.

    The angle is that of the one rotation that leads from one orientation to the other,
    2 acos |q_a . q_b|.

    Returns:
        (metres, degrees in [0, 180]).
    """
    dot = abs(sum(a * b for a, b in zip(
        estimate.quaternion_xyzw, truth.quaternion_xyzw, strict=True)))
    return estimate.distance_m(truth), math.degrees(2.0 * math.acos(min(1.0, dot)))


class LocalisationError:
    """Share of the queries that are located within each of :data:`THRESHOLDS`.

    A query without an answer counts as not located. Where angles are unknown, the distance
    alone decides.

    Example:
        >>> metric = LocalisationError()
        >>> metric.update(0.4, 1.0)
        >>> metric.update(None)
        >>> [row['share'] for row in metric.compute()['within']]
        [0.0, 0.5, 0.5]
    """

    def __init__(self) -> None:
        """Begin without queries."""
        self.reset()

    def reset(self) -> None:
        """Forget all queries."""
        self._distance_m, self._angle_deg = array('d'), array('d')

    def update(self, distance_m: float | None, angle_deg: float | None = None) -> None:
        """Add one query.

        Args:
            distance_m: between the pose taken over and the true one; None without an answer.
            angle_deg: between their orientations; None when that is unknown.
        """
        self._distance_m.append(math.inf if distance_m is None else distance_m)
        self._angle_deg.append(math.nan if angle_deg is None else angle_deg)

    def compute(self) -> dict[str, Any]:
        """Return shares and medians.

        Returns:
            queries: their number, with and without an answer.
            within: per threshold ``distance_m``, ``angle_deg`` and ``share`` (None without
            queries).
            median_m, median_deg: of the answered queries; None without any (or any angle).
        """
        distance = np.asarray(self._distance_m, np.float64)
        angle = np.asarray(self._angle_deg, np.float64)
        rows = []
        for metres, degrees in THRESHOLDS:
            good = (distance <= metres + _SLACK) & ~(angle > degrees + _SLACK)
            rows.append({'distance_m': metres, 'angle_deg': degrees,
                         'share': float(good.mean()) if distance.size else None})
        return {
            'queries': int(distance.size), 'within': rows,
            'median_m': _median(distance[np.isfinite(distance)]),
            'median_deg': _median(angle[np.isfinite(angle)]),
        }


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if values.size else None
