# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Aggregations of a transformer's tokens, (N, T, D), and how other aggregations take tokens."""

from __future__ import annotations

import torch
from torch import nn, Tensor


class CLS(nn.Module):
    """The first token: the class token where the network has one."""

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, T, D) -> (N, D), not normalised."""
        return tokens[:, 0]


class SeqPool(nn.Module):
    """Sequence pooling (Hassani et al. 2021): a mean weighted by softmax of a learned score.

    ``attention_pool`` is the name in the compact transformers' checkpoints.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention_pool = nn.Linear(channels, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, T, D) -> (N, D), not normalised."""
        weights = torch.softmax(self.attention_pool(tokens), 1)
        return (weights.transpose(1, 2) @ tokens)[:, 0]


def tokens_to_grid(tokens: Tensor, rows: int = 0) -> Tensor:
    """Patch tokens as a map of features, so that every pooling takes them.

    Args:
        tokens: (N, T, D) in row-major order, without a class token.
        rows: of the grid, T by default: poolings that know no neighbours do not care.

    Returns:
        (N, D, rows, T / rows).
    """
    count, length, channels = (int(n) for n in tokens.shape)
    rows = rows or length
    return tokens.transpose(1, 2).reshape(count, channels, rows, length // rows)
