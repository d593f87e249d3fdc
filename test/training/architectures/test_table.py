# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every architecture of the table: counts, names, shapes, fields, and training from a layer.

Whole networks are made on the meta device, where they cost nothing.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.architectures.base import Architecture
from training.architectures.mobilenet import SqueezeExcitation
from training.architectures.registry import ARCHITECTURES, make_architecture
from training.receptive_field import receptive_fields
from vpr_ros.errors import ConfigError

# parameters of the public network; of those behind the crop; channels; map at 480 x 640
PUBLIC = {
    'alexnet': (61_100_840, 4096 * 9216 + 4096 + 4096 * 4097 + 1000 * 4097, 256, (29, 39)),
    'vgg16': (138_357_544, 4096 * 25088 + 4096 + 4096 * 4097 + 1000 * 4097, 512, (30, 40)),
    'squeezenet1_1': (1_235_496, 513_000, 512, (30, 40)),
    'resnet18conv5': (11_689_512, 513_000, 512, (15, 20)),
    'resnet34conv5': (21_797_672, 513_000, 512, (15, 20)),
    'resnet50conv5': (25_557_032, 2_049_000, 2048, (15, 20)),
    'resnet101conv5': (44_549_160, 2_049_000, 2048, (15, 20)),
    'resnet152conv5': (60_192_808, 2_049_000, 2048, (15, 20)),
    'mobilenetv3conv5': (5_483_032, 960 * 1280 + 1280 + 1_281_000, 960, (15, 20)),
    'vit_b16': (86_567_656, 769_000, 768, (30, 40)),
    'vit_b16_384': (86_859_496, 769_000, 768, (30, 40)),
    'dinov2_vits14': (22_056_576, 384, 384, None),
    'dinov2_vitb14': (86_580_480, 768, 768, None),
    'cct14_384': (22_513_193, 385 + 385_000, 384, (30, 40)),
}
# the benchmark's shorter crops: channels and map at 480 x 640
SHORTER = {'resnet18conv4': (256, (30, 40)), 'resnet50conv4': (1024, (30, 40)),
           'resnet101conv4': (1024, (30, 40)), 'mobilenetv3conv4': (112, (30, 40))}
CONVOLUTIONAL = [name for name in ARCHITECTURES
                 if not name.startswith(('vit', 'dino', 'cct'))]


def on_meta(name: str) -> Architecture:
    with torch.device('meta'):
        return make_architecture(name)


@pytest.mark.parametrize('name', sorted(PUBLIC))
def test_has_the_parameters_of_the_public_network_up_to_the_crop(name):
    whole, behind, channels, grid = PUBLIC[name]
    network = on_meta(name)
    assert sum(p.numel() for p in network.parameters()) == whole - behind
    assert network.channels == channels
    if grid and name != 'squeezenet1_1':
        assert network.grid(480, 640) == grid


@pytest.mark.parametrize('name', sorted(SHORTER))
def test_shorter_crops_are_the_benchmarks(name):
    network = on_meta(name)
    assert (network.channels, network.grid(480, 640)) == SHORTER[name]


@pytest.mark.parametrize('name', sorted(ARCHITECTURES))
def test_features_have_the_announced_shape_at_any_size(name):
    network = on_meta(name)
    step = 14 if 'dino' in name else 16
    sizes = [(224, 224), (16 * step, 23 * step)]
    if name in CONVOLUTIONAL:
        sizes = [(97, 301)]
    for height, width in sizes:
        x = network(torch.zeros(2, 3, height, width, device='meta'))
        assert tuple(x.shape) == (2, network.channels, *network.grid(height, width))


@pytest.mark.parametrize('name', sorted(ARCHITECTURES))
def test_train_from_freezes_what_lies_before(name):
    network = on_meta(name)
    stages = list(network.stages)
    for parameter, _ in network.named_parameters():
        owners = [s for s in stages if parameter.startswith(network.stages[s])]
        assert len(owners) == 1, parameter
    for index, stage in enumerate([*stages, 'none']):
        network.train_from(stage)
        before = tuple(p for s in stages[:index] for p in network.stages[s])
        for parameter, value in network.named_parameters():
            assert value.requires_grad != parameter.startswith(before or ('\0',))
        network.train()
        for path, module in network.named_modules():
            if isinstance(module, nn.BatchNorm2d):
                assert module.training != f'{path}.'.startswith(before or ('\0',))
    with pytest.raises(ConfigError, match=f'no stage .conv9. to train from; known: {stages[0]}'):
        network.train_from('conv9')


def test_frozen_statistics_do_not_move():
    network = make_architecture('resnet18conv4')
    network.train_from('conv4')
    before = {name: value.clone() for name, value in network.named_buffers()}
    network.train()
    network(torch.rand(2, 3, 64, 64))
    moved = {name.split('.')[0] for name, value in network.named_buffers()
             if not torch.equal(value, before[name])}
    assert moved == {'layer3'}


def test_stages_are_the_papers():
    for name in ('alexnet', 'vgg16', 'resnet50conv5', 'mobilenetv3conv5'):
        assert list(on_meta(name).stages) == ['conv1', 'conv2', 'conv3', 'conv4', 'conv5']


