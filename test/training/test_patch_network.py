# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One graph with global and patch outputs, from fitting the projection to the robot's session."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch

from training.export import OPSET
from training.model import Architecture, PlaceNetwork
from training.patch_network import add_patches, fit_patch_head, fit_patch_projection
from training.patches import PatchDescriptors
from vpr_ros.errors import DataError
from vpr_ros.model.card import load_card
from vpr_ros.model.session import Model
from vpr_ros.rerank import (
    Candidate,
    decode_patches,
    encode_patches,
    Reranker,
    RerankSettings,
)

HEIGHT, WIDTH, SIZES = 128, 160, {2: 1, 3: 2}


def images(seed, count=3):
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 16, 20, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 8, 1), 8, 2)


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    made = PlaceNetwork(Architecture(reduced=16, clusters=4, dim=8)).eval()
    weight, bias, kept = fit_patch_projection(made, lambda: iter([images(1), images(2)]), dim=12,
                                              sizes=SIZES, per_image=8)
    assert 0.5 < kept <= 1.0
    return add_patches(made, weight, bias, height=HEIGHT, width=WIDTH, sizes=SIZES)


def test_the_global_output_is_the_networks(network):
    image = torch.from_numpy(images(3, 1))
    with torch.no_grad():
        described, *patches = network(image)
        torch.testing.assert_close(described, network.network(image))
    assert [p.shape[1] for p in patches] == [12, 12]


def test_a_patch_head_sees_all_channels_of_the_backbone(network):
    place = network.network

    def batches():
        return iter([images(1), images(2)])

    head = fit_patch_head(place, batches, clusters=3)
    assert (head.clusters, head.channels) == (3, 512)
    weight, bias, _ = fit_patch_projection(place, batches, dim=12, sizes=SIZES, head=head,
                                           per_image=8)
    both = add_patches(place, weight, bias, height=HEIGHT, width=WIDTH, sizes=SIZES, head=head)
    image = torch.from_numpy(images(3, 1))
    with torch.no_grad():
        described, *patches = both(image)
        torch.testing.assert_close(described, place(image))
        features = place.backbone_features(image)
        expected = PatchDescriptors(head, weight, bias, both.patches.grid, SIZES)(features)
    for ours, theirs in zip(patches, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_fewer_patches_than_dimensions_are_refused(network):
    with pytest.raises(DataError, match='components asked from'):
        fit_patch_projection(network.network, lambda: iter([images(1, 1)]), dim=12, sizes=SIZES)


def test_reaches_the_robot(network, tmp_path):
    path = tmp_path / 'tiny.onnx'
    torch.onnx.export(network, (torch.zeros(1, HEIGHT, WIDTH, 3, dtype=torch.uint8),), str(path),
                      input_names=['image'], output_names=network.output_names,
                      opset_version=OPSET, dynamo=False)
    path.with_suffix('.json').write_text(json.dumps({
        'format': 1, 'name': 'tiny', 'sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
        'input': {'height': HEIGHT, 'width': WIDTH}, 'global_dim': 8, 'licence': 'Apache-2.0',
        'patches': network.card_entries(HEIGHT, WIDTH),
    }))
    model = Model(load_card(path))
    one, other = (model.describe(image) for image in images(5, 2))
    with torch.no_grad():
        _, *expected = network(torch.from_numpy(images(5, 1)))
    for size, of in zip(SIZES, expected, strict=True):
        np.testing.assert_allclose(one.patches[size].descriptors, of.numpy(), atol=1e-4)
        assert one.patches[size].grid == model.card.patches[size].grid
    stored = decode_patches(encode_patches(one.patches))
    assert {size: codes.codes.shape[1] for size, codes in stored.items()} == {2: 12, 3: 12}
    candidates = [Candidate(k, lambda d=d: d.patches) for k, d in enumerate((other, one))]
    best, evidence = Reranker(RerankSettings({2: 0.5, 3: 0.5})).rerank(
        one.patches, candidates).ranked[0]
    assert (best, evidence.score) == (1, pytest.approx(1.0))
