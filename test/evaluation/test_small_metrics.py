# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Latency quantiles, calibration error, intervals and the paired test against oracles."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.evaluation.calibration_error import CalibrationError
from vpr_ros.evaluation.latency import LatencyQuantiles
from vpr_ros.evaluation.significance import bootstrap_interval, compare, mcnemar_exact


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e3, width=32), min_size=1, max_size=60))
def test_latency_quantiles(values) -> None:
    metric = LatencyQuantiles()
    for value in values:
        metric.update({'search': value, 'total': 2 * value})
    result = metric.compute()
    assert set(result) == {'search', 'total'}
    assert result['search']['p50'] == pytest.approx(float(np.median(values)), abs=1e-3, rel=1e-5)
    assert result['search']['p99'] == pytest.approx(
        float(np.quantile(values, 0.99)), abs=1e-3, rel=1e-5)
    assert result['total']['max'] == pytest.approx(2 * max(values), abs=1e-3, rel=1e-5)
    histogram = metric.histograms()['search']
    assert sum(histogram['counts']) == len(values)
    assert len(histogram['edges']) == len(histogram['counts']) + 1


def test_nothing_measured() -> None:
    assert LatencyQuantiles().compute() == {}
    assert CalibrationError().compute()['ece'] is None
    assert bootstrap_interval([]) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_calibration_error_is_that_of_a_loop_over_bins(samples) -> None:
    metric = CalibrationError()
    for probability, correct in samples:
        metric.update(probability, correct=correct)
    expected = 0.0
    for low in range(10):
        inside = [(p, c) for p, c in samples if min(int(p * 10), 9) == low]
        if inside:
            share = sum(c for _, c in inside) / len(inside)
            mean = sum(p for p, _ in inside) / len(inside)
            expected += len(inside) / len(samples) * abs(share - mean)
    assert metric.compute()['ece'] == pytest.approx(expected, abs=1e-12)
    metric.reset()
    assert metric.compute()['ece'] is None


def test_bootstrap_interval_covers_the_mean_as_often_as_it_says() -> None:
    generator = np.random.default_rng(1)
    covered = 0
    for seed in range(100):
        sample = generator.random(80) < 0.7
        low, high = bootstrap_interval(sample, resamples=200, seed=seed)
        covered += low <= 0.7 <= high
    assert 86 <= covered <= 100  # 95 of 100, with room for chance


def test_bootstrap_is_repeatable_and_brackets_the_mean() -> None:
    values = np.arange(50) % 3 == 0
    low, high = bootstrap_interval(values)
    assert (low, high) == bootstrap_interval(values)
    assert low < values.mean() < high


@pytest.mark.parametrize(('only_a', 'only_b'), [(0, 0), (1, 0), (3, 9), (5, 5), (0, 12)])
def test_mcnemar_counts_the_throws(only_a: int, only_b: int) -> None:
    throws = list(product([0, 1], repeat=only_a + only_b))
    extreme = sum(sum(t) <= min(only_a, only_b) for t in throws)
    assert mcnemar_exact(only_a, only_b) == pytest.approx(min(1.0, 2 * extreme / len(throws)))


def test_mcnemar_of_many_queries_does_not_overflow() -> None:
    assert 0 <= mcnemar_exact(40_000, 41_000) < 1e-3
    assert mcnemar_exact(40_000, 40_000) == pytest.approx(1.0)


def test_compare() -> None:
    result = compare([True, True, False, False], [True, True, True, True])
    assert (result.only_a, result.only_b, result.difference) == (0, 2, 0.5)
    assert result.p_value == pytest.approx(0.5)
    with pytest.raises(ValueError, match='3 and 4'):
        compare([True] * 3, [True] * 4)
