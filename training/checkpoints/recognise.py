# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which backbone and which NetVLAD a set of tensors is, from names and shapes alone."""

from __future__ import annotations

from collections.abc import Mapping
import math
import re

import torch
from torch import nn, Tensor

from training.aggregators import NetVLAD
from training.architectures.base import Architecture
from training.architectures.cct import CCT14
from training.architectures.registry import make_architecture
from training.architectures.vit import ViTB16
from vpr_ros.errors import ModelError

State = dict[str, Tensor]

# children of torchvision's ResNet by their number, as ``nn.Sequential`` names them
_RESNET_CHILDREN = {'0': 'conv1', '1': 'bn1', '4': 'layer1', '5': 'layer2', '6': 'layer3',
                    '7': 'layer4'}
_BLOCKS_OF_LAYER3 = {2: 18, 6: 50, 23: 101, 36: 152}
HUGGING_FACE_EPSILON = 1e-12


def part(state: Mapping[str, Tensor], prefix: str) -> State:
    """Return the tensors below a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in state.items()
            if name.startswith(prefix)}


def recognise_backbone(state: State, source: str) -> Architecture:
    """Make the architecture of a cropped backbone whose children are numbered, with weights.

    Raises:
        ModelError: it is none that is known.
    """
    if any(name.startswith('vit_model.') for name in state):
        inner = part(state, 'vit_model.')
        side = _side(inner.get('embeddings.position_embeddings'), 1)
        network: Architecture = ViTB16(side=side, epsilon=HUGGING_FACE_EPSILON,
                                       blocks=_count(inner, r'encoder\.layer\.(\d+)\.'))
        network.load_weights(inner, source)
        return network
    if any(name.startswith('tokenizer.') for name in state):
        network = CCT14(side=_side(state.get('classifier.positional_emb'), 0),
                        blocks=_count(state, r'classifier\.blocks\.(\d+)\.'))
        network.load_weights(state, source)
        return network
    first = state.get('0.weight')
    shape = tuple(first.shape) if first is not None else None
    if shape == (64, 3, 7, 7):
        name = _resnet_name(state, source)
        renamed = {}
        for key, value in state.items():
            child, _, rest = key.partition('.')
            renamed[f'{_RESNET_CHILDREN.get(child, child)}.{rest}'] = value
    elif shape in ((64, 3, 3, 3), (64, 3, 11, 11)):
        name = 'vgg16' if shape == (64, 3, 3, 3) else 'alexnet'
        renamed = {f'features.{key}': value for key, value in state.items()}
    else:
        raise ModelError(f'{source} has a backbone that is not known (its first convolution has '
                         f'the shape {shape}); known: AlexNet, VGG-16, ResNet, ViT-B/16, CCT-14')
    network = make_architecture(name)
    network.load_weights(renamed, source)
    return network


def _resnet_name(state: State, source: str) -> str:
    blocks = _count(state, r'6\.(\d+)\.')
    if blocks not in _BLOCKS_OF_LAYER3:
        known = ', '.join(map(str, _BLOCKS_OF_LAYER3))
        raise ModelError(f'{source} has a ResNet with {blocks} blocks in its conv4, which is none '
                         f'that is known ({known})')
    depth = _BLOCKS_OF_LAYER3[blocks]
    if depth == 50 and '4.0.conv3.weight' not in state:
        depth = 34
    return f'resnet{depth}{"conv5" if any(name.startswith("7.") for name in state) else "conv4"}'


def _count(state: State, pattern: str) -> int:
    numbers = [int(match[1]) for name in state if (match := re.match(pattern, name))]
    return max(numbers, default=-1) + 1


def _side(positions: Tensor | None, leading: int) -> int:
    return math.isqrt(int(positions.shape[1]) - leading) if positions is not None else 1


def netvlad_from(state: State, source: str, kind: type[NetVLAD] = NetVLAD) -> NetVLAD:
    """Make a NetVLAD layer with K, D and bias as its tensors have them.

    The soft assignment may be a convolution of maps (K, D, 1, 1) or of tokens (K, D, 1).

    Raises:
        ModelError: a tensor is missing, or they do not fit each other.
    """
    missing = [name for name in ('conv.weight', 'centroids') if name not in state]
    if missing:
        raise ModelError(f'{source} has no {missing[0]!r} for its NetVLAD layer; give the '
                         f'checkpoint of a network trained with NetVLAD')
    centroids, weight = state['centroids'], state['conv.weight']
    if centroids.ndim != 2 or weight.numel() != centroids.numel():
        raise ModelError(f'{source} has centroids of the shape {tuple(centroids.shape)} and an '
                         f'assignment of {tuple(weight.shape)}, expected (K, D) and (K, D, 1, 1)')
    clusters, channels = (int(n) for n in centroids.shape)
    layer = kind(clusters, channels, 'conv.bias' in state)
    try:
        layer.load_state_dict({**state, 'conv.weight': weight.reshape(clusters, channels, 1, 1)})
    except RuntimeError as error:
        raise ModelError(f'{source} does not fit a NetVLAD layer of {clusters} clusters and '
                         f'{channels} channels: {" ".join(str(error).split())}') from error
    return layer


def linear_from(weight: Tensor, bias: Tensor, inputs: int, source: str) -> nn.Linear:
    """Make a projection (F, D) or (F, D, 1, 1) with its offsets (F,).

    Raises:
        ModelError: it does not take vectors of the aggregation's length.
    """
    weight = weight.flatten(1)
    if weight.shape[1] != inputs or bias.shape != weight.shape[:1]:
        raise ModelError(
            f'{source} projects vectors of {weight.shape[1]} to {weight.shape[0]} numbers with '
            f'{bias.numel()} offsets, but its aggregation gives {inputs}; the parts belong to '
            f'different networks'
        )
    with torch.device('meta'):
        layer = nn.Linear(inputs, int(weight.shape[0]))
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer
