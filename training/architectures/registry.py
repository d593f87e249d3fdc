# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of architectures by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from training.architectures.alexnet import AlexNet
from training.architectures.base import Architecture, BackboneEntry
from training.architectures.cct import CCT14
from training.architectures.dinov2 import DinoV2
from training.architectures.files import read_weights
from training.architectures.mobilenet import MobileNetV3
from training.architectures.resnet import ResNet
from training.architectures.squeezenet import SqueezeNet11
from training.architectures.vgg import VGG16
from training.architectures.vit import ViTB16
from vpr_ros.errors import ConfigError


def _resnet(depth: int, crop: str) -> Callable[[], Architecture]:
    return lambda: ResNet(f'resnet{depth}{crop}', depth, crop)


ARCHITECTURES: dict[str, Callable[[], Architecture]] = {
    'alexnet': AlexNet,
    'vgg16': VGG16,
    'squeezenet1_1': SqueezeNet11,
    **{f'resnet{depth}{crop}': _resnet(depth, crop)
       for depth in (18, 34, 50, 101, 152) for crop in ('conv4', 'conv5')},
    'mobilenetv3conv4': lambda: MobileNetV3('mobilenetv3conv4', 'conv4'),
    'mobilenetv3conv5': lambda: MobileNetV3('mobilenetv3conv5', 'conv5'),
    'vit_b16': ViTB16,
    'vit_b16_384': lambda: ViTB16('vit_b16_384', 24),
    'cct14_384': CCT14,
    'dinov2_vits14': lambda: DinoV2('dinov2_vits14', 'vits14'),
    'dinov2_vitb14': lambda: DinoV2('dinov2_vitb14', 'vitb14'),
}


def make_architecture(name: str, *, weights: Path | None = None, train_from: str = ''
                      ) -> Architecture:
    """Make a backbone.

    Args:
        name: in the table.
        weights: a file of public weights, see :func:`read_weights`; random without.
        train_from: stage from which on it is trained, ``none`` to freeze all, '' to train all.

    Raises:
        ConfigError: an unknown name or stage.
        ModelError: the file cannot be read or does not fit.
    """
    if name not in ARCHITECTURES:
        raise ConfigError(f'no architecture named {name!r}; known: {", ".join(ARCHITECTURES)}')
    made = ARCHITECTURES[name]()
    if weights is not None:
        made.load_weights(read_weights(weights), str(weights))
    if train_from:
        made.train_from(train_from)
    return made


def backbone_entry_of(name: str) -> BackboneEntry:
    """Make the row of an architecture in the table of backbones of :mod:`training.backbones`.

    Raises:
        ConfigError: an unknown name.
    """
    with torch.device('meta'):  # only to see what it is like
        made = make_architecture(name)
    return BackboneEntry(ARCHITECTURES[name], made.channels, made.normalisation)
