# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a checkpoint's file to a model that the robot's own runtime loads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training import export as module
from training.architectures.registry import make_architecture
from training.checkpoints.hand_over import hand_over
from training.checkpoints.importer import import_checkpoint
from vpr_ros.errors import ConfigError, ModelError


@pytest.fixture
def imported(tmp_path):
    """Patch-NetVLAD on AlexNet, two clusters, five dimensions."""
    torch.manual_seed(0)
    state = {}
    for index, shape in {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3),
                         8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}.items():
        state[f'encoder.{index}.weight'] = torch.randn(shape) * (2 / (shape[1] * shape[2]**2))**0.5
        state[f'encoder.{index}.bias'] = torch.randn(shape[0]) * 0.1
    state['pool.conv.weight'], state['pool.centroids'] = torch.randn(2, 256, 1, 1), \
        torch.randn(2, 256) * 0.05
    state['WPCA.0.weight'], state['WPCA.0.bias'] = torch.randn(5, 512, 1, 1), torch.randn(5) * 0.1
    torch.save({'num_pcs': 5, 'state_dict': state}, tmp_path / 'w.pth')
    return import_checkpoint(tmp_path / 'w.pth', size=(96, 128))


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (2, 96, 128, 3), np.uint8))


def test_the_runtime_loads_what_was_handed_over(tmp_path, imported, images):
    from vpr_ros.model import load_model

    path = tmp_path / 'out' / 'patchy.onnx'
    card, parity = hand_over(imported, path, name='patchy', licence='MIT', images=images,
                             patch_sizes={2: 1, 3: 1})
    assert list(parity) == ['global', 'patches_2', 'patches_3']
    card.check_file()
    assert (card.global_dim, card.height, card.width, card.licence) == (5, 96, 128, 'MIT')
    assert sorted(card.patches) == [2, 3] and card.patches[2].grid == (4, 6)
    assert 'Patch-NetVLAD' in card.raw['description']
    described = load_model(str(path)).describe(images[0])
    expected = imported.network(torch.from_numpy(images[0][None]))[0].detach().numpy()
    cosine = float(expected @ described.global_descriptor)
    assert cosine > 0.999  # weights are stored in half precision
    assert described.patches[2].descriptors.shape == (24, 5)


def test_a_graph_that_disagrees_never_stays(tmp_path, imported, images, monkeypatch):
    other = import_checkpoint(tmp_path / 'w.pth', size=(96, 128)).network
    other.projection = torch.nn.Linear(512, 5)
    monkeypatch.setattr(module, 'rounded', lambda network, storage: other)
    with pytest.raises(ModelError, match='output global disagrees with torch'):
        hand_over(imported, tmp_path / 'm.onnx', name='m', licence='MIT', images=images)
    assert not (tmp_path / 'm.onnx').exists()


def test_what_cannot_have_patches_says_so(tmp_path, imported, images):
    with pytest.raises(ConfigError, match='no image was given'):
        hand_over(imported, tmp_path / 'm.onnx', name='m', licence='MIT', images=[])
    imported.network.projection = None
    with pytest.raises(ConfigError, match='they need a NetVLAD layer and its whitening'):
        hand_over(imported, tmp_path / 'm.onnx', name='m', licence='MIT', images=images,
                  patch_sizes={2: 1})


@pytest.mark.parametrize('cut', [False, True])
def test_batch_normalisations_and_the_cut_stay_exact(tmp_path, cut):
    network = make_architecture('resnet18conv4').eval()
    torch.manual_seed(1)
    for norm in network.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(torch.as_tensor(norm.running_var), 0.5, 1.5)
    numbered = {'conv1': '0', 'bn1': '1', 'layer1': '4', 'layer2': '5', 'layer3': '6'}
    state = {'aggregation.1.p': torch.tensor([3.0]), 'aggregation.3.weight': torch.randn(8, 256),
             'aggregation.3.bias': torch.randn(8)}
    for name, value in network.state_dict().items():
        child, _, rest = name.partition('.')
        state[f'backbone.{numbered[child]}.{rest}'] = value
    torch.save(state, tmp_path / 'resnet18_8.pth')
    size = (380, 400) if cut else (64, 96)
    imported = import_checkpoint(tmp_path / 'resnet18_8.pth', swarm_slam=cut, size=size)
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    card, _ = hand_over(imported, tmp_path / 'm.onnx', name='m', licence='MIT', images=[image])
    assert card.global_dim == 8 and not card.patches
    assert card.onnx_path.stat().st_size < (7.5e6 if cut else 6e6)  # half of 11 MB, and the cut
