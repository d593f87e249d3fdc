# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Initialises a network's head from images: reduction, clusters, projection, in that order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import torch
from torch import nn, Tensor
from torch.nn import functional

from training import whiten
from training.aggregators import NetVLAD
from training.model import PlaceNetwork
from vpr_ros.types import FloatArray

# yields uint8 (n, H, W, 3) RGB, the same images on every call
Batches = Callable[[], Iterator[NDArray[np.uint8]]]


@dataclass(frozen=True)
class HeadSummary:
    """What the initialisation found: alpha, and the variance kept by its two reductions.

    ``alpha`` is 0 for an aggregation without clusters.
    """

    alpha: float
    reduction_kept: float
    projection_kept: float


def k_means(samples: Tensor, clusters: int, generator: torch.Generator,
            iterations: int = 40) -> Tensor:
    """Lloyd's algorithm from k-means++ seeds.

    Args:
        samples: (n, D).
        clusters: K.
        generator: source of the seeds.
        iterations: of Lloyd's step; an empty cluster takes the sample farthest from its centre.

    Returns:
        Centres (K, D).
    """
    first = int(torch.randint(len(samples), (1,), generator=generator))
    centres = samples[first][None]
    nearest = torch.full((len(samples),), torch.inf)
    while len(centres) < clusters:
        distance = ((samples - centres[-1]) ** 2).sum(1)
        nearest = torch.minimum(nearest, distance)
        chosen = int(torch.multinomial(nearest.clamp_min(1e-12), 1, generator=generator))
        centres = torch.cat([centres, samples[chosen][None]])
    for _ in range(iterations):
        scores = 2 * samples @ centres.T - (centres**2).sum(1)
        best, labels = scores.max(1)
        counts = torch.bincount(labels, minlength=clusters)
        sums = torch.zeros_like(centres).index_add_(0, labels, samples)
        centres = sums / counts.clamp_min(1)[:, None]
        for empty in torch.nonzero(counts == 0).flatten():
            farthest = int(((samples**2).sum(1) - best).argmax())
            centres[empty] = samples[farthest]
            best[farthest] = (samples[farthest] ** 2).sum()
    return centres


@torch.no_grad()
def sample_features(network: PlaceNetwork, batches: Batches, per_image: int,
                    generator: torch.Generator, *, reduced: bool) -> Tensor:
    """Random L2-normalised local features, ``per_image`` of every image: (n, D)."""
    found, device = [], next(network.parameters()).device
    for images in batches():
        local = network.backbone(network.normalise(torch.from_numpy(images).to(device)))
        if reduced:
            local = network.reduce(local)
        local = functional.normalize(local.float().cpu(), dim=1).flatten(2).transpose(1, 2)
        for features in local:
            found.append(features[torch.randperm(len(features), generator=generator)[:per_image]])
    return torch.cat(found)


@torch.no_grad()
def sample_descriptors(network: PlaceNetwork, batches: Batches) -> FloatArray:
    """Descriptors before the projection: float32 (n, D)."""
    device = next(network.parameters()).device
    return np.concatenate([network.aggregate(torch.from_numpy(images).to(device)).cpu().numpy()
                           for images in batches()])


@torch.no_grad()
def initialise_head(network: PlaceNetwork, batches: Batches, *, seed: int = 0,
                    per_image: int = 40, power: float = 0.0) -> HeadSummary:
    """Fill reduction, NetVLAD or CRN, and projection from the images of the training set.

    What the network has not is left out; other aggregations keep their first values.

    Args:
        network: its backbone already holds its initial weights.
        batches: makes an iterator over uint8 (n, H, W, 3) RGB images.
        seed: of the sampling and the clustering.
        per_image: local features taken of each image.
        power: of the whitening in the projection, 0 (none) to 1.
    """
    generator = torch.Generator().manual_seed(seed)
    alpha, reduction_kept, projection_kept = 0.0, 1.0, 1.0
    if isinstance(network.reduce, nn.Conv2d):
        features = sample_features(network, batches, per_image, generator, reduced=False)
        found = whiten.fit(features.numpy(), network.reduce.out_channels, centre=False)
        network.reduce.weight.copy_(torch.from_numpy(found.basis).float()[:, :, None, None])
        reduction_kept = found.kept
    if isinstance(network.aggregation, NetVLAD):
        features = sample_features(network, batches, per_image, generator, reduced=True)
        centres = k_means(features, network.aggregation.clusters, generator)
        device = network.aggregation.centroids.device
        alpha = network.aggregation.initialise(centres.to(device), features.to(device))
    if isinstance(network.projection, nn.Linear):
        found = whiten.fit(sample_descriptors(network, batches), network.projection.out_features)
        weight, bias = found.affine(power)
        gain = 1 / np.sqrt(max((found.variance ** (1 - power)).sum(), 1e-12))
        network.projection.weight.copy_(torch.from_numpy(weight * gain).float())
        network.projection.bias.copy_(torch.from_numpy(bias * gain).float())
        projection_kept = found.kept
    return HeadSummary(alpha, reduction_kept, projection_kept)
