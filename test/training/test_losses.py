# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses against loops written from their equations, and against the peers' own numbers."""

from __future__ import annotations

import math

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch
from torch.nn import functional

from training.losses import (
    batch_loss,
    best_positive,
    KERNELS,
    log_kernel,
    sare_independent,
    sare_joint,
    squared_distances,
    triplet_ranking,
)
from vpr_ros.errors import ConfigError


def kernel_value(squared: float, kernel: str, scale: float) -> float:
    d2 = scale * squared
    return {'gaussian': math.exp(-d2), 'cauchy': 1 / (1 + d2),
            'exponential': math.exp(-math.sqrt(d2))}[kernel]


@st.composite
def cases(draw):
    queries, negatives = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    positive = rng.uniform(0, 4, queries)
    negative = rng.uniform(0, 4, (queries, negatives))
    valid = rng.random((queries, negatives)) < 0.7
    valid[0, 0] = True
    return positive, negative, valid


@settings(max_examples=40, deadline=None)
@given(case=cases(), kernel=st.sampled_from(KERNELS), scale=st.floats(0.2, 8))
def test_sare_equals_its_definition(case, kernel, scale):
    positive, negative, valid = case
    joint, independent = [], 0.0
    for p, row, use in zip(positive, negative, valid, strict=True):
        kp = kernel_value(p, kernel, scale)
        kn = [kernel_value(n, kernel, scale) for n, u in zip(row, use, strict=True) if u]
        if kn:
            joint.append(-math.log(kp / (kp + sum(kn))))
            independent += sum(-math.log(kp / (kp + value)) for value in kn)
    tensors = [torch.from_numpy(array) for array in case]
    found = sare_joint(*tensors, kernel=kernel, scale=scale)
    assert float(found) == pytest.approx(sum(joint) / len(joint), rel=1e-5)
    found = sare_independent(*tensors, kernel=kernel, scale=scale)
    assert float(found) == pytest.approx(independent / len(joint), rel=1e-5)


@settings(max_examples=40, deadline=None)
@given(case=cases(), margin=st.floats(0, 1))
def test_triplet_equals_its_definition(case, margin):
    positive, negative, valid = case
    total = sum(
        max(0.0, p + margin - n)
        for p, row, use in zip(positive, negative, valid, strict=True)
        for n, u in zip(row, use, strict=True) if u
    )
    tensors = [torch.from_numpy(array) for array in case]
    found = triplet_ranking(*tensors, margin=margin)
    assert float(found) == pytest.approx(total / valid.any(1).sum(), rel=1e-6, abs=1e-9)
    found = triplet_ranking(*tensors, margin=margin, reduction='mean')
    assert float(found) == pytest.approx(total / valid.sum(), rel=1e-6, abs=1e-9)


def test_best_positive_is_the_nearest_allowed():
    distances = torch.tensor([[3.0, 1.0, 2.0], [0.5, 9.0, 9.0]])
    valid = torch.tensor([[True, False, True], [False, False, False]])
    assert best_positive(distances, valid).tolist() == [2.0, math.inf]


def test_squared_distances_never_negative_for_equal_rows():
    rows = functional.normalize(torch.randn(50, 512), dim=1)
    found = squared_distances(rows, rows)
    assert (found >= 0).all() and float(found.diagonal().max()) < 1e-5


def test_batch_loss_uses_each_image_with_its_own_negatives():
    descriptors = functional.normalize(torch.randn(6, 16, dtype=torch.float64), dim=1)
    relation = torch.full((6, 6), -1, dtype=torch.int8)
    for i in range(6):
        relation[i, i] = 1
        relation[i, (i + 3) % 6] = 1
    relation[0, 1] = relation[1, 0] = 0
    relation[2, :] = relation[:, 2] = 0
    relation[2, 2] = 1  # no positive: not a query, nor anyone's negative
    squared = ((descriptors[:, None] - descriptors[None]) ** 2).sum(2)
    terms = []
    for i in (0, 1, 3, 4):
        negatives = [j for j in range(6) if relation[i, j] == -1]
        terms.append(sum(
            max(0.0, float(squared[i, (i + 3) % 6]) + 0.1 - float(squared[i, j]))
            for j in negatives
        ))
    found = batch_loss(triplet_ranking, descriptors, relation)
    assert float(found) == pytest.approx(sum(terms) / 4, rel=1e-6, abs=1e-9)


