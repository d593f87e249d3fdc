# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patch descriptors (Patch-NetVLAD, sections 3.2 and 3.6), projected before they are summed.

The definition: for every p x p patch of the feature grid, the NetVLAD vector of its locations,
intra-normalised, L2-normalised, projected by (W, b) and L2-normalised again. With
V_k(P) = sum_{i in P} a_k(i) (x_i - c_k) the projection can go first, because it is linear and each
cluster has one norm in a patch:

    W f(P) = 1 / g(P) * sum_k 1 / |V_k(P)| * sum_{i in P} W_k a_k(i) (x_i - c_k)

So a matrix product over locations, of which there are fewer than patches, takes the place of one
over patches, and the K * D numbers of a patch are never held. The norms come from distances
between features that are near each other, and not from the D numbers of a residual:

    |V_k(P)|^2 = (sum_i a_k(i)) (sum_i a_k(i) |x_i - c_k|^2)
                 - sum_{i < j} a_k(i) a_k(j) |x_i - x_j|^2,    i and j in P

What is projected is summed over the rows of a patch by a matrix of ones and zeros, and over its
columns and all clusters by another one that holds 1 / |V_k(P)|: matrix products do all of the
work, and clusters go through in groups so that memory stays bounded. The double sum is taken for
each pair of rows first: patches above each other share those.

A feature within about 1e-5 of a centroid that it alone is assigned to leaves rounding in that
cluster, here as in the definition, which scales it up to unit norm.

Sums are formed directly. As differences of an integral image they would lose the clusters that
are almost empty in a patch: those are scaled up to unit norm like any other, and the rounding with
them.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn, Tensor
from torch.nn import functional

from training.aggregators import NetVLAD
from vpr_ros.errors import ConfigError

