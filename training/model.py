# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole network: RGB bytes in, one L2-normalised descriptor out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import nn, Tensor
from torch.nn import functional

from training.aggregations.pooling import NORMALISATIONS as L2
from training.aggregations.registry import AGGREGATIONS, make_aggregation, Options
from training.aggregators import NetVLAD
from training.architectures.base import BackboneEntry
from training.architectures.registry import ARCHITECTURES, backbone_entry_of
from training.backbones import BACKBONES
from training.keys import key
from training.normalisation import NORMALISATIONS, Normalise
from vpr_ros.errors import ConfigError


@dataclass(frozen=True)
class Architecture:
    """What a checkpoint needs to be rebuilt."""

    backbone: str = key('squeezenet1_1', 'Name in the tables of backbones.')
    reduced: int = key(256, 'Channels after a learned 1x1 reduction; 0 for none.', least=0)
    clusters: int = key(32, 'K of `netvlad` and `crn`.', least=2)
    dim: int = key(512, 'Numbers of the descriptor after a linear projection; 0 for none.',
                   least=0)
    aggregation: str = key('netvlad', 'Name in the table of aggregations.')
    assignment_bias: bool = key(False, "NetVLAD's soft assignment has a bias, as in the paper; "
                                       'without, as in its released code.')
    l2: str = key('before_pool', 'Where the poolings normalise.', choices=L2)
    projected: int = key(0, "Numbers after the poolings' own layer (GeM+FC); 0 for none.",
                         least=0)
    normalisation: str = key('', "Of the input; '' takes the backbone's own.",
                             choices=('', *NORMALISATIONS))


def entry_of(name: str) -> BackboneEntry:
    """Return the row of a backbone: first those with their own weights, then architectures.

    Raises:
        ConfigError: there is no such backbone.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    if name in ARCHITECTURES:
        return backbone_entry_of(name)
    known = ', '.join(sorted({*BACKBONES, *ARCHITECTURES}))
    raise ConfigError(f'no backbone named {name!r}; known: {known}')


def check_architecture(architecture: Architecture, where: str = 'architecture') -> None:
    """Raise ConfigError unless a network can be made of it."""
    backbone = entry_of(architecture.backbone)
    if architecture.aggregation not in AGGREGATIONS:
        raise ConfigError(f'{where}: no aggregation named {architecture.aggregation!r}; known: '
                          f'{", ".join(AGGREGATIONS)}')
    with torch.device('meta'):
        made, made_backbone = make_head(architecture, backbone.channels), backbone.make()
    if made.takes == 'tokens':
        if architecture.reduced:
            raise ConfigError(f'{where}: {architecture.aggregation} takes tokens, which are not '
                              f'reduced; set reduced to 0')
        if not hasattr(made_backbone, 'tokens'):
            raise ConfigError(f'{where}: {architecture.aggregation} takes the tokens of a '
                              f'transformer, {architecture.backbone} has none; take vit_b16, '
                              f'cct14_384 or dinov2_vits14')
    if made.dim < architecture.dim:
        raise ConfigError(f'{where}: dim is {architecture.dim}, but the aggregation gives no more '
                          f'than {made.dim} numbers; take dim: {made.dim}, or 0')


@dataclass(frozen=True)
class Head:
    """What follows the backbone.

    Attributes:
        reduce: 1x1 convolution or identity.
        aggregation: maps what ``takes`` says to (N, dim).
        takes: ``grid`` or ``tokens``.
        dim: length of the aggregation's vector.
    """

    reduce: nn.Module
    aggregation: nn.Module
    takes: str
    dim: int


def make_head(architecture: Architecture, channels: int) -> Head:
    """Make reduction and aggregation for features with so many channels."""
    reduce: nn.Module = nn.Identity()
    if architecture.reduced:
        reduce = nn.Conv2d(channels, architecture.reduced, 1, bias=False)
        channels = architecture.reduced
    made = make_aggregation(architecture.aggregation, channels, Options(
        clusters=architecture.clusters, bias=architecture.assignment_bias, l2=architecture.l2,
        projected=architecture.projected))
    return Head(reduce, made.module, made.takes, made.dim)


class PlaceNetwork(nn.Module):
    """normalise -> backbone -> reduce -> aggregate -> project -> L2.

    Attributes:
        aggregated_dim: length of what the aggregation gives.
        dim: length of the descriptor.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        entry = entry_of(architecture.backbone)
        self.architecture = architecture
        self.normalise = Normalise(NORMALISATIONS[architecture.normalisation]
                                   if architecture.normalisation else entry.normalisation)
        self.backbone = entry.make()
        # twice as fast on CPUs; state dicts are loaded into this layout
        self.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        head = make_head(architecture, entry.channels)
        self.reduce, self.aggregation, self.takes = head.reduce, head.aggregation, head.takes
        self.aggregated_dim, self.dim = head.dim, architecture.dim or head.dim
        self.projection = nn.Linear(head.dim, self.dim) if architecture.dim else nn.Identity()

    def backbone_features(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> (N, C, H', W'), all channels of the backbone."""
        return self.backbone(self._pixels(image))

    def local_features(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> (N, D, H', W'), before NetVLAD's L2 normalisation."""
        return self.reduce(self.backbone_features(image)).float()

    def aggregate(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> float32 (N, K * D), L2-normalised, before the projection."""
        if self.takes == 'tokens':
            local = self.backbone.tokens(self._pixels(image)).float()  # type: ignore[operator]
        else:
            local = self.local_features(image)
        with torch.autocast(image.device.type, enabled=False):
            found = self.aggregation(local)
            # NetVLAD has unit length by itself
            return found if isinstance(self.aggregation, NetVLAD) else functional.normalize(found)

    def project(self, vlad: Tensor) -> Tensor:
        """(N, K * D) -> (N, dim), L2-normalised."""
        return functional.normalize(self.projection(vlad), dim=1)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> float32 (N, dim), L2-normalised."""
        vlad = self.aggregate(image)
        with torch.autocast(image.device.type, enabled=False):
            return self.project(vlad)

    def _pixels(self, image: Tensor) -> Tensor:
        return self.normalise(image).contiguous(memory_format=torch.channels_last)


def with_projection(network: PlaceNetwork, dim: int) -> PlaceNetwork:
    """Return the network with a linear projection to ``dim`` numbers, still to be fitted.

    Raises:
        ConfigError: the aggregation gives fewer numbers.
    """
    architecture = dataclasses.replace(network.architecture, dim=dim)
    check_architecture(architecture)
    made = PlaceNetwork(architecture)
    made.load_state_dict({**made.state_dict(),
                          **{name: value for name, value in network.state_dict().items()
                             if not name.startswith('projection.')}})
    return made.train(network.training)
