# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patch descriptors (Patch-NetVLAD, sections 3.2 and 3.6), projected before they are summed.

The definition: for every p x p patch of the feature grid, the NetVLAD vector of its locations,
intra-normalised, L2-normalised, projected by (W, b) and L2-normalised again. With
V_k(P) = sum_{i in P} a_k(i) (x_i - c_k) the projection can go first, because it is linear and each
cluster has one norm in a patch:

    W f(P) = 1 / g(P) * sum_k 1 / |V_k(P)| * sum_{i in P} W_k a_k(i) (x_i - c_k)

So a matrix product over locations, of which there are fewer than patches, takes the place of one
over patches, and the K * D numbers of a patch are never held: clusters go through in groups that
fit the cache, each giving its norms and its share of the projection.

Residuals are formed and summed directly. Norms from the Gram matrix of the features, or sums by
differences of an integral image, cost less and lose the clusters that are almost empty in a
patch: those are scaled up to unit norm like any other, and the rounding with them.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn, Tensor
from torch.nn import functional

from training.aggregators import NetVLAD
from vpr_ros.errors import ConfigError

EPSILON = 1e-12  # of the definition's normalisations
GROUP_BYTES = 2 * 2**20  # residuals and projected residuals held at once


def patch_grid(feature_grid: tuple[int, int], size: int, stride: int = 1) -> tuple[int, int]:
    """Rows and columns of the patches of one size, equation 2.

    Raises:
        ConfigError: the patch does not fit into the feature grid.
    """
    height, width = feature_grid
    if size < 1 or stride < 1 or size > min(height, width):
        raise ConfigError(
            f'patch size {size} with stride {stride} does not fit the feature grid '
            f'{height}x{width}; choose sizes from 1 to {min(height, width)} and a stride from 1'
        )
    return (height - size) // stride + 1, (width - size) // stride + 1


class PatchDescriptors(nn.Module):
    """All patch descriptors of one image.

    Args:
        aggregation: the NetVLAD layer whose clusters and assignment are used.
        weight: (d, K * D), the projection; columns cluster by cluster.
        bias: (d,).
        grid: (rows, columns) H, W of the feature map; the exported graph is static.
        sizes: patch size -> stride, both in feature cells.

    Raises:
        ConfigError: a patch size does not fit, or the projection has another shape.
    """

    def __init__(self, aggregation: NetVLAD, weight: Tensor, bias: Tensor,
                 grid: tuple[int, int], sizes: Mapping[int, int]) -> None:
        super().__init__()
        clusters, channels = aggregation.clusters, aggregation.channels
        if weight.shape[1] != clusters * channels or bias.shape != weight.shape[:1]:
            raise ConfigError(
                f'a patch projection of shape {tuple(weight.shape)} with {len(bias)} offsets was '
                f'given, expected (d, {clusters * channels}) and d offsets'
            )
        self.aggregation, self.grid, self.sizes = aggregation, grid, dict(sizes)
        self.dim = weight.shape[0]
        # (K, d, D): one projection per cluster
        per_cluster = weight.reshape(self.dim, clusters, channels).permute(1, 0, 2).contiguous()
        self.register_buffer('weight', per_cluster)
        self.register_buffer('bias', bias.clone())
        for size, stride in self.sizes.items():
            patch_grid(grid, size, stride)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features (1, D, H, W) -> for each size float32 (n, d), L2-normalised, row-major."""
        if self.aggregation.normalise_input:
            x = functional.normalize(x, dim=1)
        assignment = self.aggregation.assign(x).reshape(-1, 1, *self.grid)  # (K, 1, H, W)
        total = x.new_zeros(())
        for clusters in self._groups():
            centroids = self.aggregation.centroids[clusters, :, None, None]
            residuals = (x - centroids) * assignment[clusters]  # (k, D, H, W)
            projected = self.get_buffer('weight')[clusters] @ residuals.flatten(2)  # (k, d, H * W)
            projected = projected.reshape(-1, self.dim, *self.grid)
            # all sizes in one sum, so that a run time frees one group before the next
            share = torch.cat([
                self._share(residuals, projected, size, stride)
                for size, stride in self.sizes.items()
            ], 1)
            total = total + share
        counts = [rows * columns for rows, columns in (
            patch_grid(self.grid, size, stride) for size, stride in self.sizes.items())]
        return tuple(self._finish(part) for part in total.split(counts, 1))

    def _share(self, residuals: Tensor, projected: Tensor, size: int, stride: int) -> Tensor:
        """What some clusters give to the patches of one size: (d + 1, n).

        The last row is the square of what they give to the norm of the whole vector: 1 for each
        cluster that is not empty.
        """
        norms = (box_sum(residuals, size, stride) ** 2).sum(1, keepdim=True).sqrt()
        divisors = norms.clamp_min(EPSILON)
        share = (box_sum(projected, size, stride) / divisors).sum(0)
        unit = ((norms / divisors) ** 2).sum(0)
        return torch.cat([share, unit]).flatten(1)

    def _finish(self, total: Tensor) -> Tensor:
        """Divide by the norm of the whole vector, add the offset, normalise: (n, d)."""
        whole = total[-1].sqrt().clamp_min(EPSILON)
        described = (total[:-1] / whole).transpose(0, 1) + self.get_buffer('bias')
        return functional.normalize(described, dim=1)

    def _groups(self) -> list[slice]:
        """Clusters that are taken together, so that memory stays bounded."""
        per_cluster = 4 * (self.aggregation.channels + self.dim) * self.grid[0] * self.grid[1]
        step = max(1, GROUP_BYTES // per_cluster)
        return [slice(k, k + step) for k in range(0, self.aggregation.clusters, step)]


def box_sum(x: Tensor, size: int, stride: int) -> Tensor:
    """Sums over size x size windows of (k, d, H, W), first down, then across."""
    down = functional.avg_pool2d(x, (size, 1), (stride, 1))
    return functional.avg_pool2d(down, (1, size), (1, stride)) * float(size * size)
