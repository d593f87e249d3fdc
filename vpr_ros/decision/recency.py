# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which places the robot has only just left, so that seeing them again is no revisit.

Two rules. Places within ``recent_distance_m`` (with odometry) or ``recent_time_s`` (without) are
recent. So are the places before them while the view has not really changed: down a long street
the similarity falls slowly, and its tail is no loop closure. Walking back from now, the tail ends
at the lowest similarity before a rise of :data:`RISE`; a true revisit is such a rise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map import PlaceMap
from vpr_ros.settings import Settings
from vpr_ros.types import FloatArray, Frame

TAIL_PLACES = 64  # how far back the tail may reach
RISE = 0.15  # of the cosine; smaller ups and downs are the street, not another place
SMOOTHING = 3  # places


def first_recent(
    place_map: PlaceMap, frame: Frame, descriptor: FloatArray, settings: Settings
) -> int | None:
    """Id of the first place that is recent, or None when none is.

    Args:
        place_map: grows in its current session; other sessions are never recent.
        frame: the query, with its stamp and travelled distance.
        descriptor: float32 (D,), its global descriptor.
        settings: ``recent_distance_m`` and ``recent_time_s``.
    """
    session = place_map.session
    if session is None:
        return None
    if frame.travelled_m is not None:
        since_m = frame.travelled_m - settings.recent_distance_m
        first = place_map.first_id_since(session.session_id, travelled_m=since_m)
    else:
        since_ns = frame.stamp_ns - int(settings.recent_time_s * 1e9)
        first = place_map.first_id_since(session.session_id, stamp_ns=since_ns)
    if first is None:
        return None
    # several cameras' places alternate; the view of one of them is what changes slowly
    ids = place_map.last_ids(session.session_id, TAIL_PLACES, frame.frame_id)
    if not ids:
        return first
    return min(first, ids[tail_start(place_map.similarities(descriptor, ids))])


def tail_start(similarities: Sequence[float] | NDArray[np.floating]) -> int:
    """Index of the place with which the unbroken run of similar places up to now begins.

    Args:
        similarities: of the query to the last places in order, newest last; not empty.
    """
    values = np.asarray(similarities, np.float64)
    smooth = (_window_sums(values) / _window_sums(np.ones_like(values))).tolist()
    lowest = len(values) - 1
    for index in range(len(values) - 1, -1, -1):
        if smooth[index] < smooth[lowest]:
            lowest = index
        elif smooth[index] > smooth[lowest] + RISE:
            return lowest
    return lowest


def _window_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum each value and its neighbours, ``SMOOTHING`` in all, fewer at the ends."""
    reach = SMOOTHING // 2
    return np.convolve(values, np.ones(SMOOTHING))[reach:reach + len(values)]