def test_names_are_those_of_torchvision():
    def names(network, ending='weight'):
        return [n.removesuffix(f'.{ending}') for n, _ in network.named_parameters()
                if n.endswith(ending)]

    assert names(on_meta('alexnet')) == [f'features.{n}' for n in (0, 3, 6, 8, 10)]
    assert names(on_meta('vgg16'), 'bias') == [
        f'features.{n}' for n in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)]
    resnet = names(on_meta('resnet18conv4'))
    expected = ['conv1', 'bn1']
    for layer in (1, 2, 3):
        for block in (0, 1):
            expected += [f'layer{layer}.{block}.{part}' for part in ('conv1', 'bn1', 'conv2',
                                                                     'bn2')]
            if layer > 1 and not block:
                expected += [f'layer{layer}.0.downsample.{n}' for n in (0, 1)]
    assert resnet == expected
    bottleneck = [n for n in names(on_meta('resnet50conv4')) if n.startswith('layer1.0.')]
    assert bottleneck == [f'layer1.0.{n}' for n in (
        'conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3', 'downsample.0', 'downsample.1')]
    mobile = names(on_meta('mobilenetv3conv4'))
    assert mobile[:2] == ['features.0.0', 'features.0.1']
    assert [n for n in mobile if n.startswith('features.4.')] == [
        f'features.4.block.{n}' for n in ('0.0', '0.1', '1.0', '1.1', '2.fc1', '2.fc2', '3.0',
                                          '3.1')]


def test_names_are_those_of_timm_dinov2_and_cct():
    block = {f'blocks.0.{n}.{kind}' for n in ('norm1', 'attn.qkv', 'attn.proj', 'norm2', 'mlp.fc1',
                                              'mlp.fc2') for kind in ('weight', 'bias')}
    outside = {'cls_token', 'pos_embed', 'patch_embed.proj.weight', 'patch_embed.proj.bias',
               'norm.weight', 'norm.bias'}
    vit = set(on_meta('vit_b16').state_dict())
    assert {n for n in vit if n.startswith('blocks.0.')} == block
    assert {n for n in vit if not n.startswith('blocks.')} == outside
    dino = on_meta('dinov2_vits14').state_dict()
    assert set(dino) - vit == {f'blocks.{n}.ls{k}.gamma' for n in range(12) for k in (1, 2)}
    assert dino['pos_embed'].shape == (1, 1370, 384)
    cct = on_meta('cct14_384').state_dict()
    assert cct['classifier.positional_emb'].shape == (1, 576, 384)
    assert {n for n in cct if not n.startswith('classifier.blocks.')} == {
        'tokenizer.conv_layers.0.0.weight', 'tokenizer.conv_layers.1.0.weight',
        'classifier.positional_emb', 'classifier.norm.weight', 'classifier.norm.bias'}
    assert {n.removeprefix('classifier.blocks.13.') for n in cct if '.13.' in n} == {
        'pre_norm.weight', 'pre_norm.bias', 'self_attn.qkv.weight', 'self_attn.proj.weight',
        'self_attn.proj.bias', 'linear1.weight', 'linear1.bias', 'norm1.weight', 'norm1.bias',
        'linear2.weight', 'linear2.bias'}


def test_vgg_sees_196_pixels_in_steps_of_16():
    field = receptive_fields(on_meta('vgg16').windows(), 480, 640)[0]
    assert (field.extent, field.step, field.first) == (196, 16, 7.5)


@pytest.mark.parametrize('name', ['alexnet', 'squeezenet1_1', 'resnet18conv4', 'resnet50conv4',
                                  'mobilenetv3conv4', 'mobilenetv3conv5'])
def test_a_pixel_reaches_the_features_whose_field_holds_it(name, monkeypatch):
    # the gate of squeeze-and-excitation sees the whole image; without it the rest is local
    monkeypatch.setattr(SqueezeExcitation, 'forward', lambda self, x: x)
    network = make_architecture(name).eval()
    height, width = 32, 352
    field = receptive_fields(network.windows(), height, width)[1]
    for pixel in (0, 131, 350):
        image = torch.ones(1, 3, height, width)
        image[..., pixel] = torch.nan
        with torch.no_grad():
            touched = network(image).isnan().any(1)[0].any(0).tolist()
        half = (field.extent - 1) / 2
        assert touched == [abs(center - pixel) <= half for center in field.centers()]


def test_wrong_names_and_sizes_say_what_is_right():
    with pytest.raises(ConfigError, match=r"no architecture named 'vgg'; known: alexnet, vgg16"):
        make_architecture('vgg')
    with pytest.raises(ConfigError, match=r'multiples of 14; 480x640 is not, take 476x644'):
        on_meta('dinov2_vits14')(torch.zeros(1, 3, 480, 640, device='meta'))
    with pytest.raises(ConfigError, match='alexnet has no feature left of an image of 30x40'):
        on_meta('alexnet').grid(30, 40)
    with pytest.raises(ConfigError, match='every token sees the whole image'):
        on_meta('vit_b16').windows()
