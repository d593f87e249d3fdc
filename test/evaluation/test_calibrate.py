# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The fit finds the best allowed weights, is calibrated on unseen samples, and round-trips."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.optimize import minimize

from vpr_ros.decision.calibration import from_json
from vpr_ros.errors import DataError
from vpr_ros.evaluation.calibrate import (
    expected_error,
    fit,
    sample_of,
    samples_for,
    samples_of_file,
)
from vpr_ros.evaluation.logistic import fit_logistic
from vpr_ros.types import Match, Place, SpatialEvidence


def oracle(features, labels, penalty):
    """Minimise the same loss by a general solver."""
    positives = labels.sum()
    target = np.where(labels, (positives + 1) / (positives + 2),
                      1 / (len(labels) - positives + 2))
    deviation = features.std(axis=0)

    def loss(x):
        odds = features @ x[:-1] + x[-1]
        ridge = penalty / 2 * np.sum((x[:-1] * deviation) ** 2)
        return np.sum(np.logaddexp(0, odds) - target * odds) + ridge

    bounds = [(0, None)] * features.shape[1] + [(None, None)]
    found = minimize(loss, np.zeros(features.shape[1] + 1), bounds=bounds, method='L-BFGS-B',
                     options={'ftol': 1e-14, 'gtol': 1e-10, 'maxiter': 5000})
    return loss, found.fun


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), penalty=st.sampled_from([0.1, 1.0, 10.0]))
def test_the_fit_is_the_best_of_all_allowed_weights(seed: int, penalty: float) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=4) * [1, 3, 1, 0.1]  # some of them negative
    features = generator.normal(size=(120, 4)) * [1, 0.1, 10, 1] + [0, 5, 0, -2]
    labels = generator.random(120) < 1 / (1 + np.exp(-(features - features.mean(0)) @ truth))
    labels[:2] = [True, False]
    solution = fit_logistic(features, labels, penalty=penalty)
    loss, best = oracle(features, labels, penalty)
    assert (solution[:-1] >= 0).all()
    assert loss(solution) <= best + 1e-4 * max(1.0, abs(best))


def draw(generator, count: int, *, spatial: bool = False) -> list[dict]:
    """Draw samples whose true probability is known."""
    rows = []
    for _ in range(count):
        similarity, margin = generator.uniform(0, 1), generator.uniform(-0.1, 0.4)
        odds = -6 + 8 * similarity + 10 * margin
        row = {'similarity': similarity, 'margin': margin, 'sequence': generator.uniform(0, 1),
               'spatial_score': generator.uniform(0, 1) if spatial else None,
               'inlier_ratio': None, 'true': bool(generator.random() < 1 / (1 + np.exp(-odds)))}
        rows.append(row)
    return rows


def test_probabilities_hold_on_samples_not_used_to_fit() -> None:
    generator = np.random.default_rng(3)
    calibration = fit(draw(generator, 1500), source='drawn')
    model = calibration.models['global']
    assert 'spatial' not in calibration.models
    assert expected_error(model, draw(generator, 3000)) < 0.04
    assert model.weights[0] == pytest.approx(8, rel=0.2)
    assert model.weights[1] == pytest.approx(10, rel=0.2)
    assert model.weights[2] < 0.5  # the sequence says nothing here
    assert calibration.about['global']['samples'] == 1500


def test_the_fit_round_trips_through_json() -> None:
    calibration = fit(draw(np.random.default_rng(4), 300, spatial=True), source='drawn')
    assert set(calibration.models) == {'global', 'spatial'}
    assert from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


def test_another_share_of_true_matches_moves_only_the_prior() -> None:
    rows = draw(np.random.default_rng(5), 300)
    plain, rare = fit(rows), fit(rows, true_share=0.01)
    assert rare.models['global'].weights == plain.models['global'].weights
    assert rare.models['global'].intercept < plain.models['global'].intercept - 2


