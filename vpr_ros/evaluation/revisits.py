# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which queries of a drive could have been recognised: those with a true place to return to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpr_ros.evaluation.ground_truth import GroundTruth, UNKNOWN, YES
from vpr_ros.settings import Settings
from vpr_ros.types import Place, Recognition

_NS = 1e9


@dataclass(frozen=True)
class Revisit:
    """What the ground truth says about one query.

    Attributes:
        possible: whether the map held a true place that was not recent; None when unknown.
        place_stamp_ns: stamp of the nearest true place (of several as near, the middle one), or
            None.
        distance: to that place, in the ground truth's unit, or None.
    """

    possible: bool | None
    place_stamp_ns: int | None = None
    distance: float | None = None


class RevisitFinder:
    """Follows a drive, recognition by recognition, with the map as it was at each moment.

    Recent places are left out by the pipeline's own rule: those of the current session within
    ``recent_distance_m`` of travelled distance (with odometry) or ``recent_time_s`` (without).
    """

    def __init__(
        self,
        ground_truth: GroundTruth,
        settings: Settings,
        recognitions: Sequence[Recognition],
        known_places: Sequence[Place] = (),
    ) -> None:
        """Look up the truth about all places at once.

        Args:
            ground_truth: of the drive.
            settings: the pipeline's ``recent_*``.
            recognitions: of the whole drive, in order.
            known_places: what the map held before the drive.
        """
        self._truth, self._settings = ground_truth, settings
        added = [r for r in recognitions if r.place_id]
        self._stamps = [p.stamp_ns for p in known_places] + [r.stamp_ns for r in added]
        self._travelled = [-np.inf] * len(known_places) + [
            -np.inf if r.travelled_m is None else r.travelled_m for r in added]
        self._states = ground_truth.states(np.asarray(self._stamps, np.int64))
        self._queries = ground_truth.states(
            np.asarray([r.stamp_ns for r in recognitions], np.int64))
        self._session = self._count = len(known_places)
        self._row, self._before_ns = 0, None if not recognitions else recognitions[0].stamp_ns

    def next(self, recognition: Recognition) -> Revisit:  # noqa: A003
        """Judge the next recognition; then its place, if any, joins the map."""
        if self._before_ns is not None and recognition.stamp_ns < self._before_ns:
            self._session = self._count  # time jumped back: a new session, nothing is recent
        self._before_ns = recognition.stamp_ns
        state, end = self._queries[self._row], self._first_recent(recognition)
        self._row += 1
        self._count += recognition.place_id != 0
        if end == 0:
            return Revisit(False)
        answers = self._truth.compare(state, self._states[:end])
        right = np.flatnonzero(answers == YES)
        if right.size:
            apart = self._truth.separation(state, self._states[right])
            nearest = np.flatnonzero(apart <= apart.min())
            row = int(nearest[nearest.size // 2])
            return Revisit(True, self._stamps[int(right[row])], float(apart[row]))
        return Revisit(None if (answers == UNKNOWN).all() else False)

    def _first_recent(self, recognition: Recognition) -> int:
        """Return the number of places in the map before the first recent one."""
        low, high = self._session, self._count
        if recognition.travelled_m is not None:
            since_m = recognition.travelled_m - self._settings.recent_distance_m
            return bisect_left(self._travelled, since_m, low, high)
        since_ns = recognition.stamp_ns - int(self._settings.recent_time_s * _NS)
        return bisect_left(self._stamps, since_ns, low, high)
