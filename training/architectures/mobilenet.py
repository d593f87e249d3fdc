# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MobileNetV3-Large (Howard et al. 2019) for robots, cropped at stride 16 or 32.

Names are torchvision's. Its squeeze-and-excitation scales whole channels by the mean of the image:
receptive fields listed here are those of what is scaled.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn, Tensor
from torch.nn import functional

from training.architectures.base import Architecture, initialise_convolutions
from training.receptive_field import Window, windows_of
from vpr_ros.errors import ConfigError


@dataclass(frozen=True)
class Row:
    """One line of the paper's table 1: kernel, expanded and output channels, and the options."""

    kernel: int
    expanded: int
    out: int
    squeeze: bool
    hard: bool
    stride: int


TABLE = (
    Row(3, 16, 16, False, False, 1), Row(3, 64, 24, False, False, 2),
    Row(3, 72, 24, False, False, 1), Row(5, 72, 40, True, False, 2),
    Row(5, 120, 40, True, False, 1), Row(5, 120, 40, True, False, 1),
    Row(3, 240, 80, False, True, 2), Row(3, 200, 80, False, True, 1),
    Row(3, 184, 80, False, True, 1), Row(3, 184, 80, False, True, 1),
    Row(3, 480, 112, True, True, 1), Row(3, 672, 112, True, True, 1),
    Row(5, 672, 160, True, True, 2), Row(5, 960, 160, True, True, 1),
    Row(5, 960, 160, True, True, 1),
)
LAST_CHANNELS = 960
# crop -> layers of ``features`` kept, channels and stride
CROPS = {'conv4': (13, 112, 16), 'conv5': (17, LAST_CHANNELS, 32)}
# stage -> layers, split where the resolution halves
STAGES = {'conv1': (0, 1), 'conv2': (2, 3), 'conv3': (4, 5, 6), 'conv4': tuple(range(7, 13)),
          'conv5': (13, 14, 15, 16)}


def _convolution(channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1,
                 activation: type[nn.Module] | None = None) -> nn.Sequential:
    """Convolution, batch normalisation and perhaps an activation; halves rounding up."""
    layers: list[nn.Module] = [
        nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out, eps=0.001, momentum=0.01),
    ]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def _multiple_of_8(value: float) -> int:
    """Nearest multiple of 8, yet not below 90 % of the value."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


class SqueezeExcitation(nn.Module):
    """Scales each channel by a gate that two layers make of all channels' means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = _multiple_of_8(channels / 4)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same."""
        mean = x.mean((2, 3), keepdim=True)
        return x * functional.hardsigmoid(self.fc2(functional.relu(self.fc1(mean))))

    def windows(self) -> list[Window]:
        """None: what is scaled stays where it is."""
        return []


class InvertedResidual(nn.Module):
    """Expand, filter each channel, perhaps gate, project; with a shortcut where shapes agree."""

    def __init__(self, channels: int, row: Row) -> None:
        super().__init__()
        activation = nn.Hardswish if row.hard else nn.ReLU
        layers: list[nn.Module] = []
        if row.expanded != channels:
            layers.append(_convolution(channels, row.expanded, 1, activation=activation))
        layers.append(_convolution(row.expanded, row.expanded, row.kernel, row.stride,
                                   row.expanded, activation))
        if row.squeeze:
            layers.append(SqueezeExcitation(row.expanded))
        layers.append(_convolution(row.expanded, row.out, 1))
        self.block = nn.Sequential(*layers)
        self.shortcut = row.stride == 1 and channels == row.out

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, out, H / stride, W / stride)."""
        return x + self.block(x) if self.shortcut else self.block(x)

    def windows(self) -> list[Window]:
        """Those of the long way."""
        return windows_of(self.block)


class MobileNetV3(Architecture):
    """MobileNetV3-Large up to its crop.

    Args:
        name: in the table.
        crop: ``conv4`` (112 channels, stride 16) or ``conv5`` (960 channels, stride 32).
    """

    def __init__(self, name: str, crop: str = 'conv4') -> None:
        if crop not in CROPS:
            raise ConfigError(f'no MobileNetV3 cropped at {crop!r}; known: {", ".join(CROPS)}')
        kept, out, stride = CROPS[crop]
        stages = {stage: tuple(f'features.{n}.' for n in layers if n < kept)
                  for stage, layers in STAGES.items() if layers[0] < kept}
        behind = tuple(f'features.{n}.' for n in range(kept, len(TABLE) + 2))
        super().__init__(name, out, stride, stages=stages, cropped=('classifier.', *behind))
        layers: list[nn.Module] = [_convolution(3, 16, 3, 2, activation=nn.Hardswish)]
        channels = 16
        for row in TABLE:
            layers.append(InvertedResidual(channels, row))
            channels = row.out
        layers.append(_convolution(channels, LAST_CHANNELS, 1, activation=nn.Hardswish))
        self.features = nn.Sequential(*layers[:kept])
        initialise_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, channels, H', W')."""
        return self.features(x)

    def windows(self) -> list[Window]:
        """See :class:`Architecture`."""
        return windows_of(self.features)
