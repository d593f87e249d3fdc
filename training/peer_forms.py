# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The published steps of Patch-NetVLAD in torch, as its authors run them.

``vpr bench`` compares with the same steps in NumPy, because the package does without torch. This
says whether that is fair: both forms side by side, on the same data.
"""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vpr_ros.bench import patch_head, peers
from vpr_ros.bench.patch_head import PatchHead
from vpr_ros.bench.rerank import DIM, GRID, Scene
from vpr_ros.rerank import blas

CANDIDATES = 20  # the times of so many are told for 100

Forms = tuple[Callable[[], object], Callable[[], object]]


def match_pair(query: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Mutual nearest neighbours by Euclidean distance, equation 3."""
    distance = torch.sqrt(2 - 2 * torch.matmul(reference, query.T) + 1e-9)
    nearest_reference = torch.argmin(distance, dim=0)
    nearest_query = torch.argmin(distance, dim=1)
    references = torch.arange(len(reference))
    mutual = references[nearest_reference[nearest_query] == references]
    return nearest_query[mutual], mutual


@torch.no_grad()
def describe_patches(head: PatchHead) -> list[Tensor]:
    """Descriptors of each size: the volume of residuals, its integral image, one projection."""
    x = functional.normalize(torch.from_numpy(head.features), dim=1)
    centroids, weight = torch.from_numpy(head.centroids), torch.from_numpy(head.weight)
    clusters, channels = centroids.shape
    height, width = x.shape[2:]
    logits = functional.conv2d(x, weight[:, :, None, None], torch.from_numpy(head.bias))
    soft, flat = logits.flatten(2).softmax(1), x.flatten(2)[0]
    volume = torch.zeros(clusters, channels, height * width)
    for cluster in range(clusters):
        residual = flat - centroids[cluster][:, None]
        volume[cluster] = residual * soft[0, cluster]
    integral = volume.reshape(1, -1, height, width).cumsum(-1).cumsum(-2)
    integral = functional.pad(integral, (1, 0, 1, 0))
    corners = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).expand(clusters * channels, 1, 2, 2)
    projection, offset = torch.from_numpy(head.projection), torch.from_numpy(head.offset)
    found = []
    for size in head.sizes:
        region = functional.conv2d(integral, corners, groups=clusters * channels, dilation=size)
        vlad = functional.normalize((region / size**2).reshape(clusters, channels, -1), dim=1)
        vlad = functional.normalize(vlad.reshape(clusters * channels, -1), dim=0)
        rows = vlad.permute(1, 0)[:, :, None, None]
        described = functional.conv2d(rows, projection[:, :, None, None], offset)
        found.append(functional.normalize(described[:, :, 0, 0], dim=1))
    return found


def forms(candidates: int = CANDIDATES, **sizes: Any) -> dict[str, Forms]:
    """Name -> the steps in torch, and those of ``vpr bench``, ready to run."""
    scene, head = Scene(0, candidates, GRID, DIM), patch_head.made_up(**sizes)
    query = torch.from_numpy(scene.unit_query)
    references = [torch.from_numpy(one) for one in scene.decoded]
    buffer = np.empty((len(scene.decoded[0]), len(scene.unit_query)), np.float32)
    return {
        f'matching of {candidates} candidates': (
            lambda: [match_pair(query, one) for one in references],
            lambda: [peers.match_pair(scene.unit_query, one, buffer) for one in scene.decoded]),
        'patch descriptors, 3 sizes': (
            lambda: describe_patches(head), lambda: patch_head.by_definition(head)),
    }


def processor_ms(run: Callable[[], object], repeats: int) -> float:
    """Least milliseconds of processor time of a run on one thread, after one that warms up."""
    times = []
    with blas.single_threaded():
        run()
        for _ in range(repeats):
            start = time.process_time()
            run()
            times.append((time.process_time() - start) * 1e3)
    return min(times)
