# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Average precision against the rank-by-rank trapezoids of its definition."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from vpr_ros.evaluation.average_precision import average_precision, MeanAveragePrecision

INDICES = st.integers(0, 12)


def oracle(ranking, positives, junk) -> float:
    """Walk down the ranks; at each one a trapezoid under the precision."""
    area, old_recall, old_precision, found = 0.0, 0.0, 1.0, 0
    cleaned = [index for index in ranking if index not in junk]
    for rank, index in enumerate(cleaned, start=1):
        found += index in positives
        recall, precision = found / len(positives), found / rank
        area += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return area


@settings(deadline=None)
@given(st.permutations(range(13)), st.sets(INDICES, min_size=1), st.sets(INDICES),
       st.integers(0, 13))
def test_it_is_the_area_of_the_trapezoids(ranking, positives, junk, length: int) -> None:
    junk = junk - positives
    got = average_precision(ranking[:length], positives, junk)
    assert got == pytest.approx(oracle(ranking[:length], positives, junk))
    assert 0.0 <= got <= 1.0


@pytest.mark.parametrize(('ranking', 'positives', 'junk', 'value'), [
    ([1, 2, 3], {1}, set(), 1.0),
    ([2, 1, 3], {1}, set(), 0.25),  # from precision 0 to 1/2
    ([2, 1, 3], {1}, {2}, 1.0),  # junk takes up no rank
    ([1], {1, 5}, set(), 0.5),  # what is not found adds nothing
    ([], {1}, set(), 0.0),
    ([1], set(), set(), None),
])
def test_by_hand(ranking, positives, junk, value) -> None:
    assert average_precision(ranking, positives, junk) == value


def test_the_mean_leaves_out_queries_without_a_right_image() -> None:
    metric = MeanAveragePrecision()
    assert metric.compute() == {'map': None, 'queries': 0}
    metric.update([1], {1})
    metric.update([2, 1], {1})
    metric.update([2, 1], set())
    assert metric.compute() == {'map': 0.625, 'queries': 2}
    assert metric.values == (1.0, 0.25)
    metric.reset()
    assert metric.values == ()
