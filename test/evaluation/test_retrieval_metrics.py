# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recall@N against an explicit loop, and against a reference implementation's numbers."""

from __future__ import annotations

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.evaluation.retrieval_metrics import first_hit, RecallAtN

INDICES = st.integers(0, 12)


def oracle(queries, depth: int) -> list[bool]:
    """From the definition: strike what is ignored, look at the first N."""
    return [
        bool({p for p in predictions if p not in ignored}
             and any(p in positives for p in [p for p in predictions if p not in ignored][:depth]))
        for predictions, positives, ignored in queries
    ]


@settings(deadline=None)
@given(st.lists(
    st.tuples(st.lists(INDICES, unique=True), st.sets(INDICES), st.sets(INDICES)), max_size=12,
))
def test_recall_is_that_of_an_explicit_loop(queries) -> None:
    queries = [(predictions, positives, ignored - positives)
               for predictions, positives, ignored in queries]
    metric = RecallAtN((1, 3, 10))
    for predictions, positives, ignored in queries:
        metric.update(predictions, positives, ignored)
    result = metric.compute()
    answerable = [bool(positives) for _, positives, _ in queries]
    assert result['queries'] == len(queries)
    assert result['answerable'] == sum(answerable)
    for depth in (1, 3, 10):
        hits = oracle(queries, depth)
        assert metric.hits(depth).tolist() == hits
        assert result['recall'][str(depth)] == (np.mean(hits) if hits else None)
        possible = [h for h, a in zip(hits, answerable, strict=True) if a]
        assert result['recall_answerable'][str(depth)] == (np.mean(possible) if possible else None)


@pytest.mark.parametrize(('predictions', 'positives', 'ignored', 'rank'), [
    ([4, 2], {4}, set(), 1),
    ([4, 2], {2}, set(), 2),
    ([4, 2], {2}, {4}, 1),  # what is ignored takes up no rank
    ([4, 2], {9}, set(), 0),
    ([], {9}, set(), 0),
    ([4], set(), set(), 0),
])
def test_first_hit(predictions, positives, ignored, rank) -> None:
    assert first_hit(predictions, positives, ignored) == rank


def test_reset_forgets() -> None:
    metric = RecallAtN()
    metric.update([1], {1})
    metric.reset()
    assert metric.compute()['queries'] == 0


@pytest.mark.shared
@pytest.mark.parametrize('radius', [10, 25, 50])
def test_the_benchmark_says_the_same(radius: int) -> None:
    golden = np.load(shared('goldens', 'eval_dvg.npz'))
    depths = golden['recall_values'].tolist()
    metric = RecallAtN(depths)
    for row, positives in zip(golden['predictions'], golden[f'positives_thr{radius}'],
                              strict=True):
        metric.update(row.tolist(), set(np.flatnonzero(positives).tolist()))
    percent = [100 * metric.compute()['recall'][str(n)] for n in depths]
    assert percent == golden[f'recalls_thr{radius}'].tolist()
