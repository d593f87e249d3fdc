# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Poolings over the whole map: from features (N, D, H, W) to one vector (N, D).

None of them normalises what it returns; :class:`GlobalPooling` puts the normalisations around
them as the benchmark of deep visual geo-localization (Berton et al. 2022) does.
"""

from __future__ import annotations

import torch
from torch import nn, Tensor
from torch.nn import functional

from vpr_ros.errors import ConfigError

NORMALISATIONS = ('before_pool', 'after_pool', 'none', 'over_locations')


class MAC(nn.Module):
    """Maximum of every channel (Razavian et al. 2016); NetVLAD's f_max, section 5."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, D)."""
        return x.flatten(2).amax(2)


class SPoC(nn.Module):
    """Mean of every channel (Babenko and Lempitsky 2015), without their centre prior."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, D)."""
        return x.flatten(2).mean(2)


class GeM(nn.Module):
    """Generalised mean (Radenovic et al. 2018): (mean of max(x, eps)^p)^(1/p), p learned.

    Negative features vanish, as a map taken before its ReLU has many of.

    Args:
        p: to begin with; 1 is the mean, infinity the maximum.
        epsilon: smallest value of a feature.
    """

    def __init__(self, p: float = 3.0, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.full((1,), p))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, D)."""
        return x.flatten(2).clamp_min(self.epsilon).pow(self.p).mean(2).pow(1 / self.p)


class RRM(nn.Module):
    """Residual retrieval module (Kordopatis-Zilos et al. 2021), L2-normalised.

    Mean, layer norm, a residual block of two layers, layer norm.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(channels)
        self.fc1 = nn.Linear(channels, channels)
        self.fc2 = nn.Linear(channels, channels)
        self.ln2 = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, D)."""
        mean = self.ln1(x.flatten(2).mean(2))
        return functional.normalize(self.ln2(self.fc2(torch.relu(self.fc1(mean))) + mean), dim=1)


class GlobalPooling(nn.Module):
    """A pooling with its normalisations and, where asked, a learned projection.

    With ``before_pool``, the benchmark's default, every local feature has unit length and the
    vector that comes out has not. A projected vector always has. ``over_locations`` normalises
    every channel over the map: that is what the benchmark's code does to tokens, whose axes it
    takes for those of a map; its transformers with GeM were trained so.

    Args:
        pool: maps (N, D, H, W) to (N, D).
        l2: ``before_pool``, ``after_pool``, ``none`` or ``over_locations``.
        channels: D; needed for a projection.
        projected: length of the projected vector, 0 for no projection (GeM+FC has one).
    """

    def __init__(self, pool: nn.Module, l2: str = 'before_pool', *, channels: int = 0,
                 projected: int = 0) -> None:
        super().__init__()
        if l2 not in NORMALISATIONS:
            raise ConfigError(f'l2 is {l2!r}, expected one of {", ".join(NORMALISATIONS)}')
        if projected and not channels:
            raise ConfigError(f'a projection to {projected} was asked without the number of '
                              f'channels it comes from; give channels')
        self.pool, self.l2 = pool, l2
        self.projection = nn.Linear(channels, projected) if projected else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, D), or (N, projected) L2-normalised."""
        if self.l2 == 'before_pool':
            x = functional.normalize(x, dim=1)
        elif self.l2 == 'over_locations':
            x = functional.normalize(x.flatten(2), dim=2).reshape(x.shape)
        pooled = self.pool(x)
        if self.l2 == 'after_pool':
            pooled = functional.normalize(pooled, dim=1)
        if self.projection is None:
            return pooled
        return functional.normalize(self.projection(pooled), dim=1)
