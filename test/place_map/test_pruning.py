# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rules by which places go, each against its definition."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
from place_map.map_helpers import descriptor, fill, MODEL
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import PlaceMap, PrunePolicy
from vpr_ros.place_map.pruning import crowded, least_missed, redundant, unmatched
from vpr_ros.types import Place, Pose

EAST, WEST = (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 0.0)


def drive(*travelled_m: float, session_id: int = 1, first_id: int = 1,
          quaternion: tuple[float, float, float, float] = EAST) -> list[Place]:
    return [
        Place(first_id + i, session_id, int(m * 1e9), pose=Pose((m, 0.0, 0.0), quaternion),
              travelled_m=m)
        for i, m in enumerate(travelled_m)
    ]


def test_crowded_places_keep_their_distance() -> None:
    assert crowded(drive(0.0, 0.4, 0.9, 1.0, 1.2, 3.0), 1.0, set()) == [2, 3, 5]
    assert crowded(drive(0.0, 0.4, 0.9, 1.0, 1.2, 3.0), 1.0, {3}) == [2, 4, 5]
    turned = drive(0.0) + drive(0.1, first_id=2, quaternion=WEST)
    assert crowded(turned, 1.0, set()) == []
    assert crowded(drive(0.0) + drive(0.1, session_id=2, first_id=2), 1.0, set()) == []


def test_redundant_views_are_merged_into_what_stands_for_them() -> None:
    units = {1: 0.0, 2: 0.1, 3: 0.2, 4: 1.5, 5: 1.55, 6: 0.05}
    places = drive(0.0, 1.0, 2.0, 3.0, 9.0)
    places.append(Place(6, 2, 0, travelled_m=0.0, revisit_of=2))
    found = redundant(
        places, math.cos(0.15),
        lambda i: np.array([math.cos(units[i]), math.sin(units[i])], np.float32), set())
    # 3 is too far from 1, which stands for 2; 5 is 6 m away; 6 was recognised as 2, that is 1
    assert found == {2: 1, 6: 1}


def test_unmatched_places_of_old_sessions_go() -> None:
    places = drive(0.0, 1.0, 2.0) + drive(0.0, 1.0, session_id=2, first_id=4)
    assert unmatched(places, 1, {2: 1}) == [1, 3]
    assert unmatched(places, 2, {}) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.1, 50.0), min_size=1, max_size=25), st.integers(1, 25),
       st.dictionaries(st.integers(1, 26), st.integers(1, 4), max_size=5))
def test_the_budget_takes_what_is_missed_least(
    steps: list[float], most: int, matches: dict[int, int]
) -> None:
    places = drive(*np.cumsum([0.0, *steps]).tolist())
    sizes = {place.place_id: 1 for place in places}
    gone = least_missed(places, matches, set(), sizes, most_places=most, most_bytes=math.inf)
    assert gone == oracle_least_missed(places, matches, most)


def oracle_least_missed(
    places: list[Place], matches: dict[int, int], most: int
) -> list[int]:
    """Look at every place again after each loss."""
    left, gone = list(places), []
    while len(left) > most:
        def loss(i: int) -> float:
            around = [left[j].travelled_m or 0.0 for j in (i - 1, i + 1) if 0 <= j < len(left)]
            gap = abs(around[-1] - around[0]) if len(around) == 2 else 1e9
            return gap * (1 + matches.get(left[i].place_id, 0))

        gone.append(left.pop(min(range(len(left)), key=loss)).place_id)
    return gone


def test_byte_budgets_count_bytes() -> None:
    places = drive(0.0, 1.0, 2.0, 3.0, 4.0)
    gone = least_missed(places, {}, {1}, {1: 100, 2: 1, 3: 1, 4: 1, 5: 1},
                        most_places=9, most_bytes=102)
    assert len(gone) == 2 and 1 not in gone


def test_all_rules_together_say_what_they_did() -> None:
    with PlaceMap.create(':memory:', MODEL) as place_map:
        place_map.new_session('old')
        fill(place_map, 10)
        place_map.new_session('still')
        for number in range(5):
            place_map.add(descriptor(99), stamp_ns=number, travelled_m=0.1 * number)
        policy = PrunePolicy(redundant_similarity=0.99, max_per_metre=0.5,
                             never_matched_sessions=1, max_places=3, protect_last=1)
        tried = place_map.prune(policy, try_only=True)
        assert len(place_map) == 15
        done = place_map.prune(policy)
        assert done == tried
        assert done.counts == {
            'redundant': 3, 'too many per metre': 5, 'never matched': 5, 'budget': 0}
        assert [place.place_id for place in place_map.places()] == [11, 15]


@pytest.mark.parametrize(('policy', 'says'), [
    (PrunePolicy(), 'give at least one rule'),
    (PrunePolicy(max_places=0), 'a limit of 0 places found, expected a number above 0'),
    (PrunePolicy(max_per_metre=math.nan), 'a limit of nan places a metre found'),
    (PrunePolicy(redundant_similarity=2.0), 'outside -1 to 1'),
    (PrunePolicy(max_bytes=-1), 'a limit of -1 bytes found'),
])
def test_senseless_policies_are_refused(policy: PrunePolicy, says: str) -> None:
    with PlaceMap.create(':memory:', MODEL) as place_map, pytest.raises(MapError, match=says):
        place_map.prune(policy)
