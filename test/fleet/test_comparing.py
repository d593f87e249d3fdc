# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Foreign places are judged as the robot's own map would judge them."""

from __future__ import annotations

from fleet_helpers import add, calibration, descriptor_of, MODEL, place_facts, settings
import numpy as np

from vpr_ros.fleet import SharedPlace
from vpr_ros.fleet.comparing import Comparer
from vpr_ros.place_map import PlaceMap
from vpr_ros.types import Place


def shared(robot: str, number: int, seed: int) -> SharedPlace:
    """Make a place of a robot at a spot."""
    place = Place(number, 1, **place_facts(robot, seed))
    return SharedPlace(robot, 'drive', f'map of {robot}', MODEL.sha256, place,
                       descriptor_of(robot, seed).astype(np.float16))


def own_map() -> PlaceMap:
    """Make a map with some places, so that its mean is not zero."""
    place_map = PlaceMap.create(':memory:', MODEL)
    add(place_map, 'anna', range(20))
    return place_map


def test_similarities_are_those_of_a_search() -> None:
    with own_map() as place_map:
        query = descriptor_of('bert', 3)
        found = place_map.search(query, 20)
        others = np.stack([place_map.descriptor(n.place.place_id) for n in found])
        assert place_map.compare(query, others).tolist() == [n.similarity for n in found]
        assert place_map.compare(query, others[:0]).shape == (0,)


def test_places_of_two_robots_with_one_number_are_two_places() -> None:
    with own_map() as place_map:
        query = shared('anna', 1, 5)
        candidates = [shared('bert', 1, 300), shared('carl', 1, 5)]
        match = Comparer().compare(query, candidates, place_map, settings(), calibration())
    assert match is not None
    assert match.match is candidates[1]
    assert match.evidence.similarity > 0.6 > match.evidence.outside_similarity


def test_a_rival_far_away_is_evidence_against() -> None:
    with own_map() as place_map:
        twin = shared('carl', 2, 5)
        candidates = [shared('bert', 1, 5), twin]
        query = shared('anna', 1, 5)
        strict = settings().replace(min_margin=0.5)
        comparer = Comparer()
        assert comparer.compare(query, candidates[:1], place_map, strict, calibration())
        assert comparer.compare(query, candidates, place_map, strict, calibration()) is None


def test_the_frames_before_must_lead_there() -> None:
    sequence = settings().replace(min_sequence_support=0.5, sequence_window_m=20.0)
    with own_map() as place_map:
        comparer, accepted = Comparer(), []
        for step in range(6):
            match = comparer.compare(
                shared('anna', 1 + step, step), [shared('bert', 1 + step, step)], place_map,
                sequence, calibration())
            accepted.append(match is not None)
        assert not accepted[0] and all(accepted[3:])
        query = shared('anna', 7, 7)
        astray = comparer.compare(
            query, [SharedPlace('bert', 'other drive', 'map of bert', MODEL.sha256,
                                query.place, query.descriptor)],
            place_map, sequence, calibration())
        assert astray is None


def test_nobody_else_is_no_match() -> None:
    with own_map() as place_map:
        query = shared('anna', 1, 5)
        assert Comparer().compare(query, [], place_map, settings(), calibration()) is None
