# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of aggregations by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from training.aggregations.crn import CRN
from training.aggregations.pooling import GeM, GlobalPooling, MAC, RRM, SPoC
from training.aggregations.rmac import RMAC
from training.aggregations.tokens import CLS, SeqPool
from training.aggregators import NetVLAD
from vpr_ros.errors import ConfigError


@dataclass(frozen=True)
class Aggregation:
    """A made aggregation.

    Attributes:
        module: maps what ``takes`` says to (N, dim).
        takes: ``grid`` (N, D, H, W) or ``tokens`` (N, T, D).
        dim: length of its vector.
    """

    module: nn.Module
    takes: str
    dim: int


@dataclass(frozen=True)
class Options:
    """What a recipe chooses about an aggregation; each uses what it needs.

    Attributes:
        clusters: K of NetVLAD and CRN.
        bias: of the soft assignment (vladv2).
        l2: of the poolings, see :class:`GlobalPooling`.
        projected: length after a learned projection of the poolings, 0 for none.
    """

    clusters: int = 64
    bias: bool = False
    l2: str = 'before_pool'
    projected: int = 0


def _pooling(pool: Callable[[], nn.Module], l2: str = '') -> Callable[[int, Options], Aggregation]:
    def make(channels: int, options: Options) -> Aggregation:
        module = GlobalPooling(pool(), l2 or options.l2, channels=channels,
                               projected=options.projected)
        return Aggregation(module, 'grid', options.projected or channels)
    return make


def _clustered(kind: type[NetVLAD]) -> Callable[[int, Options], Aggregation]:
    def make(channels: int, options: Options) -> Aggregation:
        module = kind(options.clusters, channels, options.bias)
        return Aggregation(module, 'grid', options.clusters * channels)
    return make


AGGREGATIONS: dict[str, Callable[[int, Options], Aggregation]] = {
    'max': _pooling(MAC, 'after_pool'),  # NetVLAD's baseline: L2-normalised maxima
    'mac': _pooling(MAC),
    'spoc': _pooling(SPoC),
    'rmac': _pooling(RMAC),
    'gem': _pooling(GeM),
    'rrm': lambda channels, _: Aggregation(RRM(channels), 'grid', channels),
    'netvlad': _clustered(NetVLAD),
    'crn': _clustered(CRN),
    'cls': lambda channels, _: Aggregation(CLS(), 'tokens', channels),
    'seqpool': lambda channels, _: Aggregation(SeqPool(channels), 'tokens', channels),
}


def make_aggregation(name: str, channels: int, options: Options | None = None) -> Aggregation:
    """Make an aggregation of features with D channels.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in AGGREGATIONS:
        raise ConfigError(f'no aggregation named {name!r}; known: {", ".join(AGGREGATIONS)}')
    return AGGREGATIONS[name](channels, options or Options())
