# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CRN: against the peers' numbers, on odd sizes, and its two stages."""

from __future__ import annotations

from helpers import shared
import numpy as np
import pytest
import torch
from torch.nn import functional

from training.aggregations.crn import ContextualMask, CRN
from training.aggregators import NetVLAD


@pytest.mark.shared
@pytest.mark.parametrize('size', ['a', 'b', 'sq', 'big', 'neg'])
def test_the_benchmarks_crn_and_netvlad(size):
    golden = np.load(shared('goldens', 'aggregators_dvg.npz'))
    x = torch.from_numpy(golden[f'x_{size}'])
    for name, module in (('crn', CRN(8, 16)), ('netvlad', NetVLAD(8, 16))):
        prefix = f'sd_{name}.'
        module.load_state_dict({key.removeprefix(prefix): torch.from_numpy(golden[key])
                                for key in golden.files if key.startswith(prefix)})
        np.testing.assert_allclose(module(x).detach(), golden[f'{name}_{size}'], rtol=1e-4,
                                   atol=1e-5)
        if isinstance(module, CRN):
            mask = module.crn(functional.normalize(x, dim=1))
            np.testing.assert_allclose(mask.detach(), golden[f'crn_mask_{size}'], rtol=1e-4,
                                       atol=1e-5)


@pytest.mark.parametrize('height, width', [(2, 2), (3, 3), (5, 8), (7, 9), (15, 20), (6, 8)])
def test_every_size_has_a_mask_of_its_own_size(height, width):
    x = functional.normalize(torch.rand(2, 4, height, width), dim=1)
    mask = ContextualMask(4)(x)
    assert mask.shape == (2, 1, height, width) and bool((mask >= 0).all())
    assert torch.isfinite(CRN(3, 4)(x)).all()


def test_a_mask_of_ones_is_netvlad():
    torch.manual_seed(0)
    netvlad = NetVLAD(3, 4)
    crn = CRN.from_netvlad(netvlad)
    with torch.no_grad():
        for name, value in crn.crn.named_parameters():
            value.fill_(float(name == 'acc_w.bias'))
    x = torch.rand(2, 4, 5, 6)
    np.testing.assert_allclose(crn(x).detach(), netvlad(x).detach(), rtol=1e-5, atol=1e-7)


def test_second_stage_begins_with_the_first_and_trains_the_mask_faster():
    netvlad = NetVLAD(3, 4, bias=True)
    crn = CRN.from_netvlad(netvlad)
    for name, value in netvlad.state_dict().items():
        assert torch.equal(crn.state_dict()[name], value)
    backbone = torch.nn.Linear(2, 2)
    mask, rest = crn.parameter_groups(list(backbone.parameters()))
    assert mask['lr'] == 10 * rest['lr']
    trained = {id(p) for p in crn.parameters() if p.requires_grad}
    assert {id(p) for group in (mask, rest) for p in group['params']} == \
        trained | {id(p) for p in backbone.parameters()}
    assert not crn.crn.acc_w.weight.requires_grad