def test_unknown_names_list_the_known():
    one = torch.ones(1)
    with pytest.raises(ConfigError, match='gaussian, cauchy, exponential'):
        log_kernel(one, 'laplace')
    with pytest.raises(ConfigError, match='paper, mean'):
        triplet_ranking(one, one[None], reduction='sum')


def golden_losses(golden, case):
    """(name, our loss of q, p, n) for every golden of a case."""
    def on(loss, **options):
        def value(q, p, n):
            positive = ((q - p) ** 2).sum(1)
            negative = ((q[:, None] - n) ** 2).sum(2)
            return loss(positive, negative, **options)
        return value

    n = golden[f'{case}_n'].shape[1]
    yield 'openibl_sare_ind', on(sare_independent, reduction='mean')
    yield 'openibl_sare_joint', on(sare_joint, reduction='mean')
    for name, margin in (('openibl', 0.1), ('dvg', 0.1), ('nanne', 0.1**0.5)):
        yield f'{name}_triplet', on(triplet_ranking, reduction='mean', margin=margin,
                                    euclidean=True)
    yield 'dvg_sare_ind', on(sare_independent, reduction='mean')
    yield 'dvg_sare_joint', lambda q, p, m: on(sare_joint)(q, p, m) / n
    # a dot product over 0.07 is the gaussian of scale 1 / (2 * 0.07)
    sharp = 1 / (2 * 0.07)
    yield 'sfrs_dot_t0.07_sare_ind', on(sare_independent, reduction='mean', scale=sharp)
    yield 'sfrs_dot_t0.07_sare_joint', on(sare_joint, scale=sharp)


@pytest.mark.shared
@pytest.mark.parametrize('case', ['c1', 'c3'])
def test_values_and_gradients_of_the_peers(case):
    golden = np.load(shared('goldens', 'losses.npz'))
    for name, loss in golden_losses(golden, case):
        q, p, n = (torch.tensor(golden[f'{case}_{key}'], requires_grad=True) for key in 'qpn')
        value = loss(q, p, n)
        value.backward()
        key = f'{case}_{name}'
        np.testing.assert_allclose(value.item(), golden[f'{key}_loss'], rtol=1e-4, atol=1e-5,
                                   err_msg=key)
        if not name.startswith('sfrs'):  # its gradient differs by what the norms' constraint hides
            for tensor, gradient in ((q, 'gq'), (p, 'gp'), (n, 'gn')):
                found = torch.as_tensor(tensor.grad)
                np.testing.assert_allclose(found, golden[f'{key}_{gradient}'], rtol=1e-4,
                                           atol=1e-5, err_msg=f'{key}_{gradient}')


@pytest.mark.shared
@pytest.mark.parametrize('case', ['c1', 'c3'])
def test_deepibl_gaussian(case):
    golden = np.load(shared('goldens', 'losses.npz'))
    for b in range(len(golden[f'{case}_q'])):
        q, p = (torch.tensor(golden[f'{case}_{key}'][b:b + 1]) for key in 'qp')
        n = torch.tensor(golden[f'{case}_n'][b:b + 1])
        positive, negative = ((q - p) ** 2).sum(1), ((q[:, None] - n) ** 2).sum(2)
        for kind, loss in (('ind', sare_independent), ('joint', sare_joint)):
            expected = golden[f'{case}_deepibl_port_gauss_{kind}_b{b}_loss']
            np.testing.assert_allclose(loss(positive, negative), expected, rtol=1e-4, atol=1e-5)
