# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Architectures as the backbone of the network that is trained, and as graphs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from training.architectures.cct import CCT14
from training.architectures.dinov2 import DinoV2
from training.architectures.registry import backbone_entry_of, make_architecture
from training.backbones import BACKBONES
from training.model import Architecture, PlaceNetwork
from vpr_ros.errors import ConfigError


@pytest.mark.parametrize('name', ['resnet18conv4', 'mobilenetv3conv4', 'alexnet'])
def test_takes_the_place_of_the_backbone(name, monkeypatch):
    entry = backbone_entry_of(name)
    monkeypatch.setitem(BACKBONES, name, entry)
    network = PlaceNetwork(Architecture(backbone=name, reduced=8, clusters=2, dim=6)).eval()
    image = torch.randint(0, 256, (2, 96, 128, 3), dtype=torch.uint8)
    described = network(image)
    assert described.shape == (2, 6)
    np.testing.assert_allclose(described.norm(dim=1).detach(), 1, rtol=1e-5)
    described.sum().backward()
    assert all(p.grad is not None for p in network.backbone.parameters())


def test_entry_of_an_unknown_name():
    with pytest.raises(ConfigError, match='no architecture named'):
        backbone_entry_of('resnet19')


@pytest.mark.parametrize('make, size', [
    (lambda: make_architecture('mobilenetv3conv4'), (64, 96)),
    (lambda: CCT14(blocks=1), (64, 96)),
    (lambda: DinoV2('short', 'vits14', blocks=1), (56, 84)),
])
def test_exported_graph_agrees(tmp_path, make, size):
    pytest.importorskip('onnx')
    onnxruntime = pytest.importorskip('onnxruntime')
    torch.manual_seed(0)
    network, path = make().eval(), str(tmp_path / 'network.onnx')
    x = torch.randn(1, 3, *size)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # sizes are meant to be constants of the graph
        torch.onnx.export(network, (x,), path, input_names=['x'], opset_version=17, dynamo=False)
    found = onnxruntime.InferenceSession(path).run(None, {'x': x.numpy()})[0]
    expected = network(x).detach().numpy()
    np.testing.assert_allclose(found / np.abs(expected).max(), expected / np.abs(expected).max(),
                               atol=1e-5)
