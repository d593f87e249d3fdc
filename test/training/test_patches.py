# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patch descriptors against sections 3.2 and 3.6 written out patch by patch in float64."""

from __future__ import annotations

from helpers import shared
import numpy as np
import onnxruntime
import pytest
import torch

from training.aggregators import NetVLAD
from training.patches import box_sum, patch_grid, PatchDescriptors
from vpr_ros.errors import ConfigError


def by_the_definition(x, aggregation, weight, bias, size, stride):
    """Descriptor of every patch: V(k) = sum a_k (x - c_k), intra-normalised, L2, projected, L2."""
    # normalised in float32 like the network's: next to a centroid only that rounding is left
    x = torch.nn.functional.normalize(torch.from_numpy(x), dim=0).double().numpy()
    scores = np.einsum('kd,dhw->khw', aggregation.conv.weight.detach().double().numpy()[..., 0, 0],
                       x)
    assignment = np.exp(scores - scores.max(0))
    assignment /= assignment.sum(0)
    centroids = aggregation.centroids.detach().double().numpy()
    before, after = [], []
    for row in range(0, x.shape[1] - size + 1, stride):
        for column in range(0, x.shape[2] - size + 1, stride):
            vlad = np.zeros_like(centroids)
            for i in range(row, row + size):
                for j in range(column, column + size):
                    vlad += assignment[:, i, j, None] * (x[:, i, j] - centroids)
            vlad /= np.maximum(np.linalg.norm(vlad, axis=1, keepdims=True), 1e-12)
            flat = vlad.ravel() / np.linalg.norm(vlad)
            projected = weight.double().numpy() @ flat + bias.double().numpy()
            before.append(flat)
            after.append(projected / np.linalg.norm(projected))
    return np.array(before), np.array(after)


def make(seed=0, clusters=6, channels=20, dim=12, alpha=20.0):
    torch.manual_seed(seed)
    aggregation = NetVLAD(clusters, channels)
    centres = 0.7 * torch.nn.functional.normalize(torch.randn(clusters, channels), dim=1)
    with torch.no_grad():
        aggregation.centroids.copy_(centres)
        aggregation.conv.weight.copy_(alpha * centres[:, :, None, None])
    weight = torch.randn(dim, clusters * channels) / 10
    return aggregation, weight, 0.1 * torch.randn(dim)


@torch.no_grad()
def describe(aggregation, weight, bias, x, sizes):
    module = PatchDescriptors(aggregation, weight, bias, x.shape[1:], sizes).eval()
    return [found.numpy() for found in module(torch.from_numpy(x)[None])]


# hard assignments leave clusters almost empty, which are scaled up to unit norm all the same
@pytest.mark.parametrize('alpha', [1.0, 20.0, 100.0, 400.0])
@pytest.mark.parametrize('sizes', [{2: 1, 5: 1, 7: 1}, {1: 1, 3: 2, 4: 3}, {7: 1}])
def test_equals_the_definition(alpha, sizes):
    x = np.random.default_rng(1).normal(size=(20, 7, 9)).astype(np.float32)
    network = make(alpha=alpha)
    found = describe(*network, x, sizes)
    for (size, stride), descriptors in zip(sizes.items(), found, strict=True):
        _, expected = by_the_definition(x, *network, size, stride)
        assert descriptors.shape == expected.shape
        assert (descriptors * expected).sum(1).min() > 0.99999
        np.testing.assert_allclose(np.linalg.norm(descriptors, axis=1), 1, atol=1e-5)


def test_smooth_features_do_not_cancel():
    # neighbouring features nearly alike and near a centre: the smallest residuals
    rng = np.random.default_rng(2)
    network = make()
    centre = network[0].centroids[2].detach().numpy()
    x = (centre[:, None, None] + 0.02 * rng.normal(size=(20, 8, 8))).astype(np.float32)
    found = describe(*network, x, {2: 1, 5: 1})
    for size, descriptors in zip((2, 5), found, strict=True):
        _, expected = by_the_definition(x, *network, size, 1)
        assert (descriptors * expected).sum(1).min() > 0.99999


