# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AlexNet (Krizhevsky 2014, one tower), cropped at conv5 before its ReLU, as in NetVLAD."""

from __future__ import annotations

from torch import nn

from training.architectures.plain import PlainArchitecture


class AlexNet(PlainArchitecture):
    """256 channels at stride 16."""

    def __init__(self, name: str = 'alexnet') -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
        ]
        stages = {'conv1': (0,), 'conv2': (3,), 'conv3': (6,), 'conv4': (8,), 'conv5': (10,)}
        super().__init__(name, layers, 256, 16, stages=stages, full=13)
