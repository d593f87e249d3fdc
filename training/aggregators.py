# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Aggregations: from a grid of local features to one vector.

Parameter names (``conv.weight``, ``centroids``) are those of the field's checkpoints.
"""

from __future__ import annotations

import math

import torch
from torch import nn, Tensor
from torch.nn import functional

SOFT_ASSIGNMENT_RATIO = 100.0


class NetVLAD(nn.Module):
    """NetVLAD (Arandjelovic et al. 2016), equations 3 and 4, as two matrix products.

    V(k) = sum_i a_k(x_i) (x_i - c_k), a = softmax(w_k . x_i + b_k); then each V(k) is
    L2-normalised (intra-normalisation) and so is the whole, flattened cluster by cluster.
    Neither a loop over clusters nor an N x K x D tensor is made: the residual sum is
    A X^T - diag(sum_i a) C.

    Args:
        clusters: K.
        channels: D.
        bias: soft assignment with a bias, as in the paper; without, as its released code does.
        normalise_input: L2-normalise every local feature first.
    """

    def __init__(self, clusters: int, channels: int, bias: bool = False,
                 normalise_input: bool = True) -> None:
        super().__init__()
        self.clusters = clusters
        self.channels = channels
        self.normalise_input = normalise_input
        self.conv = nn.Conv2d(channels, clusters, 1, bias=bias)
        self.centroids = nn.Parameter(torch.rand(clusters, channels))

    def assign(self, x: Tensor) -> Tensor:
        """Soft assignment of local features (N, D, H, W), summing to 1: (N, K, H * W)."""
        return torch.softmax(self.conv(x).flatten(2), 1)

    def residuals(self, x: Tensor) -> Tensor:
        """Un-normalised V of equation 4 for features (N, D, H, W): (N, K, D)."""
        if self.normalise_input:
            x = functional.normalize(x, dim=1)
        assignment = self.assign(x)
        weighted = torch.matmul(assignment, x.flatten(2).transpose(1, 2))
        return weighted - assignment.sum(2, keepdim=True) * self.centroids

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, K * D), L2-normalised."""
        vlad = functional.normalize(self.residuals(x), dim=2)
        return functional.normalize(vlad.flatten(1), dim=1)

    @torch.no_grad()
    def initialise(self, centres: Tensor, samples: Tensor) -> float:
        """Set the parameters from clustering, as in appendix A of the paper.

        alpha is chosen so that on average the largest soft assignment is 100 times the second:
        alpha = ln(100) / mean(s_1 - s_2), s = similarity to the two nearest normalised centres.
        Without a bias w_k = alpha c_k / |c_k|; with one w_k = 2 alpha c_k and
        b_k = -alpha |c_k|^2, where the gap of similarities is that of 2 c.x - |c|^2.

        Args:
            centres: (K, D) from k-means on L2-normalised local features.
            samples: (n, D) L2-normalised local features.

        Returns:
            alpha.
        """
        if self.conv.bias is None:
            directions = functional.normalize(centres, dim=1)
            scores = samples @ directions.T
        else:
            directions = 2 * centres
            scores = samples @ directions.T - (centres**2).sum(1)
        best = scores.topk(2, dim=1).values
        alpha = math.log(SOFT_ASSIGNMENT_RATIO) / float((best[:, 0] - best[:, 1]).mean())
        self.conv.weight.copy_((alpha * directions)[:, :, None, None])
        if self.conv.bias is not None:
            self.conv.bias.copy_(-alpha * (centres**2).sum(1))
        self.centroids.copy_(centres)
        return alpha
