# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From frames and their candidates to "here, with probability p" and "lost", frame by frame.

The likelihood comes from the calibrated evidence: a station's odds are those that the calibration
gives to the match with its best candidate, without the sequence evidence, since the motion model
already asks whether the frames follow one another. Places that the search did not return count as
the last one that it did. A robot that stands still learns nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vpr_ros.decision.calibration import Calibration
from vpr_ros.decision.features import features_of
from vpr_ros.decision.neighbourhood import Candidate, outside_similarity
from vpr_ros.place_map import PlaceMap
from vpr_ros.relocalization.belief import Belief, Motion
from vpr_ros.relocalization.tracks import DoubleArray, Tracks
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Match, Place

WEIGHED = 50  # candidates whose rivals are looked up; those after them count as the last of them
MOST_LOG_ODDS = 3.0  # of one frame: what looks alike once looks alike on the next metre, too
MIN_STEP = 1.0  # metres, or seconds without odometry, after which a frame is new evidence
_NS = 1e-9


@dataclass(frozen=True)
class Localization:
    """Where the robot is in the map, as far as it knows.

    Attributes:
        stamp_ns, frame_id: of the query image.
        lost: the robot does not know its place; see the parameters ``found_probability`` and
            ``lost_probability``.
        probability: that the robot is at the spot of :attr:`place`, in [0, 1].
        place: the likeliest place; None in an empty map.
        direction: 1 when the robot drives as when the place was taken, -1 when the other way
            around, 0 while neither is clearly likelier.
        elsewhere: probability of being on no place of the map.
        spread: standard deviation along the session within the spot's neighbourhood, metres (or
            seconds without odometry).
        evidence: how many frames have been weighed since the robot woke up.
    """

    stamp_ns: int
    frame_id: str
    lost: bool
    probability: float
    place: Place | None
    direction: int
    elsewhere: float
    spread: float
    evidence: int


class Relocalizer:
    """Follows a belief over a map that does not grow. One thread calls :meth:`step`."""

    def __init__(self, place_map: PlaceMap, calibration: Calibration) -> None:
        """Wake up in a map.

        Args:
            place_map: read only here; call :meth:`reset` when its places change.
            calibration: of the model that describes the frames.
        """
        self._map, self._calibration = place_map, calibration
        self.reset()

    def reset(self) -> None:
        """Wake up anew: time jumped, or the map is another."""
        self._belief: Belief | None = None
        self._last: Frame | None = None
        self._lost, self._evidence = True, 0
        self._revision = -1

    def step(
        self, frame: Frame, candidates: Sequence[Candidate], settings: Settings,
        spot_of: Callable[[Place], Place] | None = None,
    ) -> Localization:
        """Take in one frame.

        Args:
            frame: with its stamp and, where there is odometry, the distance travelled.
            candidates: what the search returned for it, best first; empty for a blank image.
            settings: neighbourhood and thresholds.
            spot_of: see :func:`outside_similarity`; None asks the map.
        """
        belief = self._belief_for(frame)
        motion = self._motion(frame)
        if motion is not None:
            belief.move(motion)
        if motion is not None or self._evidence == 0:
            if candidates:
                belief.weigh(self._log_odds(belief.tracks, candidates, settings,
                                            spot_of or self._map.spot_of))
                self._evidence += 1
            self._last = frame
        return self._state(frame, belief, settings)

    def _belief_for(self, frame: Frame) -> Belief:
        odometry = frame.travelled_m is not None
        belief = self._belief
        if (belief is None or belief.tracks.odometry != odometry
                or self._revision != self._map.revision):
            belief = Belief(Tracks(self._map.places(), odometry=odometry))
            self._belief, self._last, self._evidence = belief, None, 0
            self._revision = self._map.revision
        return belief

    def _motion(self, frame: Frame) -> Motion | None:
        """Measure what happened since the last evidence; None while that is too little."""
        last = self._last
        if last is None:
            return None
        seconds = (frame.stamp_ns - last.stamp_ns) * _NS
        metres = None
        if frame.travelled_m is not None and last.travelled_m is not None:
            metres = frame.travelled_m - last.travelled_m
        moved = seconds if metres is None else metres
        return Motion(metres, seconds) if moved >= MIN_STEP else None

    def _log_odds(
        self, tracks: Tracks, candidates: Sequence[Candidate], settings: Settings,
        spot_of: Callable[[Place], Place],
    ) -> DoubleArray:
        """Of each station against elsewhere, in nat, float64 (n,)."""
        found = np.full(len(tracks), -np.inf)
        truncated = len(candidates) >= settings.candidates
        least = MOST_LOG_ODDS
        for place, similarity in candidates[:WEIGHED]:
            outside = outside_similarity(
                place, candidates, spot_of, settings, truncated=truncated)
            match = Match(place, similarity, outside)
            log_odds = self._calibration.model_for(match).log_odds(features_of(match))
            least = min(least, log_odds)
            row = tracks.row(place.place_id)
            if row is not None:
                found[row] = max(found[row], min(log_odds, MOST_LOG_ODDS))
        return np.where(np.isneginf(found), least, found)

    def _state(self, frame: Frame, belief: Belief, settings: Settings) -> Localization:
        if not len(belief.tracks):
            return Localization(frame.stamp_ns, frame.frame_id, True, 0.0, None, 0, 1.0, 0.0, 0)
        both = belief.places.sum(axis=0)
        best = int(both.argmax())
        near = belief.tracks.same_spot(
            best, metres=settings.neighbourhood_m, seconds=settings.neighbourhood_s)
        probability = min(float(both[near].sum()), 1.0)
        self._lost = probability < (
            settings.found_probability if self._lost else settings.lost_probability)
        ways = belief.places[:, near].sum(axis=1)
        direction = 0 if ways.max() < 0.8 * ways.sum() else 1 - 2 * int(ways.argmax())
        return Localization(
            frame.stamp_ns, frame.frame_id, self._lost, probability, belief.tracks.places[best],
            direction, belief.elsewhere, self._spread(belief, best, near), self._evidence,
        )

    @staticmethod
    def _spread(belief: Belief, best: int, near: np.ndarray) -> float:
        tracks = belief.tracks
        some = slice(tracks.start[best], tracks.end[best])
        weight = belief.places.sum(axis=0)[some] * near[some]
        position = tracks.position[some]
        mean = float(np.average(position, weights=weight))
        return float(np.sqrt(np.average((position - mean) ** 2, weights=weight)))
