# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutional backbones, cropped at their last convolutional features.

A backbone maps float32 (N, 3, H, W), normalised as its weights want it, to features
(N, channels, H', W'). How its input is normalised belongs to its weights, so every backbone
carries a :class:`Normalisation`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn, Tensor

from vpr_ros.errors import ConfigError


@dataclass(frozen=True)
class Normalisation:
    """Input convention of a set of weights: (pixel - mean) / std, pixels 0..255.

    Attributes:
        order: ``rgb`` or ``bgr``, the channel order of the network's input.
        mean: per channel in that order.
        std: per channel in that order.
    """

    order: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


CAFFE = Normalisation('bgr', (103.94, 116.78, 123.68), (1.0, 1.0, 1.0))
IMAGENET = Normalisation(
    'rgb', (0.485 * 255, 0.456 * 255, 0.406 * 255), (0.229 * 255, 0.224 * 255, 0.225 * 255)
)


HALF = Normalisation('rgb', (127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
NORMALISATIONS = {'imagenet': IMAGENET, 'caffe': CAFFE, 'half': HALF}


class Normalise(nn.Module):
    """RGB pixels (N, H, W, 3), 0..255 -> float32 (N, 3, H, W) in a network's convention."""

    mean: Tensor
    scale: Tensor

    def __init__(self, convention: Normalisation) -> None:
        super().__init__()
        self.flip = convention.order == 'bgr'
        self.register_buffer('mean', torch.tensor(convention.mean).view(1, 3, 1, 1), False)
        self.register_buffer('scale', 1 / torch.tensor(convention.std).view(1, 3, 1, 1), False)

    def forward(self, image: Tensor) -> Tensor:
        """Return the network's input."""
        pixels = image.to(torch.float32).permute(0, 3, 1, 2)
        if self.flip:
            pixels = pixels[:, [2, 1, 0]]
        return (pixels - self.mean) * self.scale


class Fire(nn.Module):
    """SqueezeNet's module: a 1x1 squeeze, then 1x1 and 3x3 expansions side by side.

    Attribute names are torchvision's, so that state dicts carry over.
    """

    def __init__(self, channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, 2 * expand, H, W)."""
        x = torch.relu(self.squeeze(x))
        return torch.cat([torch.relu(self.expand1x1(x)), torch.relu(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """SqueezeNet 1.1 (Iandola et al. 2016) up to fire9: 512 channels, stride 16.

    ``features.N`` counts as torchvision's ``squeezenet1_1`` does. Its pooling rounds up
    (``ceil_mode``), as Caffe's did; the ONNX of the same weights rounds down. The two agree on
    the 224x224 of ImageNet; ``ceil_mode`` chooses elsewhere. A grid that rounds down needs no
    padding at its border and is one row and column smaller.
    """

    def __init__(self, ceil_mode: bool = False) -> None:
        super().__init__()

        def pool() -> nn.Module:
            return nn.MaxPool2d(3, 2, ceil_mode=ceil_mode)

        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool(),
            Fire(64, 16, 64), Fire(128, 16, 64), pool(),
            Fire(128, 32, 128), Fire(256, 32, 128), pool(),
            Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 512, about H / 16, about W / 16), after the last ReLU."""
        return self.features(x)


@dataclass(frozen=True)
class BackboneEntry:
    """One row of the table of backbones: how to make it, what it gives, what its weights expect.

    Attributes:
        make: returns it untrained.
        channels: of its features.
        normalisation: of its input.
    """

    make: Callable[[], nn.Module]
    channels: int
    normalisation: Normalisation


def _squeezenet() -> nn.Module:
    from training.architectures.squeezenet import SqueezeNet11  # noqa: PLC0415 - it needs this one

    return SqueezeNet11(ceil_mode=False)


# Backbones whose weights come from elsewhere than torchvision and expect another input.
BACKBONES = {'squeezenet1_1': BackboneEntry(_squeezenet, 512, CAFFE)}


def backbone_entry(name: str) -> BackboneEntry:
    """Return the table row of a backbone.

    Raises:
        ConfigError: there is no such backbone.
    """
    if name not in BACKBONES:
        raise ConfigError(f'no backbone named {name!r}; known: {", ".join(sorted(BACKBONES))}')
    return BACKBONES[name]
