# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks that are one row of layers, torchvision's ``features``, cut at some layer."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn, Tensor

from training.architectures.base import Architecture, initialise_convolutions
from training.normalisation import IMAGENET, Normalisation
from training.receptive_field import Window, windows_of


class PlainArchitecture(Architecture):
    """Layers ``features.0`` to the crop.

    Args:
        name: in the table.
        layers: up to the crop.
        channels: of the last.
        stride: of the whole.
        stages: stage -> the numbers of its layers that have weights.
        full: number of layers in the public network; those behind the crop are left out.
        normalisation: that its public weights expect.
    """

    def __init__(self, name: str, layers: list[nn.Module], channels: int, stride: int, *,
                 stages: Mapping[str, tuple[int, ...]], full: int,
                 normalisation: Normalisation = IMAGENET) -> None:
        behind = tuple(f'features.{index}.' for index in range(len(layers), full))
        prefixes = {stage: tuple(f'features.{index}.' for index in numbers)
                    for stage, numbers in stages.items()}
        super().__init__(name, channels, stride, stages=prefixes,
                         cropped=('classifier.', *behind), normalisation=normalisation)
        self.features = nn.Sequential(*layers)
        initialise_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, channels, H', W')."""
        return self.features(x)

    def windows(self) -> list[Window]:
        """See :class:`Architecture`."""
        return windows_of(self.features)