def test_groups_of_clusters_change_nothing(monkeypatch):
    x = np.random.default_rng(3).normal(size=(20, 7, 9)).astype(np.float32)
    whole = describe(*make(), x, {2: 1, 5: 1})
    monkeypatch.setattr('training.patches.GROUP_BYTES', 1)
    for one, other in zip(whole, describe(*make(), x, {2: 1, 5: 1}), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_patch_of_the_whole_grid_is_the_global_descriptor():
    aggregation, weight, bias = make()
    x = np.random.default_rng(4).normal(size=(20, 6, 6)).astype(np.float32)
    (found,) = describe(aggregation, weight, bias, x, {6: 1})
    with torch.no_grad():
        whole = aggregation(torch.from_numpy(x)[None])
        expected = torch.nn.functional.normalize(whole @ weight.T + bias, dim=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(('size', 'stride', 'expected'), [
    (1, 1, (7, 9)), (2, 1, (6, 8)), (5, 2, (2, 3)), (7, 3, (1, 1)),
])
def test_grid_is_equation_2(size, stride, expected):
    assert patch_grid((7, 9), size, stride) == expected


@pytest.mark.parametrize('size', [0, 8])
def test_a_patch_that_does_not_fit_is_refused(size):
    with pytest.raises(ConfigError, match='choose sizes from 1 to 7'):
        patch_grid((7, 9), size)


def test_a_projection_of_another_shape_is_refused():
    aggregation, weight, bias = make()
    with pytest.raises(ConfigError, match=r'expected \(d, 120\)'):
        PatchDescriptors(aggregation, weight[:, 1:], bias, (7, 9), {2: 1})


def test_the_exported_graph_computes_the_same(tmp_path):
    aggregation, weight, bias = make()
    x = torch.randn(1, 20, 7, 9)
    module = PatchDescriptors(aggregation, weight, bias, (7, 9), {2: 1, 5: 2}).eval()
    path = tmp_path / 'patches.onnx'
    torch.onnx.export(module, (x,), str(path), input_names=['x'], opset_version=17, dynamo=False,
                      output_names=['patches_2', 'patches_5'])
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    assert [o.shape for o in session.get_outputs()] == [[48, 12], [6, 12]]
    other = torch.randn(1, 20, 7, 9)
    with torch.no_grad():
        expected = module(other)
    for found, of in zip(session.run(None, {'x': other.numpy()}), expected, strict=True):
        np.testing.assert_allclose(found, of.numpy(), atol=1e-5)


@pytest.mark.shared
def test_regions_equal_the_authors():
    golden = np.load(shared('goldens', 'patchnetvlad_small.npz'))
    volume = golden['integral_in']
    integral = np.pad(volume.astype(np.float64).cumsum(2).cumsum(3),
                      ((0, 0), (0, 0), (1, 0), (1, 0)))
    np.testing.assert_allclose(integral, golden['integral_out'], rtol=1e-4, atol=1e-5)
    for size in (2, 5, 8):
        for stride in (1, 2):
            expected = golden[f'regions_p{size}_s{stride}']  # means, not sums
            found = box_sum(torch.from_numpy(volume), size, stride).numpy() / size**2
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
            corners = (integral[..., size:, size:] - integral[..., :-size, size:]
                       - integral[..., size:, :-size] + integral[..., :-size, :-size])
            np.testing.assert_allclose(corners[..., ::stride, ::stride] / size**2, expected,
                                       rtol=1e-4, atol=1e-5)


def by_integral_image(x, aggregation, size):
    """Vectors before the projection by differences of a float32 integral image, as the authors."""
    clusters, channels = aggregation.clusters, aggregation.channels
    x = torch.nn.functional.normalize(x, dim=1)
    residuals = (x - aggregation.centroids[:, :, None, None]) * aggregation.assign(x).reshape(
        clusters, 1, *x.shape[2:])
    sums = residuals.flatten(0, 1)[None].cumsum(-1).cumsum(-2)
    sums = torch.nn.functional.pad(sums, (1, 0, 1, 0))
    corners = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(clusters * channels, 1, 1, 1)
    boxes = torch.nn.functional.conv2d(sums, corners, groups=clusters * channels, dilation=size)
    vlad = torch.nn.functional.normalize(boxes.reshape(clusters, channels, -1) / size**2, dim=1)
    return torch.nn.functional.normalize(vlad.flatten(0, 1), dim=0).T


def least_residual(x, aggregation, size):
    """Of each patch, the smallest |sum a_k (x - c_k)| / sum a_k of all clusters: float64 (n,)."""
    with torch.no_grad():
        x = torch.nn.functional.normalize(torch.from_numpy(x)[None], dim=1)
        assignment = aggregation.assign(x).double().reshape(-1, 1, *x.shape[2:])
        residuals = (x.double() - aggregation.centroids[:, :, None, None]) * assignment
        norms = box_sum(residuals, size, 1).norm(dim=1)
        return (norms / box_sum(assignment, size, 1)[:, 0]).amin(0).flatten().numpy()


@pytest.mark.shared
@pytest.mark.parametrize('size', [2, 5, 8])
def test_descriptors_equal_the_authors_before_and_after_pca(size):
    """Ours are the definition's; theirs too, but for the rounding of an integral image.

    At size 2 that rounding decides a third of their descriptors: summed in the other order of
    axes, theirs move by up to 0.4. There ours are compared with the definition.

    The centroids of the golden are features of its images. A patch that lies on one has a residual
    of 1e-5 or less in that cluster, which float32 holds no digits of: there nothing is compared.
    """
    golden = np.load(shared('goldens', 'patchnetvlad_small.npz'))
    aggregation = NetVLAD(8, 24)
    with torch.no_grad():
        aggregation.conv.weight.copy_(torch.from_numpy(golden['conv_weight']))
        aggregation.centroids.copy_(torch.from_numpy(golden['centroids']))
    weight = torch.from_numpy(golden['WPCA_0_weight'][:, :, 0, 0].copy())
    bias = torch.from_numpy(golden['WPCA_0_bias'])
    identity = torch.eye(8 * 24), torch.zeros(8 * 24)  # what is before the projection
    for index, x in enumerate(golden['x']):
        after = golden[f'local_pca_p{size}'][index].T
        (found,) = describe(aggregation, weight, bias, x, {size: 1})
        _, expected = by_the_definition(x, aggregation, weight, bias, size, 1)
        clear = least_residual(x, aggregation, size) > 1e-4
        assert clear.mean() > 0.97
        assert (found * expected).sum(1)[clear].min() > 0.99999
        with torch.no_grad():
            integral = by_integral_image(torch.from_numpy(x)[None], aggregation, size)
            projected = torch.nn.functional.normalize(integral @ weight.T + bias, dim=1)
        np.testing.assert_allclose(projected, after, rtol=1e-4, atol=1e-5)
        sound = np.abs(after - expected).max(1) < 1e-5
        assert sound.all() if size > 2 else sound.sum() > 20
        sound &= clear
        np.testing.assert_allclose(found[sound], after[sound], rtol=1e-4, atol=2e-5)
        if index < 2:
            before = golden[f'vlad_local_p{size}'][index].T
            np.testing.assert_allclose(integral, before, rtol=1e-4, atol=1e-5)
            (found,) = describe(aggregation, *identity, x, {size: 1})
            np.testing.assert_allclose(found[sound], before[sound], rtol=1e-4, atol=2e-5)
