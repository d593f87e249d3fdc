# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of the losses on tuples, by name."""

from __future__ import annotations

from training.losses import Loss, LOSSES
from training.losses_metric.pairs import contrastive, n_pair, ratio
from training.losses_metric.triangles import angular, lifted_structure
from vpr_ros.errors import ConfigError

METRIC_LOSSES: dict[str, Loss] = {
    'contrastive': contrastive,
    'n_pair': n_pair,
    'angular': angular,
    'lifted_structure': lifted_structure,
    'ratio': ratio,
}
TUPLE_LOSSES: dict[str, Loss] = {**LOSSES, **METRIC_LOSSES}


def tuple_loss_named(name: str) -> Loss:
    """Find a loss by name; :func:`training.losses_metric.tuples.needs_across` says what it takes.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in TUPLE_LOSSES:
        raise ConfigError(f'no loss named {name!r}; known: {", ".join(TUPLE_LOSSES)}')
    return TUPLE_LOSSES[name]
