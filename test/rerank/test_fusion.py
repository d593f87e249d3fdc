# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Equation 5, its weights, and the per-query z-score that must not turn NaN."""

from helpers import shared
import numpy as np
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.rerank.fusion import check_weights, fuse

WEIGHTS = {2: 0.45, 5: 0.15, 8: 0.4}


def test_is_the_weighted_sum():
    scores = {2: np.array([1.0, 0.0]), 5: np.array([1.0, 1.0]), 8: np.array([1.0, 0.5])}
    np.testing.assert_allclose(fuse(scores, WEIGHTS), [1.0, 0.35])


@pytest.mark.parametrize(('weights', 'sentence'), [
    ({}, 'no patch size'),
    ({5: -0.1, 2: 1.1}, 'the weight -0.1 of patch size 5 is outside 0..1'),
    ({5: float('nan')}, 'the weight nan of patch size 5'),
    ({2: 0.5, 5: 0.4}, 'add up to 0.9, expected 1'),
])
def test_weights_that_are_not_convex_are_refused(weights, sentence):
    with pytest.raises(ConfigError, match=sentence):
        check_weights(weights)


def test_a_missing_size_and_an_unknown_fusion_are_refused():
    with pytest.raises(ConfigError, match=r'no scores of patch size 5; sizes scored: \[2\]'):
        fuse({2: np.ones(3)}, {2: 0.5, 5: 0.5})
    with pytest.raises(ConfigError, match="'mean' is not one of convex, z_score"):
        fuse({2: np.ones(3)}, {2: 1.0}, 'mean')


@pytest.mark.parametrize('scores', [np.array([3.0]), np.full(5, 0.1), np.zeros(4)])
def test_z_score_of_equal_scores_is_zero(scores):
    np.testing.assert_array_equal(fuse({5: scores}, {5: 1.0}, 'z_score'), np.zeros(len(scores)))


@pytest.mark.shared
def test_equals_the_authors_fused_scores():
    golden = np.load(shared('goldens', 'patchnetvlad_small.npz'))
    scores = {size: -golden['spatial_scores'][:, k] for k, size in enumerate((2, 5, 8))}
    np.testing.assert_allclose(fuse(scores, WEIGHTS), golden['spatial_fused_match_two'], rtol=1e-4)
    some = {size: values[1:8] for size, values in scores.items()}
    standard = fuse(some, WEIGHTS, 'z_score')
    np.testing.assert_allclose(standard, -golden['spatial_normalised_fused_1to7'], rtol=1e-4,
                               atol=1e-5)
    assert (np.argsort(-standard) + 1).tolist() == golden['spatial_rank_1to7'].tolist()
