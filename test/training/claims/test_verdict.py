# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When a difference counts."""

from __future__ import annotations

import statistics

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from training.claims.cells import Cell
from training.claims.verdict import Difference, difference, hits, HOLDS, NOISE, NOT, verdict

BITS = st.lists(st.integers(0, 1), min_size=5, max_size=5)


@given(st.lists(BITS, min_size=1, max_size=4), st.lists(BITS, min_size=1, max_size=4))
def test_difference_is_that_of_its_definition(one, other):
    def mean(rows, query):
        return sum(row[query] for row in rows) / len(rows)

    per_query = [mean(one, q) - mean(other, q) for q in range(5)]
    variance = statistics.variance(per_query) / 5
    for rows in (one, other):
        if len(rows) > 1:
            variance += statistics.variance([sum(row) / 5 for row in rows]) / len(rows)

    found = difference(np.array(one, float), np.array(other, float))

    assert found.mean == pytest.approx(sum(per_query) / 5, abs=1e-12)
    assert found.noise == pytest.approx(2 * variance**0.5, abs=1e-9)


@pytest.mark.parametrize(('mean', 'noise', 'kind', 'expected'), [
    (0.10, 0.04, 'more', HOLDS),
    (-0.10, 0.04, 'more', NOT),
    (0.03, 0.04, 'more', NOISE),
    (-0.03, 0.04, 'more', NOISE),
    (0.0, 0.0, 'more', NOISE),      # equal: nothing was shown
    (-0.01, 0.02, 'alike', HOLDS),
    (0.04, 0.02, 'alike', NOISE),   # could be 6 points
    (0.06, 0.02, 'alike', NOISE),   # could be 4 points
    (-0.10, 0.02, 'alike', NOT),
])
def test_verdict(mean, noise, kind, expected):
    assert verdict(Difference(mean, noise), kind) == expected


@given(st.lists(BITS, min_size=1, max_size=3), st.lists(BITS, min_size=1, max_size=3))
def test_exchanged_variants_exchange_the_verdict(one, other):
    there = verdict(difference(np.array(one, float), np.array(other, float)))
    back = verdict(difference(np.array(other, float), np.array(one, float)))
    assert back == {HOLDS: NOT, NOT: HOLDS, NOISE: NOISE}[there]


def test_hits_of_a_variant_are_its_own_seeds():
    cells = [Cell('triplet', seed, {'night': {1: [seed, 1], 5: [1, 1]}}, 8, 1.0)
             for seed in range(2)]
    cells.append(Cell('random', 0, {'night': {1: [0, 0], 5: [0, 1]}}, 8, 1.0))
    assert hits(cells, 'triplet', 'night').tolist() == [[0, 1], [1, 1]]
    assert hits(cells, 'random', 'night', at=5).tolist() == [[0, 1]]
    assert len(hits(cells, 'sare_ind', 'night')) == 0
    assert len(hits(cells, 'triplet', 'ie_tower')) == 0
