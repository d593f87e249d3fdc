# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The patch descriptors that ``vpr bench`` times are those of exported models."""

import numpy as np
import torch

from training.aggregators import NetVLAD
from training.patches import PatchDescriptors
from vpr_ros.bench.patch_head import made_up
from vpr_ros.bench.patches import projected


def test_the_benchmarks_graph_is_the_exports():
    head = made_up(clusters=6, channels=10, dim=7, grid=(12, 14), sharpness=8.0)
    layer = NetVLAD(6, 10)
    with torch.no_grad():
        layer.centroids.copy_(torch.from_numpy(head.centroids))
        layer.conv.weight.copy_(torch.from_numpy(head.weight)[:, :, None, None])
        if layer.conv.bias is not None:
            layer.conv.bias.copy_(torch.from_numpy(head.bias))
        exported = PatchDescriptors(
            layer, torch.from_numpy(head.projection), torch.from_numpy(head.offset),
            (12, 14), dict.fromkeys(head.sizes, 1))
        expected = exported(torch.from_numpy(head.features))
    for ours, theirs in zip(projected(head)(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=2e-5)
