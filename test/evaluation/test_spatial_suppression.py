# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spatial non-maximum suppression against its definition."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np

from vpr_ros.evaluation.spatial_suppression import suppressed

COORDINATE = st.integers(-4, 4).map(float) | st.just(math.nan)


@settings(deadline=None)
@given(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=12), st.data())
def test_a_place_is_kept_unless_a_better_kept_one_is_near(places, data) -> None:
    ranking = data.draw(st.permutations(range(len(places))))
    radius = data.draw(st.sampled_from([0.0, 1.0, 2.5]))
    most = data.draw(st.none() | st.integers(0, 12))
    expected: list[int] = []
    for row, index in enumerate(ranking):
        near = any(math.dist(places[index], places[ranking[better]]) <= radius
                   for better in expected)
        if not near and (most is None or len(expected) < most):
            expected.append(row)
    assert suppressed(ranking, np.asarray(places), radius, most) == expected


def test_an_empty_ranking_stays_empty() -> None:
    assert suppressed([], np.zeros((3, 2)), 1.0) == []
