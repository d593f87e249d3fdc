# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""VGG-16 (Simonyan and Zisserman 2015), cropped at conv5_3 before its ReLU, as in NetVLAD."""

from __future__ import annotations

from torch import nn

from training.architectures.plain import PlainArchitecture

_BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class VGG16(PlainArchitecture):
    """512 channels at stride 16; the features have both signs."""

    def __init__(self, name: str = 'vgg16') -> None:
        layers: list[nn.Module] = []
        stages: dict[str, tuple[int, ...]] = {}
        channels = 3
        for number, block in enumerate(_BLOCKS, 1):
            first = len(layers)
            for width in block:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2, 2))
            stages[f'conv{number}'] = tuple(range(first, len(layers) - 1, 2))
        super().__init__(name, layers[:-2], 512, 16, stages=stages, full=len(layers))
