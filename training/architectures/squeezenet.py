# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SqueezeNet 1.1 (Iandola et al. 2016) up to fire9, with the choices of an architecture."""

from __future__ import annotations

import torch
from torch import nn, Tensor

from training.architectures.plain import PlainArchitecture
from training.receptive_field import Window, windows_of


class Fire(nn.Module):
    """SqueezeNet's module: a 1x1 squeeze, then 1x1 and 3x3 expansions side by side.

    Attribute names are torchvision's, so that state dicts carry over.
    """

    def __init__(self, channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def windows(self) -> list[Window]:
        """Return those of its wider branch; both share their centres."""
        return windows_of(self.squeeze) + windows_of(self.expand3x3)

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


class SqueezeNet11(PlainArchitecture):
    """512 channels at stride 16, after the last ReLU.

    Args:
        name: in the table.
        ceil_mode: of the poolings; torchvision's weights were trained with True.
    """

    def __init__(self, name: str = 'squeezenet1_1', ceil_mode: bool = True) -> None:
        layers = list(SqueezeNet(ceil_mode).features)
        stages = {'conv1': (0,), 'fire2': (3,), 'fire3': (4,), 'fire4': (6,), 'fire5': (7,),
                  'fire6': (9,), 'fire7': (10,), 'fire8': (11,), 'fire9': (12,)}
        super().__init__(name, layers, 512, 16, stages=stages, full=13)
