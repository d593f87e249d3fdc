# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The belief: for every station and both directions of driving, how probable it is; and elsewhere.

The forward algorithm of a hidden Markov model. A state is (direction, station), or *elsewhere*: on
no place of the map. Moving by d carries a station's probability to the stations of its session
around position +- d, as a Gaussian does; what would leave the session goes elsewhere. Evidence
multiplies each station's probability by its odds against being elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpr_ros.relocalization.tracks import DoubleArray, IntArray, Tracks

PRIOR_ELSEWHERE = 0.5  # of a robot that has just woken up
DISTANCE_ERROR = 0.1  # relative standard deviation of the distance of two drives
TIME_ERROR = 0.4  # the same of the time that two drives take, without odometry
REACH = 3.0  # standard deviations after which a Gaussian is cut off
TURN = 0.01  # probability of driving the other way from one step to the next
LEAVE = 0.002  # probability of leaving the map, per metre or second
ENTER = 0.02  # probability of coming into the map from elsewhere, per step


@dataclass(frozen=True)
class Motion:
    """What the robot did between two frames.

    Attributes:
        metres: distance travelled; None without odometry, and the tracks are then by time.
        seconds: time passed.
    """

    metres: float | None
    seconds: float


class Belief:
    """The filter. State is explicit: :attr:`places` and :attr:`elsewhere` sum to 1.

    Attributes:
        tracks: the stations.
        places: float64 (2, n), probability of each station when driving along its session's
            direction (row 0) and against it (row 1).
        elsewhere: probability of being at none of them.
    """

    def __init__(self, tracks: Tracks) -> None:
        """Begin knowing nothing."""
        self.tracks = tracks
        self.reset()

    def reset(self) -> None:
        """Know nothing: half elsewhere, half spread over all stations."""
        count = len(self.tracks)
        self.elsewhere = PRIOR_ELSEWHERE if count else 1.0
        self.places: DoubleArray = np.full((2, count), (1.0 - self.elsewhere) / max(2 * count, 1))

    def move(self, motion: Motion) -> None:
        """Carry the belief along: the prediction step."""
        count = len(self.tracks)
        if not count:
            return
        moved = np.zeros_like(self.places)
        lost = 0.0
        for direction, sign in enumerate((1.0, -1.0)):
            rows = np.flatnonzero(self.places[direction] > 0.0)
            if len(rows):
                weights, fallen = self._carried(rows, self.places[direction, rows], sign, motion)
                moved[direction], lost = weights, lost + fallen
        step = abs(motion.seconds if motion.metres is None else motion.metres)
        stay = float(np.exp(-LEAVE * step))
        lost += (1.0 - stay) * float(moved.sum())
        moved = stay * ((1.0 - TURN) * moved + TURN * moved[::-1])
        entering = ENTER * self.elsewhere
        self.places = moved + entering / (2 * count)
        self.elsewhere = self.elsewhere - entering + lost
        self._normalize()

    def weigh(self, log_odds: DoubleArray) -> None:
        """Take in evidence: the correction step.

        Args:
            log_odds: float64 (n,), of each station against elsewhere, in nat.
        """
        if not len(self.tracks):
            return
        highest = max(float(log_odds.max()), 0.0)  # so that nothing overflows
        self.places = self.places * np.exp(log_odds - highest)
        self.elsewhere *= float(np.exp(-highest))
        self._normalize()

    def _carried(
        self, rows: IntArray, mass: DoubleArray, sign: float, motion: Motion
    ) -> tuple[DoubleArray, float]:
        """Where the probability of some stations goes, float64 (n,), and how much of it leaves."""
        tracks = self.tracks
        by_distance = tracks.by_distance[rows]
        metres = 0.0 if motion.metres is None else motion.metres
        step = np.where(by_distance, metres, motion.seconds)
        error = np.where(by_distance, DISTANCE_ERROR, TIME_ERROR)
        sigma = np.hypot(error * step, 0.5 * tracks.spacing[rows])
        center = tracks.position[rows] + sign * step
        first, after = tracks.window(center - REACH * sigma, center + REACH * sigma, rows)
        # Between two stations that are far apart the nearer one stands for both.
        empty = first >= after
        inside = empty & (first > tracks.start[rows]) & (first < tracks.end[rows])
        left, right = first[inside] - 1, first[inside]
        nearer = np.where(center[inside] - tracks.position[left]
                          <= tracks.position[right] - center[inside], left, right)
        first[inside], after[inside] = nearer, nearer + 1
        counts = np.maximum(after - first, 0)
        source = np.repeat(np.arange(len(rows)), counts)
        offsets = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
        target = first[source] + offsets
        z = (tracks.position[target] - center[source]) / sigma[source]
        weight = np.exp(-0.5 * z * z)
        total = np.bincount(source, weight, len(rows))
        lone = (counts > 0) & (total <= 0.0)  # the nearer one of a gap, many deviations away
        weight[lone[source]], total[lone] = 1.0, 1.0
        share = weight / total[source] * mass[source]
        moved = np.asarray(np.bincount(target, share, len(tracks)), np.float64)
        return moved, float(mass[counts == 0].sum())

    def _normalize(self) -> None:
        total = float(self.places.sum()) + self.elsewhere
        self.places = self.places / total
        self.elsewhere = self.elsewhere / total
