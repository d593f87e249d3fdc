# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An imported network as ONNX with the contract of this project, patch outputs included."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.aggregators import NetVLAD
from training.architectures.base import Architecture
from training.checkpoints.importer import import_checkpoint
from training.checkpoints.network import antialiased_cubic, CenterCrop, DescriptorNetwork
from training.export import check_parity, to_onnx
from training.model import PlaceNetwork
from training.patch_network import add_patches
from training.receptive_field import Window, windows_of


@pytest.mark.parametrize('source, target', [(376, 224), (50, 17), (9, 9)])
def test_shrinking_is_pillows_bicubic(source, target):
    x = torch.rand(1, 2, source, source, generator=torch.Generator().manual_seed(0))
    matrix = torch.from_numpy(antialiased_cubic(source, target))
    expected = functional.interpolate(x, (target, target), mode='bicubic', antialias=True)
    np.testing.assert_allclose(matrix @ x @ matrix.T, expected, rtol=1e-3, atol=1e-5)


def test_the_middle_is_cut():
    image = torch.zeros(1, 20, 31, 3, dtype=torch.uint8)
    image[:, 4:16, 10:22] = 200
    assert (CenterCrop(20, 31, 12, 6)(image) == 200).all()


class Small(Architecture):
    """Two convolutions, stride 4."""

    def __init__(self):
        super().__init__('small', 8, 4, stages={'conv1': ('features.',)})
        self.features = torch.nn.Sequential(torch.nn.Conv2d(3, 6, 3, 2, 1), torch.nn.ReLU(),
                                            torch.nn.Conv2d(6, 8, 3, 2, 1))

    def forward(self, x):
        return self.features(x)

    def windows(self) -> list[Window]:
        return windows_of(self.features)


def alexnet_checkpoint(path):
    torch.manual_seed(0)
    state = {}
    for index, shape in {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3),
                         8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}.items():
        state[f'encoder.{index}.weight'] = torch.randn(shape) * 0.05
        state[f'encoder.{index}.bias'] = torch.randn(shape[0]) * 0.1
    state['pool.conv.weight'], state['pool.centroids'] = torch.randn(2, 256, 1, 1), \
        torch.randn(2, 256) * 0.05
    state['WPCA.0.weight'], state['WPCA.0.bias'] = torch.randn(5, 512, 1, 1), torch.randn(5) * 0.1
    torch.save({'num_pcs': 5, 'state_dict': state}, path)


def test_graph_of_an_imported_checkpoint_agrees(tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    alexnet_checkpoint(tmp_path / 'w.pth')
    imported = import_checkpoint(tmp_path / 'w.pth', size=(96, 128))
    path = tmp_path / 'imported.onnx'
    to_onnx(imported.network, imported.height, imported.width, path)
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 128, 3), np.uint8)
    parity = check_parity(cast(PlaceNetwork, imported.network), path, list(images))
    assert parity.cosine > 0.9999
    session = onnxruntime.InferenceSession(str(path))
    assert session.get_inputs()[0].name == 'image'
    assert session.get_inputs()[0].type == 'tensor(uint8)'
    found = session.run(['global'], {'image': images[:1]})[0]
    assert found.shape == (1, imported.dim) and found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found), 1, rtol=1e-5)


def test_cut_and_shrunk_inside_the_graph(tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    network = DescriptorNetwork(Small(), NetVLAD(2, 8), Small().normalisation,
                                crop=CenterCrop(40, 60, 32, 16))
    path = tmp_path / 'cut.onnx'
    to_onnx(network, 40, 60, path)
    image = np.random.default_rng(0).integers(0, 256, (1, 40, 60, 3), np.uint8)
    found = onnxruntime.InferenceSession(str(path)).run(None, {'image': image})[0]
    expected = network(torch.from_numpy(image)).detach()
    np.testing.assert_allclose(found, expected, atol=2e-3)  # a pixel may round the other way


def test_patches_are_projected_as_the_global_descriptor():
    torch.manual_seed(0)
    projection = torch.nn.Linear(16, 5)
    network = DescriptorNetwork(Small(), NetVLAD(2, 8), Small().normalisation,
                                projection=projection)
    patched = add_patches(cast(PlaceNetwork, network), projection.weight.detach(),
                          projection.bias.detach(), height=32, width=48, sizes={2: 1})
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 32, 48, 3), np.uint8))
    described, patches = patched(image)
    np.testing.assert_allclose(described.detach(), network(image).detach(), rtol=1e-4, atol=1e-6)
    local = network.local_features(image)
    part = local[:, :, 3:5, 7:9]
    expected = functional.normalize(projection(network.aggregation(part)))
    np.testing.assert_allclose(patches[3 * 11 + 7].detach(), expected[0].detach(), rtol=1e-3,
                               atol=1e-5)
    assert patches.shape == (7 * 11, 5)
