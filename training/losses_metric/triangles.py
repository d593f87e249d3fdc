# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses that look at the negatives from the positive as well: angular, lifted structure."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from training.losses_metric.tuples import euclidean, hidden, over_queries


def angular(positive: Tensor, negative: Tensor, valid: Tensor | None = None, *, across: Tensor,
            degrees: float = 45.0, reduction: str = 'paper') -> Tensor:
    """N-pair angular loss of Wang et al. (2017), equation 8: log(1 + sum_j exp(f_j)).

    f_j = 4 tan^2(a) (q + p).n_j - 2 (1 + tan^2(a)) q.p, on unit vectors, where x.y = 1 - d^2 / 2.

    Args:
        across: (B, N) squared distances of the positive to the negatives.
        degrees: the angle a; SARE's comparison takes 45.
    """
    slope = math.tan(math.radians(degrees)) ** 2
    both = 2 - (negative + across) / 2
    scores = 4 * slope * both - 2 * (1 + slope) * (1 - positive / 2)[:, None]
    together = torch.logsumexp(hidden(scores, valid), 1)
    return over_queries(functional.softplus(together), valid, reduction)


def lifted_structure(positive: Tensor, negative: Tensor, valid: Tensor | None = None, *,
                     across: Tensor, margin: float = 1.0, reduction: str = 'paper') -> Tensor:
    """Smooth lifted structured embedding of Song et al. (2016), equation 4, of one positive pair.

    max(0, J)^2 / 2 with J = log(sum_j exp(m - d(q, n_j)) + exp(m - d(p, n_j))) + d(q, p).

    Args:
        across: (B, N) squared distances of the positive to the negatives.
        margin: m.
    """
    scores = torch.cat([hidden(margin - euclidean(squared), valid)
                        for squared in (negative, across)], 1)
    together = torch.logsumexp(scores, 1) + euclidean(positive)
    return over_queries(torch.relu(together) ** 2 / 2, valid, reduction)
