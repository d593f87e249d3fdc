# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patch descriptors (Patch-NetVLAD, sections 3.2 and 3.6), projected before they are summed.

The definition: for every p x p patch of the feature grid, the NetVLAD vector of its locations,
intra-normalised, L2-normalised, projected by (W, b) and L2-normalised again. Taken literally this
needs K * D numbers per location. But the projection is linear and each cluster has one norm:

    W f(P) = 1 / g(P) * sum_k 1 / |V_k(P)| * sum_{i in P} a_k(i) W_k (x_i - c_k)

so d numbers per location and cluster are summed instead of D, and the norms |V_k(P)| come exactly
from the Gram matrix of the locations of the patch, which is small. Sums over patches are
box filters and not differences of an integral image: a cluster that is nearly empty in a patch is
scaled up to unit norm like any other, and differences would scale up their rounding with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.aggregators import NetVLAD
from vpr_ros.errors import ConfigError

EPSILON = 1e-12  # of the definition's normalisations
GROUP_BYTES = 8 * 2**20  # projected features held at once


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
            self.register_buffer(f'cells_{size}', _cells(grid, size, stride), False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features (1, D, H, W) -> for each size float32 (n, d), L2-normalised, row-major."""
        if self.aggregation.normalise_input:
            x = functional.normalize(x, dim=1)
        assignment = self.aggregation.assign(x)[0]  # (K, H * W)
        locations = x.flatten(2)[0].transpose(0, 1)  # (H * W, D)
        centroids = self.aggregation.centroids
        gram = locations @ locations.transpose(0, 1)
        to_centroid = centroids @ locations.transpose(0, 1)  # (K, H * W)
        norms = {
            size: self._norms(size, assignment, gram, to_centroid, (centroids**2).sum(1))
            for size in self.sizes
        }
        sums: dict[int, Tensor] = {}
        for clusters in self._groups():
            projected = self._project(clusters, locations, assignment)
            for size, stride in self.sizes.items():
                pooled = _box_sum(projected, size, stride).flatten(2)  # (k, d, n)
                part = (pooled / norms[size][clusters, None].clamp_min(EPSILON)).sum(0)
                sums[size] = sums[size] + part if size in sums else part
        return tuple(self._finish(sums[size], norms[size]) for size in self.sizes)

    def _norms(self, size: int, assignment: Tensor, gram: Tensor, to_centroid: Tensor,
               squared_centroids: Tensor) -> Tensor:
        """|V_k(P)| for every cluster and patch: (K, n).

        |V_k|^2 = sum_ij a_i a_j (x_i . x_j - c . x_i - c . x_j + c . c), i and j in the patch.
        """
        cells = self.get_buffer(f'cells_{size}')  # (n, p * p)
        locations = gram.shape[0]
        pairs = cells[:, :, None] * locations + cells[:, None, :]
        local_gram = gram.flatten()[pairs]  # (n, p * p, p * p)
        weights = assignment[:, cells].transpose(0, 1)  # (n, K, p * p)
        dots = to_centroid[:, cells].transpose(0, 1)
        quadratic = ((weights @ local_gram) * weights).sum(2)  # (n, K)
        mass = weights.sum(2)
        cross = (weights * dots).sum(2)
        squared = quadratic - 2 * mass * cross + mass**2 * squared_centroids
        return squared.clamp_min(0).sqrt().transpose(0, 1)

    def _project(self, clusters: slice, locations: Tensor, assignment: Tensor) -> Tensor:
        """a_k(i) W_k (x_i - c_k) for some clusters: (k, d, H, W)."""
        weight = self.get_buffer('weight')[clusters]  # (k, d, D)
        centroids = self.aggregation.centroids[clusters]
        offset = weight @ centroids[:, :, None]  # (k, d, 1)
        count = weight.shape[0]
        projected = weight.flatten(0, 1) @ locations.transpose(0, 1)
        projected = projected.reshape(count, self.dim, -1) - offset
        return (projected * assignment[clusters, None]).reshape(count, self.dim, *self.grid)

    def _finish(self, summed: Tensor, norms: Tensor) -> Tensor:
        """Divide by the norm of the whole vector, add the offset, normalise: (n, d)."""
        unit = norms / norms.clamp_min(EPSILON)  # 1, or less for an empty cluster
        whole = (unit**2).sum(0).sqrt().clamp_min(EPSILON)
        described = (summed / whole).transpose(0, 1) + self.get_buffer('bias')
        return functional.normalize(described, dim=1)

    def _groups(self) -> list[slice]:
        """Clusters that are projected together, so that memory stays bounded."""
        per_cluster = 4 * self.dim * self.grid[0] * self.grid[1]
        step = max(1, GROUP_BYTES // per_cluster)
        return [slice(k, k + step) for k in range(0, self.aggregation.clusters, step)]


def _cells(grid: tuple[int, int], size: int, stride: int) -> Tensor:
    """Flat feature indices of every patch: int64 (n, size * size)."""
    rows, columns = patch_grid(grid, size, stride)
    inside = torch.arange(size)
    row = (torch.arange(rows) * stride)[:, None] + inside  # (rows, size)
    column = (torch.arange(columns) * stride)[:, None] + inside
    flat = row[:, None, :, None] * grid[1] + column[None, :, None, :]
    return flat.reshape(rows * columns, size * size)


def _box_sum(x: Tensor, size: int, stride: int) -> Tensor:
    """Sums over size x size windows of (k, d, H, W), first down, then across."""
    down = functional.avg_pool2d(x, (size, 1), (stride, 1))
    return functional.avg_pool2d(down, (1, size), (1, stride)) * float(size * size)


def regular_centers_px(feature_centers: tuple[Sequence[float], Sequence[float]], size: int,
                       stride: int = 1) -> Tensor:
    """Patch centres in the input image from the centres of the features.

    Args:
        feature_centers: y of every feature row and x of every feature column, pixels.
        size, stride: of the patches, in feature cells.

    Returns:
        float32 (n, 2), x and y, row-major: the middle of the patch's first and last feature.
    """
    rows_px, columns_px = (torch.tensor(list(axis)) for axis in feature_centers)
    rows, columns = patch_grid((len(rows_px), len(columns_px)), size, stride)
    first_row, first_column = torch.arange(rows) * stride, torch.arange(columns) * stride
    y = (rows_px[first_row] + rows_px[first_row + size - 1]) / 2
    x = (columns_px[first_column] + columns_px[first_column + size - 1]) / 2
    grid_y, grid_x = torch.meshgrid(y, x, indexing='ij')
    return torch.stack([grid_x, grid_y], -1).reshape(-1, 2).float()
