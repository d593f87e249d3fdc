# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A trained network with patch outputs: one graph, the backbone run once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training import whiten
from training.aggregators import NetVLAD
from training.cluster import Batches
from training.model import PlaceNetwork
from training.patches import PatchDescriptors, patch_grid
from training.receptive_field import feature_centers_px, patch_centers_px
from vpr_ros.errors import ConfigError


class PatchNetwork(nn.Module):
    """uint8 (1, H, W, 3) RGB -> ``global`` (1, D), then ``patches_S`` (n, d) for each size.

    Args:
        network: trained; its weights are shared, not copied.
        patches: made for the feature grid of the model's input size.
    """

    def __init__(self, network: PlaceNetwork, patches: PatchDescriptors) -> None:
        super().__init__()
        self.network, self.patches = network, patches

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs, in order."""
        return ['global', *(f'patches_{size}' for size in self.patches.sizes)]

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Describe one image; see the class."""
        local = self.network.local_features(image)
        vlad = self.network.aggregation(local)
        described = functional.normalize(self.network.projection(vlad), dim=1)
        return described, *self.patches(local)

    def card_entries(self, height: int, width: int) -> dict[str, Any]:
        """The card's ``patches``: for each size dim, grid, stride and centres in pixels."""
        centers = feature_centers_px(self.network.backbone, height, width)
        return {
            str(size): {
                'dim': self.patches.dim,
                'grid': list(patch_grid(self.patches.grid, size, stride)),
                'stride': stride,
                'centers_px': patch_centers_px(centers, size, stride).tolist(),
            }
            for size, stride in self.patches.sizes.items()
        }


@torch.no_grad()
def fit_patch_projection(
    network: PlaceNetwork, batches: Batches, *, dim: int, sizes: Mapping[int, int],
    per_image: int = 6, seed: int = 0, power: float = 0.0,
) -> tuple[Tensor, Tensor, float]:
    """Fit the projection of patch descriptors on random patches of all sizes.

    Args:
        network: trained.
        batches: makes an iterator over uint8 (n, H, W, 3) RGB images of the training set.
        dim: d.
        sizes: patch size -> stride, in feature cells.
        per_image: patches taken of each image, the sizes in turn.
        seed: of the choice of patches.
        power: of the whitening, 0 (none) to 1.

    Returns:
        Weight (d, K * D), bias (d,), and the share of the variance kept.

    Raises:
        DataError: fewer patches than dimensions.
    """
    rng, wanted, found = np.random.default_rng(seed), list(sizes), []
    for images in batches():
        for local in network.local_features(torch.from_numpy(images)):
            for index in range(per_image):
                size = wanted[index % len(wanted)]
                row = int(rng.integers(local.shape[1] - size + 1))
                column = int(rng.integers(local.shape[2] - size + 1))
                patch = local[None, :, row : row + size, column : column + size]
                found.append(network.aggregation(patch)[0].numpy())
    components = whiten.fit(np.stack(found), dim)
    weight, bias = components.affine(power)
    return torch.from_numpy(weight).float(), torch.from_numpy(bias).float(), components.kept


def add_patches(network: PlaceNetwork, weight: Tensor, bias: Tensor, *, height: int, width: int,
                sizes: Mapping[int, int]) -> PatchNetwork:
    """Give a trained network patch outputs for one input size.

    Raises:
        ConfigError: it has no NetVLAD, a patch size does not fit the feature grid, or the
            projection the network.
    """
    if not isinstance(network.aggregation, NetVLAD):
        raise ConfigError('patches are described by NetVLAD, and this network has another '
                          'aggregation; leave them out')
    with torch.no_grad():
        shape = network.local_features(torch.zeros(1, height, width, 3, dtype=torch.uint8)).shape
    grid = (int(shape[2]), int(shape[3]))
    patches = PatchDescriptors(network.aggregation, weight, bias, grid, sizes)
    return PatchNetwork(network, patches).eval()
