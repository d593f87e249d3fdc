# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Is this place one that another robot has seen? The pipeline's evidence and decision, on them.

The similarity is the one of the robot's own map, around its mean; neighbourhood, sequence,
calibration and gates are those of :mod:`vpr_ros.pipeline`. Patches are not shared, so that matches
are decided by the global descriptors and the sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vpr_ros.decision.calibration import Calibration
from vpr_ros.decision.decide import decide
from vpr_ros.decision.evidence import gather, ordered
from vpr_ros.decision.sequence import SequenceTracker
from vpr_ros.fleet.record import SharedPlace
from vpr_ros.keyframes import NO_IMAGE
from vpr_ros.place_map import PlaceMap
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Match, Place, Ranked, Reason

_DRIVE_PLACES = 2**40  # place ids of a drive; those of different drives must not meet


@dataclass(frozen=True)
class FleetMatch:
    """A place of this robot that shows a place of another one.

    Attributes:
        query: of this robot.
        match: of another robot.
        evidence: for it; its ``place`` is :attr:`match`'s, with a session id of no map.
        probability: that both show one place, in [0, 1].
    """

    query: SharedPlace
    match: SharedPlace
    evidence: Match
    probability: float


class Comparer:
    """Compares one robot's places in the order in which it took them; remembers the last ones."""

    def __init__(self) -> None:
        self._drives: dict[tuple[str, str, str], int] = {}
        self._sequence = SequenceTracker()
        self._last: tuple[str, int] | None = None

    def compare(
        self, query: SharedPlace, candidates: Sequence[SharedPlace], place_map: PlaceMap,
        settings: Settings, calibration: Calibration,
    ) -> FleetMatch | None:
        """Decide on one place.

        Args:
            query: a place of this robot.
            candidates: what the shared map proposes for it.
            place_map: the robot's own; its mean is the one compared around.
            settings: as for the pipeline.
            calibration: turns evidence into a probability.

        Returns:
            The accepted match, or None.
        """
        if self._last is None or self._last > (query.session, query.place.stamp_ns) or (
                self._last[0] != query.session):
            self._sequence.reset()
        self._last = query.session, query.place.stamp_ns
        place = query.place
        frame = Frame(NO_IMAGE, place.stamp_ns, place.frame_id, place.pose, place.travelled_m)
        known = {self._local(shared).place_id: shared for shared in candidates}
        ranked = self._ranked(query.descriptor, list(known.values()), place_map)
        nearest = [(candidate, similarity) for candidate, similarity, _ in ranked]
        here = {candidate.place_id: candidate for candidate, _ in nearest}

        def spot_of(candidate: Place) -> Place:
            if not candidate.revisit_of:
                return candidate
            first = candidate.place_id - known[candidate.place_id].place.place_id
            return here.get(first + candidate.revisit_of, candidate)

        matches = gather(ranked[: settings.max_matches], nearest, spot_of, settings,
                         frame=frame, tracker=self._sequence)
        matches = ordered(matches, nearest, calibration.strength, settings)
        self._sequence.push(frame, ranked, settings)
        if not matches:
            return None
        best = matches[0]
        probability = calibration.probability(best)
        if decide(best, probability, calibration, settings, shed=False) is not Reason.ACCEPTED:
            return None
        return FleetMatch(query, known[best.place.place_id], best, probability)

    def _ranked(
        self, query: NDArray[np.float16], candidates: Sequence[SharedPlace], place_map: PlaceMap
    ) -> list[Ranked]:
        """Candidates by the similarity that the robot's own map would give them."""
        if not candidates:
            return []
        halves = np.stack([candidate.descriptor for candidate in candidates])
        similarities = place_map.compare(query.astype(np.float32), halves.astype(np.float32))
        order = np.argsort(-similarities, kind='stable')
        return [(self._local(candidates[i]), float(similarities[i]), None) for i in order]

    def _local(self, shared: SharedPlace) -> Place:
        """Return the place with ids that are unique among all robots."""
        drive = shared.robot, shared.map_uuid, shared.session
        number = self._drives.setdefault(drive, len(self._drives) + 1)
        return replace(shared.place, session_id=number,
                       place_id=number * _DRIVE_PLACES + shared.place.place_id)
