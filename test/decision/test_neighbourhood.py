# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Neighbourhoods and the best rival outside them, against an explicit loop."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vpr_ros.decision.neighbourhood import outside_similarity, same_spot
from vpr_ros.settings import Settings
from vpr_ros.types import Place, Pose

SETTINGS = Settings(neighbourhood_m=5.0, neighbourhood_s=3.0)


def _itself(place):
    return place


def test_by_distance_time_and_pose():
    a = Place(1, 1, 0, travelled_m=10.0, pose=Pose((0.0, 0.0, 0.0), frame_id='odom'))
    assert same_spot(a, Place(2, 1, 0, travelled_m=15.0), SETTINGS)
    assert not same_spot(a, Place(2, 1, 0, travelled_m=15.1), SETTINGS)
    back = Place(3, 1, 0, travelled_m=90.0, pose=Pose((3.0, 0.0, 0.0), frame_id='odom'))
    assert same_spot(a, back, SETTINGS)  # the route came back; odometry says so
    other_frame = Place(3, 1, 0, travelled_m=90.0, pose=Pose((3.0, 0.0, 0.0), frame_id='map'))
    assert not same_spot(a, other_frame, SETTINGS)
    assert not same_spot(a, Place(2, 2, 0, travelled_m=10.0), SETTINGS)  # another session
    b = Place(4, 1, 10_000_000_000)
    assert same_spot(b, Place(5, 1, 13_000_000_000), SETTINGS)
    assert not same_spot(b, Place(5, 1, 13_100_000_000), SETTINGS)


def test_a_revisited_place_is_no_rival():
    first = Place(1, 1, 0)
    again = Place(9, 1, 100_000_000_000)
    far = Place(5, 1, 50_000_000_000)
    candidates = [(first, 0.9), (again, 0.88), (far, 0.3)]
    assert outside_similarity(first, candidates, _itself, SETTINGS, truncated=False) == 0.88
    spots = {9: first}
    found = outside_similarity(
        first, candidates, lambda p: spots.get(p.place_id, p), SETTINGS, truncated=False)
    assert found == 0.3


@given(
    st.lists(st.tuples(st.integers(0, 20), st.floats(-1, 1)), min_size=1, max_size=12),
    st.booleans(),
)
def test_equals_an_explicit_loop(rows, truncated):
    rows = sorted(rows, key=lambda row: -row[1])
    candidates = [
        (Place(i + 1, 1, seconds * 1_000_000_000), similarity)
        for i, (seconds, similarity) in enumerate(rows)
    ]
    match = candidates[0][0]
    outside = [
        s for p, s in candidates if abs(p.stamp_ns - match.stamp_ns) > 3_000_000_000
    ]
    expected = max(outside) if outside else (rows[-1][1] if truncated else -1.0)
    found = outside_similarity(match, candidates, _itself, SETTINGS, truncated=truncated)
    assert found == expected