def lined(generator, count: int, *, by_distance: bool, spatial: bool = False) -> list[dict]:
    """Draw samples in which the line alone tells right from wrong."""
    rows = draw(generator, count, spatial=spatial)
    for row in rows:
        row |= {'line': generator.uniform(0, 1), 'sequence_run': generator.uniform(0, 2),
                'by_distance': by_distance}
        row['true'] = bool(generator.random() < 1 / (1 + np.exp(6 - 12 * row['line'])))
    return rows


def test_each_model_learns_from_the_samples_it_will_judge() -> None:
    generator = np.random.default_rng(6)
    single = draw(generator, 30)
    metric = lined(generator, 600, by_distance=True)
    timed = lined(generator, 300, by_distance=False)
    checked = lined(generator, 200, by_distance=False, spatial=True)
    calibration = fit(single + metric + timed + checked)
    assert {kind: about['samples'] for kind, about in calibration.about.items()} == {
        'global': 630, 'global_distance': 600, 'global_time': 500, 'spatial': 200,
        'spatial_time': 200}
    model = calibration.models['global_distance']
    assert dict(zip(model.features, model.weights, strict=True))['line'] == pytest.approx(
        12, rel=0.25)
    assert expected_error(model, lined(generator, 2000, by_distance=True)) < 0.05
    assert from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


def test_where_only_times_were_compared_the_plain_model_learns_from_them() -> None:
    generator = np.random.default_rng(7)
    rows = lined(generator, 200, by_distance=False)
    assert {kind: len(samples_for(kind, rows)) for kind in fit(rows).models} == {
        'global': 200, 'global_time': 200}
    few = lined(generator, 10, by_distance=True)
    assert samples_for('global', rows + few) == rows + few  # too few to learn from alone


def test_samples_by_time_without_a_model_of_their_own_are_not_lost() -> None:
    generator = np.random.default_rng(8)
    wrong = [{**row, 'true': False} for row in lined(generator, 50, by_distance=False)]
    calibration = fit(lined(generator, 200, by_distance=True) + wrong)
    assert calibration.about['global']['samples'] == 250
    assert 'global_time' not in calibration.models


def test_results_of_before_the_line_was_measured_fit_the_plain_models(tmp_path) -> None:
    path = tmp_path / 'older.json'
    path.write_text(json.dumps({'samples': draw(np.random.default_rng(9), 300)}))
    assert set(fit(samples_of_file(path)).models) == {'global'}


@pytest.mark.parametrize('rows', [
    [],
    [{'similarity': 0.5, 'margin': 0.1, 'sequence': 0.5, 'true': True}] * 50,  # none wrong
])
def test_too_little_to_learn_from(rows) -> None:
    with pytest.raises(DataError, match='add results of drives'):
        fit(rows)


def test_samples_travel_in_result_files(tmp_path) -> None:
    match = Match(Place(1, 1, 0), 0.8, 0.5, SpatialEvidence(0.4, 10, 5), 2, 3, 0.7,
                  by_distance=False)
    row = sample_of(match, true=True)
    path = tmp_path / 'result.json'
    path.write_text(json.dumps({'samples': [row]}))
    assert samples_of_file(path) == [row]
    assert (row['inlier_ratio'], row['line'], row['by_distance']) == (0.5, 0.7, False)


@pytest.mark.parametrize('content', ['', '{}', '{"samples": [{}]}', '{"samples": 3}', '[]',
                                     '{"samples": [{"true": 1, "similarity": "x"}]}'])
def test_what_is_no_result_file(tmp_path, content: str) -> None:
    path = tmp_path / 'result.json'
    path.write_text(content)
    with pytest.raises(DataError, match=r'no usable samples|no valid JSON'):
        samples_of_file(path)


def test_a_missing_result_file(tmp_path) -> None:
    with pytest.raises(DataError, match='cannot be read'):
        samples_of_file(tmp_path / 'none.json')
