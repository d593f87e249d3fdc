# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of one query against its best positive and many negatives, on squared distances.

Every loss takes ``positive`` (B,), the squared Euclidean distance of each query to its positive,
``negative`` (B, N), those to its negatives, and optionally ``valid`` (B, N), which negatives
count. It returns a scalar. ``reduction``: ``paper`` sums over the negatives and averages over the
queries that have any (Joint has its sum inside the logarithm); ``mean`` averages over both, as
OpenIBL does. The released benchmark code divides Joint by N as well: a ten times smaller step.
"""

from __future__ import annotations

from collections.abc import Callable
import inspect

import torch
from torch import Tensor
from torch.nn import functional

from vpr_ros.errors import ConfigError

Loss = Callable[..., Tensor]
REDUCTIONS = ('paper', 'mean')
KERNELS = ('gaussian', 'cauchy', 'exponential')
_SMALL = 1e-12


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Return |a - b|^2 >= 0 of L2-normalised rows (..., n, D) and (..., m, D): (..., n, m)."""
    return (2 - 2 * a @ b.transpose(-1, -2)).clamp_min(0)


def best_positive(distances: Tensor, valid: Tensor) -> Tensor:
    """Return the squared distance to the best potential positive, NetVLAD equation 5.

    Args:
        distances: (B, P) squared distances to the potential positives.
        valid: (B, P) bool, which of them are potential positives.

    Returns:
        (B,); infinite where there is none.
    """
    return distances.masked_fill(~valid, torch.inf).amin(1)


def log_kernel(squared: Tensor, kernel: str, scale: float = 1.0) -> Tensor:
    """Logarithm of SARE's kernels (Liu et al. 2019, table 1) of scale * d^2.

    gaussian exp(-d^2), cauchy 1 / (1 + d^2), exponential exp(-d). ``scale`` 1 is the paper's; on
    unit vectors a gaussian of scale s is a dot product with temperature 1 / (2 s).
    """
    if kernel == 'gaussian':
        return -scale * squared
    if kernel == 'cauchy':
        return -torch.log1p(scale * squared)
    if kernel == 'exponential':
        return -torch.sqrt(scale * squared + _SMALL)
    raise ConfigError(f'no SARE kernel named {kernel!r}; known: {", ".join(KERNELS)}')


def _reduce(terms: Tensor, valid: Tensor | None, reduction: str) -> Tensor:
    """Terms (B, N) -> scalar; queries without a valid negative do not count."""
    if reduction not in REDUCTIONS:
        raise ConfigError(f'no reduction named {reduction!r}; known: {", ".join(REDUCTIONS)}')
    if valid is None:
        return terms.sum(1).mean() if reduction == 'paper' else terms.mean()
    terms = torch.where(valid, terms, torch.zeros_like(terms))
    count = valid.any(1).sum() if reduction == 'paper' else valid.sum()
    return terms.sum() / count.clamp_min(1)


def triplet_ranking(positive: Tensor, negative: Tensor, valid: Tensor | None = None, *,
                    margin: float = 0.1, euclidean: bool = False, reduction: str = 'paper'
                    ) -> Tensor:
    """Return sum_j max(0, d^2(q, p*) + m - d^2(q, n_j)), NetVLAD equation 7.

    ``euclidean`` takes d for d^2, as every released PyTorch code does.
    """
    if euclidean:
        positive, negative = torch.sqrt(positive + _SMALL), torch.sqrt(negative + _SMALL)
    return _reduce(torch.relu(positive[:, None] + margin - negative), valid, reduction)


def sare_independent(positive: Tensor, negative: Tensor, valid: Tensor | None = None, *,
                     kernel: str = 'gaussian', scale: float = 1.0, reduction: str = 'paper'
                     ) -> Tensor:
    """SARE-Ind: every negative competes alone.

    sum_j -log(k(q, p) / (k(q, p) + k(q, n_j))) = sum_j softplus(log k(q, n_j) - log k(q, p)).
    """
    gap = log_kernel(negative, kernel, scale) - log_kernel(positive, kernel, scale)[:, None]
    return _reduce(functional.softplus(gap), valid, reduction)


def sare_joint(positive: Tensor, negative: Tensor, valid: Tensor | None = None, *,
               kernel: str = 'gaussian', scale: float = 1.0, reduction: str = 'paper') -> Tensor:
    """SARE-Joint: all negatives compete together.

    -log(k(q, p) / (k(q, p) + sum_j k(q, n_j))); both reductions are the mean over queries.
    """
    scores = log_kernel(negative, kernel, scale)
    if valid is not None:
        scores = scores.masked_fill(~valid, -torch.inf)
    together = torch.logsumexp(scores, 1) - log_kernel(positive, kernel, scale)
    terms = functional.softplus(together)[:, None]
    return _reduce(terms, None if valid is None else valid.any(1, keepdim=True), reduction)


LOSSES: dict[str, Loss] = {
    'triplet': triplet_ranking,
    'sare_ind': sare_independent,
    'sare_joint': sare_joint,
}


def needs_across(loss: Callable[..., Tensor]) -> bool:
    """Whether a loss looks from the positive at the negatives too, in its argument ``across``."""
    return 'across' in inspect.signature(loss).parameters


def batch_loss(loss: Loss, descriptors: Tensor, relation: Tensor) -> Tensor:
    """Every image of a batch as a query: best positive and all negatives inside the batch.

    Args:
        loss: takes (positive, negative, valid), and ``across`` where it wants that.
        descriptors: (n, D), L2-normalised.
        relation: int (n, n), 1 positive, -1 negative, 0 unknown; the diagonal is not used.
    """
    squared = squared_distances(descriptors, descriptors)
    itself = torch.eye(len(relation), dtype=torch.bool, device=relation.device)
    alike = (relation == 1) & ~itself
    usable = alike.any(1) & (relation == -1).any(1)
    positive = best_positive(squared[usable], alike[usable])
    options = {}
    if needs_across(loss):
        chosen = squared[usable].masked_fill(~alike[usable], torch.inf).argmin(1)
        options['across'] = squared[chosen]
    return loss(positive, squared[usable], relation[usable] == -1, **options)
