# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tuples of one query, one positive and many negatives, as squared distances.

Losses here have the signature of those in :mod:`training.losses`: ``positive`` (B,) and
``negative`` (B, N) squared Euclidean distances of the query, ``valid`` (B, N) the negatives that
count, ``reduction`` ``paper`` or ``mean``. Those that also look from the positive at the
negatives take ``across`` (B, N), the squared distances of the positive to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from training.losses import needs_across, REDUCTIONS
from vpr_ros.errors import ConfigError

SMALL = 1e-12  # under a square root, whose slope at 0 is infinite


def euclidean(squared: Tensor) -> Tensor:
    """Distances from squared distances, with a finite slope at 0."""
    return torch.sqrt(squared + SMALL)


def over_negatives(terms: Tensor, valid: Tensor | None, reduction: str) -> Tensor:
    """Terms (B, N), one a negative -> scalar.

    ``paper`` sums over the negatives and averages over the queries that have any; ``mean``
    averages over all that count.

    Raises:
        ConfigError: another reduction.
    """
    check_reduction(reduction)
    use = torch.ones_like(terms, dtype=torch.bool) if valid is None else valid
    count = use.any(1).sum() if reduction == 'paper' else use.sum()
    return torch.where(use, terms, torch.zeros_like(terms)).sum() / count.clamp_min(1)


def over_queries(terms: Tensor, valid: Tensor | None, reduction: str) -> Tensor:
    """Terms (B,), one a query -> their mean, over the queries that have a valid negative.

    Raises:
        ConfigError: an unknown reduction.
    """
    together = None if valid is None else valid.any(1, keepdim=True)
    return over_negatives(terms[:, None], together, reduction)


def check_reduction(reduction: str) -> None:
    """Raise ConfigError unless the reduction is known."""
    if reduction not in REDUCTIONS:
        raise ConfigError(f'no reduction named {reduction!r}; known: {", ".join(REDUCTIONS)}')


def hidden(scores: Tensor, valid: Tensor | None) -> Tensor:
    """Scores (B, N) with -inf where a negative does not count, for logsumexp."""
    return scores if valid is None else scores.masked_fill(~valid, -torch.inf)


def tuple_loss(loss: Callable[..., Tensor], query: Tensor, positive: Tensor, negatives: Tensor,
               valid: Tensor | None = None, **options: Any) -> Tensor:
    """Compute a loss from descriptors instead of distances.

    Args:
        loss: of this package or of :mod:`training.losses`.
        query: (B, D).
        positive: (B, D).
        negatives: (B, N, D).
        valid: bool (B, N), which negatives count.
        options: keyword arguments of the loss.
    """
    if needs_across(loss):
        options['across'] = ((positive[:, None] - negatives) ** 2).sum(2)
    to_positive = ((query - positive) ** 2).sum(1)
    to_negatives = ((query[:, None] - negatives) ** 2).sum(2)
    return loss(to_positive, to_negatives, valid, **options)
