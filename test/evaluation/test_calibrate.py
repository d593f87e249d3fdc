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
from vpr_ros.evaluation.calibrate import expected_error, fit, sample_of, samples_of_file
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


@pytest.mark.parametrize('rows', [
    [],
    [{'similarity': 0.5, 'margin': 0.1, 'sequence': 0.5, 'true': True}] * 50,  # none wrong
])
def test_too_little_to_learn_from(rows) -> None:
    with pytest.raises(DataError, match='add results of drives'):
        fit(rows)


def test_samples_travel_in_result_files(tmp_path) -> None:
    match = Match(Place(1, 1, 0), 0.8, 0.5, SpatialEvidence(0.4, 10, 5), 2, 3)
    row = sample_of(match, true=True)
    path = tmp_path / 'result.json'
    path.write_text(json.dumps({'samples': [row]}))
    assert samples_of_file(path) == [row]
    assert row['inlier_ratio'] == 0.5


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