EPSILON = 1e-12  # of the definition's normalisations
GROUP_BYTES = 5 * 2**20  # projected residuals held at once
ROWS = 5  # of the grid, compared at once with those below that a patch can reach
LEAST = 3e-7  # of a cluster's norm in a patch, relative to its assignment: below it is rounding


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
        self.span = ROWS - 1 + max(self.sizes)
        self._register_rows()
        for size, stride in self.sizes.items():
            self._register_places(size, stride)

    def _register_rows(self) -> None:
        """Remember which cells are compared: blocks of ROWS rows with those they can reach."""
        height, width = self.grid
        blocks, size = -(-height // ROWS), ROWS * width
        for name, rows in (('own', ROWS), ('reached', self.span)):
            taken = ROWS * torch.arange(blocks)[:, None] + torch.arange(rows)
            cells = taken.clamp_max(height - 1)[..., None] * width + torch.arange(width)
            self.register_buffer(name, cells.flatten(1), persistent=False)
        cell = torch.arange(height * width)
        itself = cell // size * size * self.span * width + cell % size * (self.span * width + 1)
        counted = torch.ones(ROWS, self.span)
        counted.fill_diagonal_(0.5)  # a row with itself has each pair of cells twice
        self.register_buffer('itself', itself, persistent=False)
        self.register_buffer('counted', counted[..., None, None], persistent=False)

    def _register_places(self, size: int, stride: int) -> None:
        """Remember which cells, and which pairs of cells, each patch of a size takes in."""
        height, width = self.grid
        rows, columns = patch_grid(self.grid, size, stride)
        own, line = torch.arange(size), torch.arange(height)[:, None]
        window = stride * torch.arange(columns)[:, None] + own  # (columns, size)
        for name, value in (
            ('cells', (line[..., None] * width + window).flatten()),
            ('pairs', (line * self.span + line % ROWS + own).flatten()),
            ('below', (line + own).clamp_max(height - 1).flatten()),
            ('across', (window[:, :, None] * width + window[:, None]).flatten()),
            ('pair_band', pair_band(height, rows, size, stride)),
            ('row_band', band(height, rows, size, stride)),
            ('column_band', band(width, columns, size, stride)),
        ):
            self.register_buffer(f'{name}_{size}', value, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features (1, D, H, W) -> for each size float32 (n, d), L2-normalised, row-major."""
        height, width = self.grid
        if self.aggregation.normalise_input:
            x = functional.normalize(x, dim=1)
        assignment = self.aggregation.assign(x).reshape(-1, height * width)  # (K, HW)
        # of unit length already: normalised again so that the file holds no transposed product
        places = x.flatten(2)[0].transpose(0, 1)
        if self.aggregation.normalise_input:
            places = functional.normalize(places, dim=1)  # (HW, D)
        norms = self._norms(places, assignment)
        totals = [x.new_zeros(()) for _ in self.sizes]
        for clusters in self._groups():
            projection = self.get_buffer('weight')[clusters].transpose(1, 2)  # (k, D, d)
            offsets = self.aggregation.centroids[clusters, None] @ projection  # (k, 1, d)
            projected = (places @ projection - offsets) * assignment[clusters, :, None]
            lines = projected.reshape(-1, height, width, self.dim).transpose(0, 1)
            lines = lines.reshape(height, -1)  # (H, k * W * d)
            for index, (size, stride) in enumerate(self.sizes.items()):
                rows, columns = patch_grid(self.grid, size, stride)
                down = self.get_buffer(f'row_band_{size}') @ lines
                down = down.reshape(rows, -1, self.dim)  # (rows, k * W, d)
                scale = norms[index][0][:, clusters].reshape(rows, columns, -1, 1)
                share = scale * self.get_buffer(f'column_band_{size}')[:, None]
                totals[index] = totals[index] + share.reshape(rows, columns, -1) @ down
        return tuple(
            functional.normalize(
                total.reshape(-1, self.dim) / whole + self.get_buffer('bias'), dim=1)
            for total, (_, whole) in zip(totals, norms, strict=True)
        )

    def _norms(self, places: Tensor, assignment: Tensor) -> list[tuple[Tensor, Tensor]]:
        """For each size 1 / |V_k(P)| (n, K) and the norm of the whole vector (n, 1)."""
        height, width = self.grid
        apart = self._apart(places)
        from_centroids = assignment * self._from_centroids(places)
        maps = torch.cat([assignment, from_centroids]).reshape(1, -1, height, width)
        by_place, found = assignment.transpose(0, 1), []
        for size, stride in self.sizes.items():
            spread = self._spread(apart, by_place, size)
            sums = box_sum(maps, size, stride).reshape(2, self.aggregation.clusters, -1)
            whole = (sums[0] * sums[1]).transpose(0, 1)
            least = LEAST * sums[0].transpose(0, 1)
            norms = torch.maximum((whole - spread).clamp_min(0.0).sqrt(), least)
            divisors = norms.clamp_min(EPSILON)
            length = ((norms / divisors) ** 2).sum(1, keepdim=True).sqrt()
            found.append((1.0 / divisors, length.clamp_min(EPSILON)))
        return found

    def _from_centroids(self, places: Tensor) -> Tensor:
        """Squared distances of features and centroids, (K, HW): small ones need float64."""
        x, centroids = places.double(), self.aggregation.centroids.double()
        squares = (centroids * centroids).sum(1, keepdim=True) + (x * x).sum(1)
        return (squares - 2.0 * (centroids @ x.transpose(0, 1))).float().clamp_min(0.0)

    def _apart(self, places: Tensor) -> Tensor:
        """Squared distances of features, pairs of rows by pairs of columns: (rows, W * W).

        A row is paired with those from the first of its block of ROWS on.
        """
        width = self.grid[1]
        own, reached = self.get_buffer('own'), self.get_buffer('reached')
        products = places[own] @ places[reached].transpose(1, 2)
        squares = products.flatten()[self.get_buffer('itself')]  # so that |x_i - x_i| is 0
        apart = squares[own][:, :, None] + squares[reached][:, None] - 2.0 * products
        apart = apart.reshape(-1, ROWS, width, self.span, width).transpose(2, 3)
        return (apart * self.get_buffer('counted')).reshape(-1, width * width)

    def _spread(self, apart: Tensor, by_place: Tensor, size: int) -> Tensor:
        """Sum of a_k(i) a_k(j) |x_i - x_j|^2 over the pairs of cells of each patch: (n, K)."""
        height, clusters = self.grid[0], self.aggregation.clusters
        rows, columns = patch_grid(self.grid, size, self.sizes[size])
        near = apart[self.get_buffer(f'pairs_{size}')].transpose(0, 1)
        near = near[self.get_buffer(f'across_{size}')].transpose(0, 1)
        near = near.reshape(height, size, columns, size, size)
        taken = by_place[self.get_buffer(f'cells_{size}')]
        taken = taken.reshape(height, columns, size, clusters)
        below = taken[self.get_buffer(f'below_{size}')]
        below = below.reshape(height, size, columns, size, clusters)
        by_rows = (taken[:, None] * (near @ below)).sum(3)  # (H, size, columns, K)
        spread = self.get_buffer(f'pair_band_{size}') @ by_rows.reshape(height * size, -1)
        return spread.reshape(rows * columns, clusters)

    def _groups(self) -> list[slice]:
        """Clusters that are taken together, so that memory stays bounded."""
        per_cluster = 4 * self.dim * self.grid[0] * self.grid[1]
        step = max(1, GROUP_BYTES // per_cluster)
        return [slice(k, k + step) for k in range(0, self.aggregation.clusters, step)]


def box_sum(x: Tensor, size: int, stride: int) -> Tensor:
    """Sum over size x size windows of (k, d, H, W), first down, then across."""
    down = functional.avg_pool2d(x, (size, 1), (stride, 1))
    return functional.avg_pool2d(down, (1, size), (1, stride)) * float(size * size)


def band(extent: int, windows: int, size: int, stride: int) -> Tensor:
    """Which cells each window of a line takes in: float32 (windows, extent), 0 or 1."""
    apart = torch.arange(extent) - stride * torch.arange(windows)[:, None]
    return ((apart >= 0) & (apart < size)).float()


def pair_band(extent: int, windows: int, size: int, stride: int) -> Tensor:
    """Which rows, with one 0 to size - 1 below, a window takes in: (windows, extent * size)."""
    apart = torch.arange(extent) - stride * torch.arange(windows)[:, None]
    below = apart[..., None] + torch.arange(size)
    return ((apart[..., None] >= 0) & (below < size)).float().reshape(windows, -1)
