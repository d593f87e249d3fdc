# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Top-K precision-recall against its definition, threshold by threshold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from vpr_ros.evaluation.precision_recall import PrecisionRecall
from vpr_ros.evaluation.top_k_precision_recall import TopKPrecisionRecall

INDICES = st.integers(0, 9)
SCORES = st.sampled_from([0.1, 0.3, 0.5, 0.5001, 0.9])


@st.composite
def queries(draw):
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        ranked = draw(st.lists(INDICES, unique=True, max_size=8))
        scores = sorted(draw(st.lists(SCORES, min_size=len(ranked), max_size=len(ranked))),
                        reverse=True)
        positives = draw(st.sets(INDICES))
        ignored = draw(st.sets(INDICES)) - positives
        rows.append((list(zip(ranked, scores, strict=True)), positives, ignored))
    return rows


def oracle(rows, k: int, threshold: float) -> tuple[int, int, int]:
    """Count (true accepted, accepted, to find) from the definition."""
    true = accepted = to_find = 0
    for ranking, positives, ignored in rows:
        kept = [(i, s) for i, s in ranking if i not in ignored][:k]
        for index, score in kept:
            if score >= threshold:
                accepted += 1
                true += index in positives
        to_find += min(k, len(positives))
    return true, accepted, to_find


@settings(deadline=None)
@given(queries(), st.integers(1, 4))
def test_each_point_is_that_of_the_definition(rows, k: int) -> None:
    metric = TopKPrecisionRecall(k)
    for row in rows:
        metric.update(*row)
    curve = metric.curve()
    for threshold, precision, recall in zip(
            curve.threshold, curve.precision, curve.recall, strict=True):
        true, accepted, to_find = oracle(rows, k, threshold)
        assert precision == pytest.approx(true / accepted)
        assert recall == pytest.approx(true / to_find if to_find else 0.0)
    expected = {s for ranking, _, ignored in rows
                for _, s in [r for r in ranking if r[0] not in ignored][:k]}
    assert sorted(expected, reverse=True) == curve.threshold.tolist()
    figures = metric.compute()
    assert figures['queries'] == len(rows)
    assert figures['to_find'] == oracle(rows, k, 0.0)[2]


@settings(deadline=None)
@given(queries())
def test_with_one_answer_it_is_the_precision_recall_of_best_answers(rows) -> None:
    metric, plain = TopKPrecisionRecall(1), PrecisionRecall()
    for ranking, positives, ignored in rows:
        metric.update(ranking, positives, ignored)
        kept = [r for r in ranking if r[0] not in ignored]
        plain.update(kept[0][1] if kept else None,
                     correct=bool(kept) and kept[0][0] in positives, answerable=bool(positives))
    figures = metric.compute()
    assert {name: figures[name] for name in plain.compute()} == plain.compute()


def test_reset_forgets_and_k_is_checked() -> None:
    metric = TopKPrecisionRecall(2)
    metric.update([(1, 0.5)], {1})
    metric.reset()
    assert metric.compute()['queries'] == metric.compute()['to_find'] == 0
    with pytest.raises(ValueError, match='at least 1'):
        TopKPrecisionRecall(0)
