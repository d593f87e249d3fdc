# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Equality with torchvision and timm themselves, where they are installed.

Random weights of theirs, taken under their names, give their features.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from training.architectures.registry import make_architecture
from training.architectures.vit import ViTB16


@pytest.fixture
def torchvision():
    return pytest.importorskip('torchvision.models', reason='torchvision is not installed')


@pytest.fixture
def timm():
    return pytest.importorskip('timm', reason='timm is not installed')


def agree(ours, theirs, network, size=(96, 128)):
    ours.load_weights(network.state_dict())
    x = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, found = theirs(x), ours.eval()(x)
    scale = float(expected.abs().max())
    np.testing.assert_allclose(found / scale, expected / scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('name', ['alexnet', 'vgg16', 'squeezenet1_1'])
def test_rows_of_layers(torchvision, name):
    options = {'init_weights': False} if name == 'vgg16' else {}
    network = getattr(torchvision, name)(weights=None, **options).eval()
    layers = list(network.features)
    cropped = layers if name == 'squeezenet1_1' else layers[:-2]
    agree(make_architecture(name), nn.Sequential(*cropped), network)


@pytest.mark.parametrize('crop, removed', [('conv4', 3), ('conv5', 2)])
@pytest.mark.parametrize('depth', [18, 50])
def test_resnets(torchvision, depth, crop, removed):
    network = getattr(torchvision, f'resnet{depth}')(weights=None).eval()
    theirs = nn.Sequential(*list(network.children())[:-removed])
    agree(make_architecture(f'resnet{depth}{crop}'), theirs, network)


@pytest.mark.parametrize('crop, kept', [('conv4', 13), ('conv5', 17)])
def test_mobilenet(torchvision, crop, kept):
    network = torchvision.mobilenet_v3_large(weights=None).eval()
    agree(make_architecture(f'mobilenetv3{crop}'), network.features[:kept], network)


@pytest.mark.parametrize('depth', [101, 152])
def test_names_of_the_deep_ones(torchvision, depth):
    with torch.device('meta'):
        theirs = getattr(torchvision, f'resnet{depth}')(weights=None).state_dict()
        ours = make_architecture(f'resnet{depth}conv5').state_dict()
    assert {n: v.shape for n, v in ours.items()} == {
        n: v.shape for n, v in theirs.items() if not n.startswith('fc.')}


def test_vit_of_torchvision(torchvision):
    network = torchvision.vit_b_16(weights=None).eval()

    def theirs(x):
        tokens = network._process_input(x)
        tokens = torch.cat([network.class_token, tokens], 1)
        return network.encoder(tokens)[:, 1:].transpose(1, 2).reshape(1, 768, 14, 14)

    agree(ViTB16(), theirs, network, (224, 224))


def test_vit_and_dinov2_of_timm(timm):
    def patches(network, leading=1):
        def theirs(x):
            side = int(x.shape[-1]) // network.patch_embed.patch_size[0]
            tokens = network.forward_features(x)[:, leading:]
            return tokens.transpose(1, 2).reshape(1, -1, side, side)
        return theirs

    vit = timm.create_model('vit_base_patch16_224', pretrained=False).eval()
    agree(ViTB16(), patches(vit), vit, (224, 224))
    dino = timm.create_model('vit_small_patch14_dinov2', pretrained=False, img_size=518).eval()
    nn.init.uniform_(dino.blocks[0].ls1.gamma)
    with torch.device('meta'):
        names = set(make_architecture('dinov2_vits14').state_dict())
    assert names == set(dino.state_dict())
    agree(make_architecture('dinov2_vits14'), patches(dino), dino, (518, 518))
