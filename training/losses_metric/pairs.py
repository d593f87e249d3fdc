# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses that need only the query's distances: contrastive, ratio, N-pair."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.losses_metric.tuples import euclidean, hidden, over_negatives, over_queries


def contrastive(positive: Tensor, negative: Tensor, valid: Tensor | None = None, *,
                margin: float = 0.7, reduction: str = 'paper') -> Tensor:
    """Return SARE's equation 2.

    It is d^2 / 2 of the positive pair and max(0, margin - d)^2 / 2 of each negative. A tuple
    has one positive pair, however many negatives there are. ``mean`` divides the negatives' part
    by their number.
    """
    pushed = torch.relu(margin - euclidean(negative)) ** 2 / 2
    return (over_queries(positive / 2, valid, reduction)
            + over_negatives(pushed, valid, reduction))


def ratio(positive: Tensor, negative: Tensor, valid: Tensor | None = None, *,
          reduction: str = 'paper') -> Tensor:
    """Ratio loss of Hoffer and Ailon (2015), the mean squared error form.

    With s = exp(d_p) / (exp(d_p) + exp(d_n)) of Euclidean distances, the pair (s, 1 - s) should be
    (0, 1): s^2 + (1 - (1 - s))^2 = 2 s^2.
    """
    share = torch.sigmoid(euclidean(positive)[:, None] - euclidean(negative))
    return over_negatives(2 * share**2, valid, reduction)


def n_pair(positive: Tensor, negative: Tensor, valid: Tensor | None = None, *,
           reduction: str = 'paper') -> Tensor:
    """N-pair loss of Sohn (2016), equation 3: log(1 + sum_j exp(q.n_j - q.p)).

    On unit vectors q.x = 1 - d^2 / 2, so it is SARE-Joint with a Gaussian of half the scale.
    """
    gap = torch.logsumexp(hidden(-negative / 2, valid), 1) + positive / 2
    return over_queries(functional.softplus(gap), valid, reduction)
