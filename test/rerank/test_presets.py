# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings by name, and those that make no sense."""

from types import SimpleNamespace

import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.model.card import RerankTuning
from vpr_ros.parameters import PARAMETERS
from vpr_ros.rerank.presets import NAMES, preset, PRESETS, RerankSettings


def test_the_parameter_offers_exactly_the_presets():
    (parameter,) = [p for p in PARAMETERS if p.name == 'rerank']
    assert set(parameter.choices) == set(NAMES)


def test_the_papers_settings():
    assert preset('performance').weights == {2: 0.45, 5: 0.15, 8: 0.4}
    assert preset('performance').method == 'ransac'
    assert (preset('speed').weights, preset('speed').dim) == ({5: 1.0}, 512)
    assert (preset('storage').weights, preset('storage').dim) == ({5: 1.0}, 128)
    assert preset('none') is None
    assert preset('robot').coarse
    with pytest.raises(ConfigError, match="'fast' is not one of none, performance, balanced"):
        preset('fast')


@pytest.mark.parametrize(('values', 'sentence'), [
    ({'weights': {5: 0.5}}, 'add up to 0.5'),
    ({'scoring': 'best'}, "'best' is not one of spatial, homography"),
    ({'method': 'lmeds'}, "'lmeds' is not one of"),
    ({'scoring': 'homography'}, 'needs a method'),
    ({'dim': -1}, 'dim -1'),
    ({'tolerance': float('nan')}, 'tolerance nan'),
    ({'coarse_stride': 2}, 'needs fine'),
])
def test_settings_that_make_no_sense_are_refused(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        RerankSettings(**values)


def test_a_model_with_some_of_the_sizes_gets_their_weights_scaled():
    assert PRESETS['robot'].for_sizes([2, 5]).weights == pytest.approx({2: 0.75, 5: 0.25})
    assert PRESETS['speed'].for_sizes([2, 5, 8]).weights == {5: 1.0}
    for sizes in ([], [3]):
        with pytest.raises(ConfigError, match='choose another preset or export the model'):
            PRESETS['speed'].for_sizes(sizes)


def card_with(tuning):
    return SimpleNamespace(patches={2: None, 5: None, 8: None}, rerank=tuning)


def test_a_tuned_model_weighs_its_own_way():
    tuned = card_with(RerankTuning({2: 3.0, 5: 1.0, 8: 0.0}, 0.5))
    settings = PRESETS['robot'].for_model(tuned)
    assert settings.weights == pytest.approx({2: 0.75, 5: 0.25})
    assert settings.similarity_weight == 0.5
    assert PRESETS['speed'].for_model(tuned).weights == {5: 1.0}
    assert PRESETS['robot'].for_model(card_with(None)) == PRESETS['robot']


@pytest.mark.parametrize('weight', [-0.1, float('nan'), 1e9])
def test_a_wrong_similarity_weight_is_refused(weight):
    with pytest.raises(ConfigError, match='similarity_weight'):
        RerankSettings(similarity_weight=weight)
