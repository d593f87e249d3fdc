# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folding changes no feature and leaves no batch normalisation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from training.architectures.fold import fold_normalisation
from training.architectures.registry import make_architecture


@pytest.mark.parametrize('name', ['resnet18conv4', 'resnet50conv4', 'mobilenetv3conv4'])
def test_features_stay(name):
    torch.manual_seed(0)
    network = make_architecture(name).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value in (module.running_var, module.weight):
                nn.init.uniform_(torch.as_tensor(value), 0.5, 1.5)
            nn.init.normal_(torch.as_tensor(module.running_mean), std=0.1)
    folded = fold_normalisation(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    with torch.no_grad():
        x = torch.randn(1, 3, 64, 96)
        expected, found = network(x), folded(x)
    scale = float(expected.abs().max())
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)
