# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Poolings against loops over their definitions, and against the peers' own numbers."""

from __future__ import annotations

import math

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from training.aggregations.pooling import GeM, GlobalPooling, MAC, RRM, SPoC
from training.aggregations.registry import AGGREGATIONS, make_aggregation, Options
from training.aggregations.rmac import Region, regions, RMAC
from training.aggregations.tokens import tokens_to_grid
from vpr_ros.errors import ConfigError

POOLS = {'mac': MAC, 'spoc': SPoC, 'gem': GeM, 'rmac': RMAC}
MAPS = ['a', 'b', 'sq', 'big', 'neg']


def goldens():
    return np.load(shared('goldens', 'aggregators_dvg.npz'))


def close(found, expected):
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def features(seed=0, shape=(2, 5, 4, 6)):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.parametrize('p', [1.0, 3.0, 4.5])
def test_gem_equals_loops(p):
    x = features()
    found = GeM(p).double()(x).detach()
    for n in range(2):
        for channel in range(5):
            values = [max(float(v), 1e-6) ** p for v in x[n, channel].flatten()]
            expected = (sum(values) / len(values)) ** (1 / p)
            assert float(found[n, channel]) == pytest.approx(expected, rel=1e-9)


def test_mac_and_spoc_equal_loops():
    x = features()
    for n in range(2):
        for channel in range(5):
            values = [float(v) for v in x[n, channel].flatten()]
            assert float(MAC()(x)[n, channel]) == max(values)
            assert float(SPoC()(x)[n, channel]) == pytest.approx(sum(values) / len(values))


def float_regions(height, width, levels=3):
    """Find the regions as the released codes do, in floating point."""
    short = min(height, width)
    gaps = (max(height, width) - short) / (np.arange(2, 8) - 1)
    index = int(np.argmin(np.abs((short**2 - short * gaps) / short**2 - 0.4)))
    more_columns, more_rows = (index + 1) * (height < width), (index + 1) * (height > width)
    found = []
    for level in range(1, levels + 1):
        side = math.floor(2 * short / (level + 1))
        half = math.floor(side / 2 - 1)
        starts = []
        for length, count in ((height, level + more_rows), (width, level + more_columns)):
            step = 0 if count == 1 else (length - side) / (count - 1)
            starts.append([math.floor(half + i * step + 1e-9) - half for i in range(count)])
        if side:
            found += [Region(row, column, side) for row in starts[0] for column in starts[1]]
    return found


@settings(max_examples=80, deadline=None)
@given(height=st.integers(1, 60), width=st.integers(1, 60))
def test_regions_are_those_of_the_released_codes_and_inside_the_map(height, width):
    found = regions(height, width)
    assert found == float_regions(height, width)
    for region in found:
        assert region.row >= 0 and region.row + region.side <= height
        assert region.column >= 0 and region.column + region.side <= width


def test_rmac_equals_loops():
    x = features(shape=(1, 3, 5, 8))
    expected = np.zeros(3)
    for region in [None, *regions(5, 8)]:
        part = x[0].numpy()
        if region:
            part = part[:, region.row:region.row + region.side,
                        region.column:region.column + region.side]
        maxima = part.max((1, 2))
        expected += maxima / (np.linalg.norm(maxima) + 1e-6)
    np.testing.assert_allclose(RMAC()(x)[0], expected, rtol=1e-10)


@pytest.mark.shared
@pytest.mark.parametrize('size', MAPS)
@pytest.mark.parametrize('name', sorted(POOLS))
def test_the_benchmarks_poolings(name, size):
    golden = goldens()
    x = torch.from_numpy(golden[f'x_{size}'])
    close(POOLS[name]()(x), golden[f'{name}_raw_{size}'][:, :, 0, 0])
    for l2 in ('before_pool', 'after_pool'):
        close(GlobalPooling(POOLS[name](), l2)(x), golden[f'{name}_{l2}_{size}'])


@pytest.mark.shared
def test_gem_of_other_powers_and_its_gradients():
    golden = goldens()
    x = torch.tensor(golden['x_a'], requires_grad=True)
    for p in (1.0, 2.5, 3.0, 10.0):
        close(GeM(p)(x), golden[f'gem_p{p}_a'][:, :, 0, 0])
    pool = GeM()
    found = pool(x)
    # the weights of the sum are spread over all outputs in order
    (found * torch.linspace(-1, 1, found.numel()).reshape(found.shape)).sum().backward()
    close(torch.as_tensor(x.grad), golden['gem_grad_x'])
    close(torch.as_tensor(pool.p.grad), golden['gem_grad_p'])


@pytest.mark.shared
@pytest.mark.parametrize('size', MAPS)
def test_rrm(size):
    golden = goldens()
    module = RRM(16)
    module.load_state_dict({name.removeprefix('sd_rrm.'): torch.from_numpy(golden[name])
                            for name in golden.files if name.startswith('sd_rrm.')})
    close(module(torch.from_numpy(golden[f'x_{size}'])), golden[f'rrm_{size}'])


@pytest.mark.shared
def test_gem_with_projection_and_of_tokens():
    golden = goldens()
    module = GlobalPooling(GeM(), channels=16, projected=10)
    module.load_state_dict({'pool.p': torch.full((1,), 3.0),
                            'projection.weight': torch.from_numpy(golden['fc_weight']),
                            'projection.bias': torch.from_numpy(golden['fc_bias'])})
    close(module(torch.from_numpy(golden['x_a'])), golden['gem_fc_a'])
    tokens = torch.from_numpy(golden['tok_x'])
    close(GlobalPooling(GeM(), 'over_locations')(tokens_to_grid(tokens)), golden['gem_tok'])


@pytest.mark.parametrize('name', sorted(AGGREGATIONS))
def test_every_aggregation_of_the_table_has_the_length_it_says(name):
    made = make_aggregation(name, 12, Options(clusters=3))
    x = torch.rand(2, 12, 5, 7) if made.takes == 'grid' else torch.rand(2, 35, 12)
    assert made.module(x).shape == (2, made.dim)


def test_projection_shortens_to_unit_vectors():
    made = make_aggregation('gem', 12, Options(projected=4))
    found = made.module(torch.rand(3, 12, 5, 7))
    assert found.shape == (3, 4) and made.dim == 4
    np.testing.assert_allclose(found.norm(dim=1).detach(), 1, rtol=1e-6)


def test_wrong_choices_say_what_is_known():
    with pytest.raises(ConfigError, match=r"no aggregation named 'vlad'; known: max, mac"):
        make_aggregation('vlad', 4)
    with pytest.raises(ConfigError, match='expected one of before_pool, after_pool, none'):
        GlobalPooling(MAC(), 'pool')
    with pytest.raises(ConfigError, match='give channels'):
        GlobalPooling(MAC(), projected=4)
