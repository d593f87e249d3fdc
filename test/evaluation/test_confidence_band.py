# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The band of a precision-recall curve against drawing the queries one by one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.evaluation.confidence_band import confidence_band
from vpr_ros.evaluation.precision_recall import PrecisionRecall

ROW = st.tuples(st.none() | st.sampled_from([0.2, 0.5, 0.7, 0.9]), st.booleans(), st.booleans())


def filled(rows) -> PrecisionRecall:
    metric = PrecisionRecall()
    for score, correct, answerable in rows:
        metric.update(score, correct=correct and answerable, answerable=answerable)
    return metric


@settings(deadline=None, max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=12))
def test_it_is_that_of_metrics_made_anew(rows) -> None:
    band = confidence_band(filled(rows), resamples=8, seed=3)
    if all(score is None for score, _, _ in rows) or not any(a for _, _, a in rows):
        assert band is None
        return
    # NaN sorts last and ties keep their order, as the band's own order does
    rows = sorted(rows, key=lambda row: np.inf if row[0] is None else -row[0])
    generator = np.random.default_rng(3)
    precisions, clean, area = [], [], []
    for _ in range(8):
        metric = filled([rows[i] for i in generator.integers(0, len(rows), len(rows))])
        curve, figures = metric.curve(), metric.compute()
        precisions.append([
            next((p for p, r in zip(curve.precision, curve.recall, strict=True)
                  if r >= wanted - 1e-12), 0.0) for wanted in np.linspace(0, 1, 51)])
        clean.append(figures['recall_at_100_precision'])
        area.append(figures['average_precision'])
    low, high = np.quantile(precisions, [0.025, 0.975], axis=0)
    assert band is not None
    assert band['low'] == pytest.approx(low, abs=1e-5)
    assert band['high'] == pytest.approx(high, abs=1e-5)
    assert band['recall_at_100_precision'] == pytest.approx(
        np.quantile(clean, [0.025, 0.975]), abs=1e-5)
    assert band['average_precision'] == pytest.approx(
        np.quantile(area, [0.025, 0.975]), abs=1e-5)


def test_more_queries_make_it_narrower() -> None:
    widths = []
    for count in (20, 2000):
        generator = np.random.default_rng(0)
        metric = PrecisionRecall()
        for score in generator.random(count):
            metric.update(float(score), correct=bool(generator.random() < 0.5 + score / 2))
        band = confidence_band(metric)
        assert band is not None
        widths.append(band['high'][10] - band['low'][10])
    assert widths[1] < widths[0] / 2
