# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses against explicit loops written from their definitions, in both precisions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.losses import sare_joint
from training.losses_metric.geography import GeoClassification, geographic_cells
from training.losses_metric.registry import METRIC_LOSSES, tuple_loss_named, TUPLE_LOSSES
from training.losses_metric.tuples import needs_across, tuple_loss
from vpr_ros.errors import ConfigError

DTYPES = [torch.float32, torch.float64]


def unit(rng, *shape):
    x = rng.normal(size=shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def loop_contrastive(q, p, negatives):
    pushed = [0.5 * max(0.0, 0.7 - distance(q, n)) ** 2 for n in negatives]
    return 0.5 * distance(q, p) ** 2, pushed


def loop_ratio(q, p, negatives):
    terms = []
    for n in negatives:
        plus, minus = math.exp(distance(q, p)), math.exp(distance(q, n))
        share = plus / (plus + minus)
        terms.append(share**2 + (1 - minus / (plus + minus)) ** 2)
    return 0.0, terms


def loop_n_pair(q, p, negatives):
    return math.log(1 + sum(math.exp(dot(q, n) - dot(q, p)) for n in negatives)), []


def loop_angular(q, p, negatives):
    total = 1.0
    for n in negatives:
        both = [a + b for a, b in zip(q, p, strict=True)]
        total += math.exp(4 * math.tan(math.pi / 4) ** 2 * dot(both, n)
                          - 2 * (1 + math.tan(math.pi / 4) ** 2) * dot(q, p))
    return math.log(total), []


def loop_lifted(q, p, negatives):
    total = sum(math.exp(1 - distance(q, n)) + math.exp(1 - distance(p, n)) for n in negatives)
    return 0.5 * max(0.0, math.log(total) + distance(q, p)) ** 2, []


LOOPS = {'contrastive': loop_contrastive, 'ratio': loop_ratio, 'n_pair': loop_n_pair,
         'angular': loop_angular, 'lifted_structure': loop_lifted}


@pytest.mark.parametrize('reduction', ['paper', 'mean'])
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('name', sorted(METRIC_LOSSES))
def test_equals_its_loop(name, dtype, reduction):
    rng = np.random.default_rng(7)
    q, p, n = unit(rng, 3, 6), unit(rng, 3, 6), unit(rng, 3, 4, 6)
    n[:, 0] = 0.95 * q + 0.05 * n[:, 0]  # some negatives inside the margin
    n[:, 0] /= np.linalg.norm(n[:, 0], axis=1, keepdims=True)
    valid = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [0, 0, 0, 0]], bool)  # the last has none
    queries, single, multiple = 0, 0.0, []
    for row in range(3):
        counted = [n[row, j] for j in range(4) if valid[row, j]]
        if counted:
            whole, terms = LOOPS[name](q[row], p[row], counted)
            queries, single = queries + 1, single + whole
            multiple += terms
    divisor = queries if reduction == 'paper' else max(len(multiple), 1)
    expected = single / queries + sum(multiple) / divisor
    query, positive, negatives = (torch.from_numpy(array).to(dtype) for array in (q, p, n))
    found = tuple_loss(METRIC_LOSSES[name], query, positive, negatives, torch.from_numpy(valid),
                       reduction=reduction)
    assert found.dtype == dtype
    assert float(found) == pytest.approx(expected, rel=1e-4 if dtype == torch.float32 else 1e-8)


@pytest.mark.parametrize('name', sorted(TUPLE_LOSSES))
def test_gradients_are_those_of_finite_differences_and_never_nan(name):
    rng = np.random.default_rng(3)
    tensors = [torch.tensor(unit(rng, *shape), requires_grad=True)
               for shape in ((2, 4), (2, 4), (2, 3, 4))]
    loss = TUPLE_LOSSES[name]
    assert torch.autograd.gradcheck(lambda *x: tuple_loss(loss, *x), tensors, atol=1e-5)
    same = torch.tensor(unit(rng, 2, 4), requires_grad=True)  # all images alike: distance 0
    value = tuple_loss(loss, same, same.detach(), same.detach()[:, None].repeat(1, 3, 1))
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(torch.as_tensor(same.grad)).all()


@pytest.mark.parametrize('name', sorted(TUPLE_LOSSES))
def test_pulls_the_positive_and_pushes_hard_negatives(name):
    q = torch.tensor([[1.0, 0.0, 0.0]])
    near, far = torch.tensor([[0.9, 0.436, 0.0]]), torch.tensor([[0.0, 1.0, 0.0]])
    loss = TUPLE_LOSSES[name]
    right = tuple_loss(loss, q, near, far[:, None])
    wrong = tuple_loss(loss, q, far, near[:, None])
    assert float(right) < float(wrong)


def test_n_pair_is_joint_sare_of_half_the_scale():
    rng = np.random.default_rng(1)
    q, p, n = (torch.from_numpy(unit(rng, *shape)) for shape in ((3, 5), (3, 5), (3, 4, 5)))
    expected = tuple_loss(sare_joint, q, p, n, scale=0.5)
    assert float(tuple_loss(METRIC_LOSSES['n_pair'], q, p, n)) == pytest.approx(float(expected))


def test_only_losses_between_positive_and_negatives_ask_for_their_distances():
    asking = {name for name, loss in TUPLE_LOSSES.items() if needs_across(loss)}
    assert asking == {'angular', 'lifted_structure'}
    with pytest.raises(ConfigError, match="no loss named 'proxy'; known: triplet"):
        tuple_loss_named('proxy')
    one = torch.ones(1)
    with pytest.raises(ConfigError, match='paper, mean'):
        METRIC_LOSSES['ratio'](one, one[None], reduction='sum')


def test_cells_are_squares_with_images_in_them():
    positions = np.array([[0, 0], [24.9, 24.9], [25, 0], [-0.1, 0], [500, 500], [510, 505.0]])
    labels, cells = geographic_cells(positions)
    assert labels[0] == labels[1] and labels[4] == labels[5]
    assert len(set(labels.tolist())) == len(cells) == 4
    for position, label in zip(positions, labels, strict=True):
        corner = cells[label] * 25.0
        assert (corner <= position).all() and (position < corner + 25).all()
    with pytest.raises(ConfigError, match='expected more than 0 m'):
        geographic_cells(positions, 0)


@pytest.mark.parametrize('dtype', DTYPES)
def test_geo_classification_equals_its_loop_and_learns(dtype):
    torch.manual_seed(0)
    head = GeoClassification(4, 3).to(dtype)
    assert 0.005 < float(head.classify.weight.detach().std()) < 0.02
    descriptors = functional.normalize(torch.randn(6, 4, dtype=dtype), dim=1)
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    weight, bias = head.classify.weight.detach().numpy(), head.classify.bias.detach().numpy()
    total = 0.0
    for descriptor, label in zip(descriptors.numpy(), labels.tolist(), strict=True):
        scores = [math.exp(dot(row, descriptor) + b) for row, b in zip(weight, bias, strict=True)]
        total -= math.log(scores[label] / sum(scores))
    assert float(head(descriptors, labels).detach()) == pytest.approx(total / 6, rel=1e-4)
    optimizer = torch.optim.Adam(head.parameters(), 0.3)
    for _ in range(120):
        optimizer.zero_grad()
        head(descriptors, labels).backward()
        optimizer.step()
    assert float((head.predict(descriptors) == labels).double().mean()) >= 5 / 6
