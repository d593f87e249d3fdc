# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rates: their schedule, and which parameter has which."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from training.model import Architecture, PlaceNetwork
from training.optimisation import early_layers, follow, make_optimiser, rate_factor
from training.precision import Precision
from training.recipe import Recipe

SMALL = Architecture(reduced=8, clusters=2, dim=4)


def test_rate_rises_stays_and_falls():
    recipe = Recipe(warmup=2, decay=4)
    found = [rate_factor(recipe, step, 10, 0) for step in range(10)]
    assert found == [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]


def test_rate_is_halved_every_few_epochs():
    recipe = Recipe(warmup=0, halve_every=5)
    found = [rate_factor(recipe, 9, 1000, epoch) for epoch in (0, 4, 5, 9, 10, 29)]
    assert found == [1, 1, 0.5, 0.5, 0.25, 0.5**5]


def rates(recipe: Recipe, network: PlaceNetwork) -> dict[str, float]:
    optimiser = make_optimiser(recipe, network, nn.Identity())
    by_id = {id(g['params'][0]): g['lr'] for g in optimiser.param_groups}
    return {name: by_id[id(p)] for name, p in network.named_parameters() if id(p) in by_id}


def test_every_part_has_its_rate():
    recipe = Recipe(architecture=SMALL, backbone_rate=0.1, head_rate=0.2, early_factor=0.5)
    found = rates(recipe, PlaceNetwork(SMALL))
    assert found['backbone.features.0.weight'] == 0.05
    assert found['backbone.features.4.squeeze.bias'] == 0.05  # fire3, the third of nine stages
    assert found['backbone.features.6.squeeze.bias'] == 0.1
    assert found['aggregation.centroids'] == 0.2
    assert not any(name.startswith('projection.') for name in found)
    learnt = rates(dataclasses.replace(recipe, learn_projection=True), PlaceNetwork(SMALL))
    assert learnt['projection.weight'] == 0.2


@pytest.mark.parametrize(('stage', 'trained'), [('conv5', ('24', '26', '28')), ('none', ())])
def test_training_from_a_stage(stage, trained):
    architecture = Architecture('vgg16', 0, 2, 0)
    with torch.device('meta'):
        network = PlaceNetwork(architecture)
    found = rates(Recipe(architecture=architecture, train_from=stage, optimiser='sgd'), network)
    assert {name.split('.')[2] for name in found if name.startswith('backbone.')} == set(trained)
    assert 'aggregation.centroids' in found


def test_sgd_is_that_of_the_papers():
    recipe = Recipe(architecture=SMALL, optimiser='sgd', momentum=0.9, weight_decay=1e-3)
    optimiser = make_optimiser(recipe, PlaceNetwork(SMALL), nn.Identity())
    assert isinstance(optimiser, torch.optim.SGD)
    assert {g['momentum'] for g in optimiser.param_groups} == {0.9}
    assert {(g['params'][0].ndim > 1, g['weight_decay']) for g in optimiser.param_groups} == {
        (True, 1e-3), (False, 0.0)}


def test_the_first_third_of_the_stages_is_early():
    assert early_layers(PlaceNetwork(SMALL).backbone) == tuple(
        f'backbone.features.{n}.' for n in (0, 3, 4))


def test_the_average_follows_numbers_and_copies_counters():
    network = nn.BatchNorm1d(2)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    network.weight.data += 2
    network.num_batches_tracked += 3
    follow(average, network, 0.75)
    assert average['weight'].tolist() == [1.5, 1.5]
    assert int(average['num_batches_tracked']) == 3


@pytest.mark.parametrize(('name', 'expected'), [('float32', torch.float32),
                                                ('bfloat16', torch.bfloat16)])
def test_precision_is_that_of_the_convolutions(name, expected):
    precision = Precision(name, torch.device('cpu'))
    with precision.context():
        assert nn.Conv2d(1, 1, 1)(torch.ones(1, 1, 2, 2)).dtype == expected
