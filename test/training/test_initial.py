# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The weights that a run begins with."""

from __future__ import annotations

import importlib.util

from helpers import ROOT
import pytest
import torch

from training.initial import load_initial_weights, TIMM, TORCHVISION
from training.model import Architecture, PlaceNetwork, with_projection
from vpr_ros.errors import ConfigError, ModelError

SMALL = Architecture(reduced=8, clusters=2, dim=4)


def test_a_backbone_comes_out_of_the_bundled_model():
    first, second = PlaceNetwork(SMALL), PlaceNetwork(SMALL)
    for network in (first, second):
        load_initial_weights(network, str(ROOT / 'models' / 'default.onnx'))
    names = dict(first.backbone.named_parameters())
    assert all(torch.equal(value, second.backbone.get_parameter(name))
               for name, value in names.items())
    assert names['features.0.weight'].detach().abs().max() > 0


def test_a_file_of_public_weights(tmp_path):
    architecture = Architecture('alexnet', 8, 2, 4)
    given = PlaceNetwork(architecture).backbone.state_dict()
    torch.save({f'module.{name}': value for name, value in given.items()}, tmp_path / 'a.pt')
    network = PlaceNetwork(architecture)
    load_initial_weights(network, str(tmp_path / 'a.pt'))
    assert all(torch.equal(value, network.backbone.state_dict()[name])
               for name, value in given.items())
    with pytest.raises(ModelError, match='do not fit squeezenet1_1'):
        load_initial_weights(PlaceNetwork(SMALL), str(tmp_path / 'a.pt'))
    with pytest.raises(ModelError, match='there is no file'):
        load_initial_weights(network, str(tmp_path / 'none.pt'))


@pytest.mark.parametrize('library', ['torchvision', 'timm'])
def test_a_library_that_is_not_installed_is_named(library):
    if importlib.util.find_spec(library):
        pytest.skip(f'{library} is installed')
    with torch.device('meta'):
        network = PlaceNetwork(Architecture('dinov2_vits14', 0, 2, 0))
    with pytest.raises(ConfigError, match=f'{library} is not installed; pip install'):
        load_initial_weights(network, library)


def test_weights_that_expect_another_input_are_refused():
    with pytest.raises(ConfigError, match='set normalisation: imagenet'):
        load_initial_weights(PlaceNetwork(SMALL), 'torchvision')
    with torch.device('meta'):
        vit = PlaceNetwork(Architecture('vit_b16', 0, 2, 0))
    with pytest.raises(ConfigError, match='set normalisation: half'):
        load_initial_weights(vit, 'timm')


def test_names_in_the_libraries_are_of_backbones_that_exist():
    from training.architectures.registry import ARCHITECTURES

    assert set(TIMM) <= set(ARCHITECTURES)
    assert all(any(name.startswith(own) for name in ARCHITECTURES) for own in TORCHVISION)


def test_a_projection_is_added_to_what_was_trained_without():
    network = PlaceNetwork(Architecture(reduced=8, clusters=2, dim=0)).eval()
    made = with_projection(network, 5)
    image = torch.randint(0, 256, (1, 64, 64, 3), dtype=torch.uint8)
    assert made(image).shape == (1, 5) and not made.training
    assert torch.equal(made.aggregate(image), network.aggregate(image))
    with pytest.raises(ConfigError, match='no more than 16 numbers'):
        with_projection(network, 17)
