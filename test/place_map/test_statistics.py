# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The normalisation against its definition."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
from place_map.map_helpers import descriptor, DIM, oracle_similarity
import pytest

from vpr_ros.place_map.statistics import PRIOR_COUNT, Statistics, sum_rows


def halves(count: int, first: int = 0) -> np.ndarray:
    return np.stack([descriptor(first + i) for i in range(count)]).astype(np.float16)


def test_mean_is_renewed_at_the_documented_numbers() -> None:
    counts, statistics = [], Statistics.empty(1)
    while statistics.count < 45_000:
        statistics = statistics.renewed(np.zeros(1), statistics.next_count)
        counts.append(statistics.count)
    assert counts[:12] == [1, 2, 3, 4, 5, 7, 9, 12, 15, 19, 24, 30]
    large = [count for count in counts if count >= 10_000]
    assert large[1:] == [2 * count for count in large[:-1]]


def test_mean_is_shrunk_towards_zero_while_the_map_is_small() -> None:
    rows = halves(6)
    statistics = Statistics.empty(DIM).renewed(sum_rows(rows), 6)
    expected = rows.astype(np.float64).sum(axis=0) / (PRIOR_COUNT + 6)
    np.testing.assert_array_equal(statistics.mean, expected)
    assert (statistics.count, statistics.revision, PRIOR_COUNT) == (6, 1, 4)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.randoms(use_true_random=False))
def test_sum_does_not_depend_on_the_order(count: int, random) -> None:
    rows = halves(count)
    order = list(range(count))
    random.shuffle(order)
    one_by_one = np.zeros(DIM)
    for row in order:
        one_by_one = one_by_one + rows[row]
    np.testing.assert_array_equal(sum_rows(rows), one_by_one)


def test_similarities_follow_the_definition() -> None:
    rows = halves(30)
    statistics = Statistics.empty(DIM).renewed(sum_rows(rows), 30)
    query = descriptor(99)
    found = statistics.similarities(query.astype(np.float16), rows)
    expected = [oracle_similarity(query, row, statistics.mean) for row in rows]
    np.testing.assert_allclose(found, expected, atol=1e-7)
    unit = statistics.unit_rows(query.astype(np.float16)[np.newaxis])[0]
    np.testing.assert_allclose(statistics.unit_rows(rows) @ unit, expected, atol=1e-5)


def test_each_similarity_is_computed_by_itself() -> None:
    rows = halves(50)
    statistics = Statistics.empty(DIM).renewed(sum_rows(rows), 50)
    query = descriptor(77).astype(np.float16)
    together = statistics.similarities(query, rows)
    alone = [statistics.similarities(query, rows[i:i + 1])[0] for i in range(50)]
    assert together.tolist() == alone


@pytest.mark.parametrize('equal', ['query', 'place', 'both'])
def test_what_equals_the_mean_is_similar_to_nothing(equal: str) -> None:
    half = np.zeros(DIM, np.float16)
    half[0] = 0.5
    statistics = Statistics(half.astype(np.float64), 1)
    other = descriptor(1).astype(np.float16)
    query = other if equal == 'place' else half
    row = other if equal == 'query' else half
    assert statistics.similarities(query, row[np.newaxis]).tolist() == [0.0]
    assert not statistics.unit_rows(half[np.newaxis]).any()


def test_identical_places_stay_identical_in_a_large_map() -> None:
    # A robot that stands still: the mean comes close to the only view there is.
    half = descriptor(5).astype(np.float16)
    statistics = Statistics.empty(DIM).renewed(1e5 * half.astype(np.float64), 100_000)
    assert statistics.similarities(half, half[np.newaxis])[0] == pytest.approx(1.0)
