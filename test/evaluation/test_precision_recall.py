# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Precision and recall against a loop over every threshold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from vpr_ros.evaluation.precision_recall import CURVE_POINTS, PrecisionRecall

SCORES = st.sampled_from([0.1, 0.2, 0.5, 0.5001, 0.9])  # few values, so that ties happen
QUERIES = st.lists(st.tuples(st.none() | SCORES, st.booleans(), st.booleans()), max_size=25)


def fill(queries) -> PrecisionRecall:
    metric = PrecisionRecall()
    for score, correct, answerable in queries:
        metric.update(score, correct=correct and answerable and score is not None,
                      answerable=answerable)
    return metric


def oracle(queries) -> list[tuple[float, float, float]]:
    """(threshold, precision, recall) at every score, from the definition."""
    possible = sum(answerable for _, _, answerable in queries)
    points = []
    for threshold in sorted({s for s, _, _ in queries if s is not None}, reverse=True):
        accepted = [c and a for s, c, a in queries if s is not None and s >= threshold]
        points.append((threshold, sum(accepted) / len(accepted), sum(accepted) / max(possible, 1)))
    return points


@settings(deadline=None)
@given(QUERIES)
def test_the_curve_and_its_figures_are_those_of_the_loop(queries) -> None:
    metric, points = fill(queries), oracle(queries)
    curve, figures = metric.curve(), metric.compute()
    assert list(curve.threshold) == [t for t, _, _ in points]
    assert list(curve.precision) == pytest.approx([p for _, p, _ in points])
    assert list(curve.recall) == pytest.approx([r for _, _, r in points])
    average = area = recall_before = 0.0
    precision_before = points[0][1] if points else 0.0
    for _, precision, recall in points:
        average += precision * (recall - recall_before)
        area += (precision + precision_before) / 2 * (recall - recall_before)
        precision_before, recall_before = precision, recall
    assert figures['average_precision'] == pytest.approx(average)
    assert figures['auc'] == pytest.approx(area)
    assert figures['recall_at_100_precision'] == max(
        (r for _, p, r in points if p == 1), default=0.0)
    assert figures['recall_at_99_precision'] == max(
        (r for _, p, r in points if p >= 0.99), default=0.0)
    assert figures['max_f1'] == pytest.approx(max(
        (2 * p * r / (p + r) for _, p, r in points if p + r > 0), default=0.0))


def test_recall_counts_queries_that_got_no_answer() -> None:
    metric = fill([(0.9, True, True), (None, False, True)])
    assert metric.compute()['recall_at_100_precision'] == 0.5


def test_99_percent_allows_one_error_in_a_hundred() -> None:
    metric = fill([(0.9, True, True)] * 50 + [(0.8, False, False)] + [(0.5, True, True)] * 50)
    figures = metric.compute()
    assert figures['recall_at_100_precision'] == 0.5
    assert figures['threshold_at_100_precision'] == 0.9
    assert figures['recall_at_99_precision'] == 1.0


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    metric = PrecisionRecall()
    for index in range(3000):
        metric.update(index / 3000, correct=index % 3 > 0)
    thin, curve = metric.curve().to_json(), metric.curve()
    assert len(thin['recall']) == CURVE_POINTS
    assert thin['recall'][-1] == pytest.approx(curve.recall[-1], abs=1e-6)
    assert thin['threshold'][0] == pytest.approx(curve.threshold[0], abs=1e-6)


def test_nothing_gives_zeros() -> None:
    assert PrecisionRecall().compute()['auc'] == 0.0
    assert PrecisionRecall().curve().to_json() == {'threshold': [], 'precision': [], 'recall': []}
