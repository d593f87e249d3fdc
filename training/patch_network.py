# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A trained network with patch outputs: one graph, the backbone run once.

Patches are described by the network's own NetVLAD, as in the paper, or by a patch head: clusters
of their own on all channels of the backbone, which keep what the reduction for the global
descriptor leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn, Tensor
from torch.nn import functional

from training import whiten
from training.aggregators import NetVLAD
from training.cluster import Batches, k_means, sample_features
from training.model import PlaceNetwork
from training.patches import patch_grid, PatchDescriptors
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
        self.own_head = patches.aggregation is not network.aggregation

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs, in order."""
        return ['global', *(f'patches_{size}' for size in self.patches.sizes)]

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Describe one image; see the class."""
        features = self.network.backbone_features(image)
        local = self.network.reduce(features).float()
        vlad = self.network.aggregation(local)
        described = functional.normalize(self.network.projection(vlad), dim=1)
        return described, *self.patches(features.float() if self.own_head else local)

    def card_entries(self, height: int, width: int) -> dict[str, Any]:
        """Return the card's ``patches``: for each size dim, grid, stride and centres in pixels."""
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
def fit_patch_head(network: PlaceNetwork, batches: Batches, *, clusters: int,
                   per_image: int = 40, seed: int = 0) -> NetVLAD:
    """Clusters for patches on all channels of the backbone, initialised as NetVLAD's are.

    Args:
        network: trained.
        batches: makes an iterator over uint8 (n, H, W, 3) RGB images of the training set.
        clusters: K of the patch head.
        per_image: local features taken of each image.
        seed: of the sampling and the clustering.
    """
    generator = torch.Generator().manual_seed(seed)
    features = sample_features(network, batches, per_image, generator, reduced=False)
    head = NetVLAD(clusters, features.shape[1])
    head.initialise(k_means(features, clusters, generator), features)
    return head.eval()


@torch.no_grad()
def fit_patch_projection(
    network: PlaceNetwork, batches: Batches, *, dim: int, sizes: Mapping[int, int],
    head: NetVLAD | None = None, per_image: int = 6, seed: int = 0, power: float = 0.0,
) -> tuple[Tensor, Tensor, float]:
    """Fit the projection of patch descriptors on random patches of all sizes.

    Args:
        network: trained.
        batches: makes an iterator over uint8 (n, H, W, 3) RGB images of the training set.
        dim: d.
        sizes: patch size -> stride, in feature cells.
        head: from :func:`fit_patch_head`; None: the network's own NetVLAD.
        per_image: patches taken of each image, the sizes in turn.
        seed: of the choice of patches.
        power: of the whitening, 0 (none) to 1.

    Returns:
        Weight (d, K * D), bias (d,), and the share of the variance kept.

    Raises:
        DataError: fewer patches than dimensions.
    """
    rng, wanted, found = np.random.default_rng(seed), list(sizes), []
    features_of = network.local_features if head is None else network.backbone_features
    aggregation = head or network.aggregation
    for images in batches():
        for local in features_of(torch.from_numpy(images)).float():
            for index in range(per_image):
                size = wanted[index % len(wanted)]
                row = int(rng.integers(local.shape[1] - size + 1))
                column = int(rng.integers(local.shape[2] - size + 1))
                patch = local[None, :, row:row + size, column:column + size]
                found.append(aggregation(patch)[0].numpy())
    components = whiten.fit(np.stack(found), dim)
    weight, bias = components.affine(power)
    return torch.from_numpy(weight).float(), torch.from_numpy(bias).float(), components.kept


def add_patches(network: PlaceNetwork, weight: Tensor, bias: Tensor, *, height: int, width: int,
                sizes: Mapping[int, int], head: NetVLAD | None = None) -> PatchNetwork:
    """Give a trained network patch outputs for one input size.

    Args:
        network: trained.
        weight: (d, K * D), the projection of patches.
        bias: (d,).
        height: of the model's input.
        width: of the model's input.
        sizes: patch size -> stride, in feature cells.
        head: the patch head that the projection was fitted for; None: the network's own NetVLAD.

    Raises:
        ConfigError: it has no NetVLAD, a patch size does not fit the feature grid, or the
            projection the network.
    """
    aggregation = head or network.aggregation
    if not isinstance(aggregation, NetVLAD):
        raise ConfigError('patches are described by NetVLAD, and this network has another '
                          'aggregation; give them a head of their own or leave them out')
    with torch.no_grad():
        shape = network.local_features(torch.zeros(1, height, width, 3, dtype=torch.uint8)).shape
    grid = (int(shape[2]), int(shape[3]))
    patches = PatchDescriptors(aggregation, weight, bias, grid, sizes)
    return PatchNetwork(network, patches).eval()
