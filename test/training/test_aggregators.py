# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NetVLAD against loops over its definition, and against the peers' own numbers."""

from __future__ import annotations

import math

from helpers import shared
import numpy as np
import pytest
import torch
from torch.nn import functional

from training.aggregators import NetVLAD


def slow_netvlad(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, centroids: np.ndarray
                 ) -> np.ndarray:
    """Equation 4, feature by feature, cluster by cluster; x is (D, n)."""
    clusters, channels = centroids.shape
    vlad = np.zeros((clusters, channels))
    for feature in x.T:
        unit = feature / np.linalg.norm(feature)
        scores = weight @ unit + bias
        assignment = np.exp(scores - scores.max())
        assignment /= assignment.sum()
        for k in range(clusters):
            vlad[k] += assignment[k] * (unit - centroids[k])
    vlad /= np.linalg.norm(vlad, axis=1, keepdims=True)
    return (vlad / np.linalg.norm(vlad)).ravel()


@pytest.mark.parametrize('bias', [False, True])
def test_against_loops(bias):
    torch.manual_seed(0)
    layer = NetVLAD(5, 7, bias=bias).double()
    x = torch.randn(2, 7, 3, 4, dtype=torch.float64)
    weight = layer.conv.weight.detach().numpy()[:, :, 0, 0]
    offset = layer.state_dict()['conv.bias'].numpy() if bias else np.zeros(5)
    for features, found in zip(x, layer(x).detach().numpy(), strict=True):
        expected = slow_netvlad(features.flatten(1).numpy(), weight, offset,
                                layer.centroids.detach().numpy())
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.shared
@pytest.mark.parametrize('norm', [0, 1])
@pytest.mark.parametrize('bias', [0, 1])
def test_forward_and_gradients_of_nanne(norm, bias):
    golden = np.load(shared('goldens', 'netvlad_nanne.npz'))
    key = f'v2{bias}_norm{norm}'
    layer = NetVLAD(8, 16, bias=bool(bias), normalise_input=bool(norm))
    state = {'conv.weight': golden[f'{key}_conv_weight'], 'centroids': golden[f'{key}_centroids']}
    if bias:
        state['conv.bias'] = golden[f'{key}_conv_bias']
    layer.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    x = torch.tensor(golden['x'], requires_grad=True)
    vlad = layer(x)
    (vlad * torch.from_numpy(golden['grad_weight'])).sum().backward()
    found = {'vlad': vlad.detach(), 'grad_x': x.grad, 'grad_conv_weight': layer.conv.weight.grad,
             'grad_centroids': layer.centroids.grad}
    if bias:
        found['grad_conv_bias'] = dict(layer.named_parameters())['conv.bias'].grad
    for name, value in found.items():
        np.testing.assert_allclose(value, golden[f'{key}_{name}'], rtol=1e-4, atol=1e-5,
                                   err_msg=name)


@pytest.mark.shared
@pytest.mark.parametrize('file, prefix', [('netvlad_nanne.npz', 'init_v20'),
                                          ('netvlad_dvg.npz', 'init')])
def test_initialisation_of_the_peers(file, prefix):
    golden = np.load(shared('goldens', file))
    shared_input = np.load(shared('goldens', 'netvlad_nanne.npz'))
    layer = NetVLAD(8, 16)
    descriptors = torch.from_numpy(shared_input['traindescs'])
    alpha = layer.initialise(torch.from_numpy(shared_input['clsts']), descriptors)
    assert alpha == pytest.approx(float(golden[f'{prefix}_alpha']), rel=1e-4)
    np.testing.assert_allclose(layer.conv.weight.detach(), golden[f'{prefix}_conv_weight'],
                               rtol=1e-4, atol=1e-5)
    found = layer(torch.from_numpy(shared_input['x'])).detach()
    np.testing.assert_allclose(found, golden[f'{prefix}_vlad'], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('bias', [False, True])
def test_alpha_makes_the_first_assignment_100_times_the_second(bias):
    torch.manual_seed(2)
    centres = functional.normalize(torch.randn(6, 12), dim=1)
    samples = functional.normalize(centres[torch.arange(600) % 6] + 0.3 * torch.randn(600, 12),
                                   dim=1)
    layer = NetVLAD(6, 12, bias=bias)
    layer.initialise(centres, samples)
    assignment = layer.assign(samples.T[None, :, :, None])[0].T.detach()
    best = assignment.topk(2, dim=1).values.log()
    assert float((best[:, 0] - best[:, 1]).mean()) == pytest.approx(math.log(100), rel=1e-3)
