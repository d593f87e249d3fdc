# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Token aggregations against loops, and token forms of the others against the peers' numbers."""

from __future__ import annotations

from helpers import shared
import numpy as np
import pytest
import torch

from training.aggregations.tokens import CLS, SeqPool, tokens_to_grid
from training.aggregators import NetVLAD


def test_sequence_pooling_equals_loops():
    torch.manual_seed(0)
    module = SeqPool(6).double()
    tokens = torch.randn(2, 5, 6, dtype=torch.float64)
    weight = module.attention_pool.weight.detach().numpy()[0]
    bias = module.attention_pool.bias.item()
    for row, found in zip(tokens.numpy(), module(tokens).detach().numpy(), strict=True):
        scores = np.array([np.exp(weight @ token + bias) for token in row])
        expected = sum(score / scores.sum() * token for score, token in zip(scores, row,
                                                                            strict=True))
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_class_token_is_the_first():
    tokens = torch.rand(2, 5, 6)
    assert torch.equal(CLS()(tokens), tokens[:, 0])


def test_tokens_become_a_map_row_by_row():
    grid = torch.rand(2, 3, 4, 5)
    tokens = grid.flatten(2).transpose(1, 2)
    assert torch.equal(tokens_to_grid(tokens, 4), grid)
    assert tokens_to_grid(tokens).shape == (2, 3, 20, 1)


@pytest.mark.shared
def test_the_benchmarks_netvlad_of_tokens():
    golden = np.load(shared('goldens', 'netvlad_dvg.npz'))
    layer = NetVLAD(8, 16)
    layer.load_state_dict({'conv.weight': torch.from_numpy(golden['tok_conv_weight'])[..., None],
                           'centroids': torch.from_numpy(golden['tok_centroids'])})
    found = layer(tokens_to_grid(torch.from_numpy(golden['tok_x'])))
    np.testing.assert_allclose(found.detach(), golden['tok_vlad'], rtol=1e-4, atol=1e-5)
