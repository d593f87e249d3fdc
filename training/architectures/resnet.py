# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ResNets (He et al. 2016), cropped after conv4 (stride 16) or conv5 (stride 32), after the ReLU.

Names are torchvision's: conv4 of the paper is ``layer3``. The stride of a bottleneck sits at its
3x3 convolution, as torchvision has it.
"""

from __future__ import annotations

import torch
from torch import nn, Tensor

from training.architectures.base import Architecture, initialise_convolutions
from training.receptive_field import Window, windows_of
from vpr_ros.errors import ConfigError

DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3),
          152: (3, 8, 36, 3)}
CROPS = {'conv4': 3, 'conv5': 4}


def _shortcut(channels: int, out: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and channels == out:
        return None
    return nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, for 18 and 34 layers."""

    expansion = 1

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, width, H / stride, W / stride)."""
        short = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + short)

    def windows(self) -> list[Window]:
        """Those of the long way."""
        return windows_of(self.conv1) + windows_of(self.conv2)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions and a shortcut, for 50 layers and more."""

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        out = width * self.expansion
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = _shortcut(channels, out, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, 4 * width, H / stride, W / stride)."""
        short = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + short)

    def windows(self) -> list[Window]:
        """Those of the long way."""
        return windows_of(self.conv1) + windows_of(self.conv2) + windows_of(self.conv3)


class ResNet(Architecture):
    """A ResNet up to its crop.

    Args:
        name: in the table.
        depth: 18, 34, 50, 101 or 152.
        crop: ``conv4`` or ``conv5``.
    """

    def __init__(self, name: str, depth: int, crop: str = 'conv4') -> None:
        if depth not in DEPTHS or crop not in CROPS:
            raise ConfigError(f'no ResNet of depth {depth} cropped at {crop!r}; known depths: '
                              f'{", ".join(map(str, DEPTHS))}, crops: {", ".join(CROPS)}')
        block: type[BasicBlock] | type[Bottleneck] = BasicBlock if depth < 50 else Bottleneck
        kept = CROPS[crop]
        stages: dict[str, tuple[str, ...]] = {'conv1': ('conv1.', 'bn1.')}
        stages |= {f'conv{n + 1}': (f'layer{n}.',) for n in range(1, kept + 1)}
        behind = tuple(f'layer{n}.' for n in range(kept + 1, 5))
        super().__init__(name, 64 * 2 ** (kept - 1) * block.expansion, 2 ** (kept + 1),
                         stages=stages, cropped=('fc.', *behind))
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.blocks = [f'layer{n}' for n in range(1, kept + 1)]
        channels = 64
        for n, layer in enumerate(self.blocks):
            width, made = 64 * 2**n, []
            for index in range(DEPTHS[depth][n]):
                made.append(block(channels, width, 2 if n and not index else 1))
                channels = width * block.expansion
            self.add_module(layer, nn.Sequential(*made))
        initialise_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, channels, H', W'), not negative."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for layer in self.blocks:
            x = self.get_submodule(layer)(x)
        return x

    def windows(self) -> list[Window]:
        """See :class:`Architecture`."""
        found = windows_of(self.conv1) + windows_of(self.maxpool)
        for layer in self.blocks:
            found += windows_of(self.get_submodule(layer))
        return found
