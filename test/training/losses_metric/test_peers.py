# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every array of the peers' losses, values and gradients."""

from __future__ import annotations

from helpers import shared
import numpy as np
import pytest
import torch

from training.losses_metric.peers import peer_loss, PEERS
from vpr_ros.errors import ConfigError

GOLDEN_NAMES = {'dvg': 'benchmark', 'openibl': 'openibl', 'sfrs_dot_t0.07': 'openibl_sfrs',
                'nanne': 'pytorch_netvlad'}


def check(golden, key, function, inputs):
    tensors = [torch.tensor(array, requires_grad=True) for array in inputs]
    value = function(*tensors)
    value.backward()
    np.testing.assert_allclose(value.item(), golden[f'{key}_loss'], rtol=1e-4, atol=1e-5,
                               err_msg=key)
    for tensor, gradient in zip(tensors, ('gq', 'gp', 'gn'), strict=True):
        expected = golden[f'{key}_{gradient}']
        found = torch.as_tensor(tensor.grad).numpy().reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5,
                                   err_msg=f'{key}_{gradient}')
    return {f'{key}_{part}' for part in ('loss', 'gq', 'gp', 'gn')}


@pytest.mark.shared
@pytest.mark.parametrize('case', ['c1', 'c3'])
def test_all_goldens_of_the_peers(case):
    golden = np.load(shared('goldens', 'losses.npz'))
    inputs = [golden[f'{case}_{name}'] for name in 'qpn']
    seen = {f'{case}_{name}' for name in 'qpn'}
    for short, peer in GOLDEN_NAMES.items():
        for loss in ('sare_ind', 'sare_joint', 'triplet') if PEERS[peer].sare else ('triplet',):
            seen |= check(golden, f'{case}_{short}_{loss}', peer_loss(peer, loss), inputs)
    for row in range(len(inputs[0])):
        one = [array[row:row + 1] for array in inputs]
        for kind in ('ind', 'joint'):
            key = f'{case}_deepibl_port_gauss_{kind}_b{row}'
            seen |= check(golden, key, peer_loss('deepibl', f'sare_{kind}'), one)
    assert seen == {name for name in golden.files if name.startswith(f'{case}_')}


def test_scalings_differ_by_the_factors_they_are_documented_with():
    rng = np.random.default_rng(0)
    q, p, n = (torch.from_numpy(rng.normal(size=shape) / 4) for shape in ((2, 5), (2, 5),
                                                                          (2, 7, 5)))
    paper = {loss: float(peer_loss('paper', loss)(q, p, n)) for loss in ('sare_ind', 'sare_joint')}
    for peer in ('benchmark', 'openibl'):
        assert float(peer_loss(peer, 'sare_ind')(q, p, n)) == pytest.approx(paper['sare_ind'] / 7)
    assert float(peer_loss('openibl', 'sare_joint')(q, p, n)) == pytest.approx(paper['sare_joint'])
    unit = [torch.nn.functional.normalize(x, dim=-1) for x in (q, p, n)]
    for loss in ('sare_ind', 'sare_joint', 'triplet'):
        found = float(peer_loss('deepibl', loss)(*unit))
        assert found == pytest.approx(float(peer_loss('paper', loss)(*unit)))
    found = float(peer_loss('benchmark', 'sare_joint')(q, p, n))
    assert found == pytest.approx(paper['sare_joint'] / 7)


def test_unknown_names_list_the_known():
    with pytest.raises(ConfigError, match="no convention named 'sfrs'; known: paper, deepibl"):
        peer_loss('sfrs', 'triplet')
    with pytest.raises(ConfigError, match="pytorch_netvlad has no loss named 'sare_ind'"):
        peer_loss('pytorch_netvlad', 'sare_ind')
