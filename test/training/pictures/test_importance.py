# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided backpropagation against a chain rule written out, on networks of every kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from training.aggregators import NetVLAD
from training.architectures.registry import make_architecture
from training.checkpoints.network import DescriptorNetwork
from training.pictures.importance import guided_gradient, GuidedRectifiers, importance_map


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


class TwoLayers(nn.Module):
    """Linear, rectifier, linear: short enough for its chain rule."""

    def __init__(self, rectify):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(6 * 8 * 3, 10), nn.Linear(10, 4)
        self.rectify = rectify

    def forward(self, image):
        return self.second(self.rectify(self.first(image.flatten(1) / 255)))


@pytest.mark.parametrize('rectify', [
    torch.relu, functional.relu, lambda x: x.relu(), lambda x: functional.relu(x, inplace=True),
    nn.ReLU(), nn.ReLU(inplace=True), torch.relu_, lambda x: x.relu_(),
], ids=['torch', 'functional', 'method', 'functional_inplace', 'module', 'module_inplace',
        'torch_inplace', 'method_inplace'])
@pytest.mark.parametrize('with_match', [False, True])
def test_rectifiers_pass_back_only_what_is_positive(image, rectify, with_match):
    network = TwoLayers(rectify)
    match = np.array([0.5, -1, 2, 0.1], np.float32) if with_match else None
    x = torch.from_numpy(image).flatten().double() / 255
    first = network.first.weight.double() @ x + network.first.bias.double()
    out = network.second.weight.double() @ first.clamp(min=0) + network.second.bias.double()
    by_out = torch.zeros(4, dtype=torch.float64)
    if match is None:
        by_out[out.abs().argmax()] = torch.sign(out[out.abs().argmax()])
    else:
        by_out = torch.from_numpy(match).double()
    by_hidden = network.second.weight.double().T @ by_out
    by_hidden[(by_hidden < 0) | (first < 0)] = 0  # both rules at once
    expected = (network.first.weight.double().T @ by_hidden / 255).reshape(6, 8, 3)
    np.testing.assert_allclose(guided_gradient(network, image, match), expected.detach(),
                               rtol=1e-4, atol=1e-8)


def test_outside_nothing_is_changed():
    x = torch.tensor([-1.0, 2.0, 3.0], requires_grad=True)
    weights = torch.tensor([1.0, -1.0, 1.0])
    with GuidedRectifiers():
        assert torch.relu(x).tolist() == [0, 2, 3]
    (found,) = torch.autograd.grad((torch.relu(x) * weights).sum(), x)
    assert found.tolist() == [0, -1, 1]


@pytest.mark.parametrize('name', ['squeezenet1_1', 'resnet18conv4', 'mobilenetv3conv4'])
def test_maps_of_whole_networks(name):
    torch.manual_seed(0)
    body = make_architecture(name)
    network = DescriptorNetwork(body, NetVLAD(2, body.channels), body.normalisation)
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    heat = importance_map(network, image)
    assert heat.shape == (96, 128) and heat.dtype == np.float32
    assert heat.min() >= 0 and heat.max() == 1
    other = np.random.default_rng(1).normal(size=2 * body.channels).astype(np.float32)
    assert np.abs(importance_map(network, image, other) - heat).max() > 1e-3


def test_only_what_is_looked_at_is_important():
    class Corner(nn.Module):

        def forward(self, image):
            seen = functional.normalize(image[:, :10, :10].flatten(1), dim=1)
            return torch.relu(seen[:, :5])

    image = np.random.default_rng(0).integers(1, 256, (60, 60, 3), np.uint8)
    heat = importance_map(Corner(), image)
    assert heat[:10, :10].max() == 1 and heat[20:, 20:].max() == 0
