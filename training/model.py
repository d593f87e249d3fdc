# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole network: RGB bytes in, one L2-normalised descriptor out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.aggregators import NetVLAD
from training.backbones import Normalise, backbone_entry


@dataclass(frozen=True)
class Architecture:
    """What a checkpoint needs to be rebuilt.

    Attributes:
        backbone: name in the table of backbones.
        reduced: channels after the learned 1x1 reduction; 0 for none.
        clusters: NetVLAD's K.
        dim: length of the descriptor.
    """

    backbone: str = 'squeezenet1_1'
    reduced: int = 256
    clusters: int = 32
    dim: int = 512


class PlaceNetwork(nn.Module):
    """normalise -> backbone -> reduce -> NetVLAD -> project -> L2."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        entry = backbone_entry(architecture.backbone)
        self.architecture = architecture
        self.normalise = Normalise(entry.normalisation)
        self.backbone = entry.make()
        # twice as fast on CPUs; state dicts are loaded into this layout
        self.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        channels = entry.channels
        self.reduce: nn.Module = nn.Identity()
        if architecture.reduced:
            self.reduce = nn.Conv2d(channels, architecture.reduced, 1, bias=False)
            channels = architecture.reduced
        self.aggregation = NetVLAD(architecture.clusters, channels)
        self.projection = nn.Linear(architecture.clusters * channels, architecture.dim)

    def local_features(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> (N, D, H', W'), before NetVLAD's L2 normalisation."""
        pixels = self.normalise(image).contiguous(memory_format=torch.channels_last)
        return self.reduce(self.backbone(pixels)).float()

    def aggregate(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> float32 (N, K * D), L2-normalised, before the projection."""
        local = self.local_features(image)
        with torch.autocast('cpu', enabled=False):
            return self.aggregation(local)

    def project(self, vlad: Tensor) -> Tensor:
        """(N, K * D) -> (N, dim), L2-normalised."""
        return functional.normalize(self.projection(vlad), dim=1)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> float32 (N, dim), L2-normalised."""
        vlad = self.aggregate(image)
        with torch.autocast('cpu', enabled=False):
            return self.project(vlad)
