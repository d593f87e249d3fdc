# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gradients against the closed forms of SARE's table 1 and its equations 10-12, 14-16, 18-20."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.losses import KERNELS, sare_independent, sare_joint, triplet_ranking
from training.losses_metric.pairs import contrastive
from training.losses_metric.tuples import tuple_loss


def case(negatives, seed=0):
    rng = np.random.default_rng(seed)

    def unit(*shape):
        x = rng.normal(size=shape)
        return torch.tensor(x / np.linalg.norm(x, axis=-1, keepdims=True), requires_grad=True)

    return unit(1, 8), unit(1, 8), unit(1, negatives, 8)


def gradients(loss, tensors, **options):
    tuple_loss(loss, *tensors, **options).backward()
    q, p, n = (torch.as_tensor(tensor.grad)[0].numpy() for tensor in tensors)
    return q, p, n


def arrays(tensors):
    q, p, n = (tensor.detach()[0].numpy() for tensor in tensors)
    return q, p, n


def joint_closed_form(kernel, q, p, negatives):
    """dL/dp and dL/dn_j; with one negative these are the rows of table 1."""
    dp = np.linalg.norm(q - p)
    dn = [np.linalg.norm(q - n) for n in negatives]
    if kernel == 'gaussian':
        terms = [np.exp(dp**2 - d**2) for d in dn]
        eta = 1 + sum(terms)
        to_p = sum(-2 / eta * t * (q - p) for t in terms)  # equation 10
        to_n = [2 / eta * t * (q - n) for t, n in zip(terms, negatives, strict=True)]  # 11
    elif kernel == 'cauchy':
        eta = 1 + sum((1 + dp**2) / (1 + d**2) for d in dn)
        to_p = sum(-2 / (eta * (1 + d**2)) * (q - p) for d in dn)  # 14
        to_n = [2 * (1 + dp**2) / (eta * (1 + d**2) ** 2) * (q - n)
                for d, n in zip(dn, negatives, strict=True)]  # 15
    else:
        terms = [np.exp(dp - d) for d in dn]
        eta = 1 + sum(terms)
        to_p = sum(-t / (eta * dp) * (q - p) for t in terms)  # 18
        to_n = [t / (eta * d) * (q - n) for t, d, n in zip(terms, dn, negatives,
                                                           strict=True)]  # 19
    return to_p, np.array(to_n)


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('kernel', KERNELS)
def test_joint_equals_equations_10_to_20(kernel, seed):
    tensors = case(5, seed)
    found_q, found_p, found_n = gradients(sare_joint, tensors, kernel=kernel)
    to_p, to_n = joint_closed_form(kernel, *arrays(tensors))
    np.testing.assert_allclose(found_p, to_p, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found_n, to_n, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found_q, -to_p - to_n.sum(0), rtol=1e-8, atol=1e-10)  # 12, 16, 20


@pytest.mark.parametrize('kernel', KERNELS)
def test_independent_equals_table_1(kernel):
    tensors = case(5, 4)
    q, p, negatives = arrays(tensors)
    found_q, found_p, found_n = gradients(sare_independent, tensors, kernel=kernel)
    to_p, to_n = np.zeros(8), []
    for n in negatives:
        dp, dn = np.linalg.norm(q - p), np.linalg.norm(q - n)
        value = {'gaussian': lambda d: np.exp(-(d**2)), 'cauchy': lambda d: 1 / (1 + d**2),
                 'exponential': lambda d: np.exp(-d)}[kernel]
        miss = 1 - value(dp) / (value(dp) + value(dn))
        slope_p, slope_n = {'gaussian': (2, 2), 'cauchy': (2 / (1 + dp**2), 2 / (1 + dn**2)),
                            'exponential': (1 / dp, 1 / dn)}[kernel]
        to_p = to_p + miss * slope_p * (p - q)
        to_n.append(miss * slope_n * (q - n))
    np.testing.assert_allclose(found_p, to_p, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found_n, to_n, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found_q, -to_p - np.sum(to_n, 0), rtol=1e-8, atol=1e-10)


def test_triplet_and_contrastive_equal_table_1():
    q, p = torch.tensor([[1.0, 0, 0]]).double(), torch.tensor([[0.0, 1, 0]]).double()
    n = torch.tensor([[[0.96, 0.28, 0]]]).double()
    for loss, to_p, scale in ((triplet_ranking, 2 * (p - q), 2), (contrastive, p - q, None)):
        tensors = tuple(x.clone().requires_grad_() for x in (q, p, n))
        found_q, found_p, found_n = gradients(loss, tensors)
        gap = (q - n[0]).numpy()[0]
        factor = scale if scale else -(1 - 0.7 / np.linalg.norm(gap))
        np.testing.assert_allclose(found_p, to_p[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found_n[0], factor * gap, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found_q, -found_p - found_n[0], rtol=1e-9, atol=1e-12)
