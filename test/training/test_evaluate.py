# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recall against a sorted list, principal components and clustering against their definitions."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from training import whiten
from training.cluster import initialise_head, k_means
from training.evaluate import centre, recalls
from training.model import Architecture, PlaceNetwork
from vpr_ros.errors import DataError


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), database=st.integers(2, 12), queries=st.integers(1, 6))
def test_recall_against_a_sorted_list(seed, database, queries):
    rng = np.random.default_rng(seed)
    places = rng.standard_normal((database, 4)).astype(np.float32)
    asked = rng.standard_normal((queries, 4)).astype(np.float32)
    correct, ignored = [], []
    for _ in range(queries):
        kind = rng.integers(0, 3, database)
        correct.append(np.flatnonzero(kind == 1))
        ignored.append(np.flatnonzero(kind == 2))
    hits = dict.fromkeys((1, 3), 0)
    for query, right, skipped in zip(asked, correct, ignored, strict=True):
        ranked = sorted(set(range(database)) - set(skipped.tolist()),
                        key=lambda i: -float(places[i] @ query))
        for n in hits:
            hits[n] += bool(set(ranked[:n]) & set(right.tolist()))
    found = recalls(places, asked, correct, ignored, (1, 3))
    assert found == {str(n): pytest.approx(count / queries) for n, count in hits.items()}


def test_centre_takes_the_mean_away_and_survives_the_mean_itself():
    rows = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
    mean = rows.mean(0)
    found = centre(np.vstack([rows, mean]), mean)
    np.testing.assert_allclose(np.linalg.norm(found[:-1], axis=1), 1, rtol=1e-5)
    assert np.isfinite(found).all()


@pytest.mark.parametrize('shape', [(40, 12), (20, 50)])
@pytest.mark.parametrize('centred', [True, False])
def test_components_against_the_singular_value_decomposition(shape, centred):
    samples = np.random.default_rng(1).standard_normal(shape) @ np.diag(
        np.linspace(3, 0.1, shape[1]))
    found = whiten.fit(samples, 5, centre=centred)
    offset = samples.mean(0) if centred else 0
    _, values, rows = np.linalg.svd(samples - offset, full_matrices=False)
    np.testing.assert_allclose(np.abs(found.basis @ rows[:5].T), np.eye(5), atol=1e-6)
    np.testing.assert_allclose(found.variance, values[:5] ** 2 / (shape[0] - 1), rtol=1e-8)
    assert found.kept == pytest.approx((values[:5] ** 2).sum() / (values**2).sum())
    weight, bias = found.affine(1.0)
    moved = samples @ weight.T + bias
    if centred:
        np.testing.assert_allclose(moved.mean(0), 0, atol=1e-8)
        np.testing.assert_allclose(np.cov(moved.T), np.eye(5), atol=1e-6)


def test_too_few_samples_for_the_dimension():
    with pytest.raises(DataError, match='at most 9 can be found'):
        whiten.fit(np.zeros((10, 50)), 10)


def test_k_means_finds_separated_groups_and_repeats():
    torch.manual_seed(3)
    truth = torch.eye(6, 20) * 5
    samples = (truth[:, None] + 0.1 * torch.randn(6, 30, 20)).flatten(0, 1)
    centres = k_means(samples, 6, torch.Generator().manual_seed(0))
    distance = torch.cdist(truth, centres)
    assert (distance.min(1).values < 0.2).all()
    assert sorted(distance.argmin(1).tolist()) == list(range(6))
    again = k_means(samples, 6, torch.Generator().manual_seed(0))
    assert torch.equal(centres, again)


def test_k_means_with_equal_samples_keeps_finite_centres():
    samples = torch.ones(20, 4)
    centres = k_means(samples, 3, torch.Generator().manual_seed(0))
    assert torch.isfinite(centres).all()


def test_head_is_initialised_from_images():
    torch.manual_seed(4)
    network = PlaceNetwork(Architecture(reduced=16, clusters=4, dim=10))
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (24, 64, 80, 3), dtype=np.uint8)
    summary = initialise_head(network, lambda: (images[i:i + 8] for i in range(0, 24, 8)))
    assert summary.alpha > 0 and 0 < summary.projection_kept <= 1
    basis = network.state_dict()['reduce.weight'][:, :, 0, 0]
    torch.testing.assert_close(basis @ basis.T, torch.eye(16), atol=1e-4, rtol=1e-4)
    with torch.no_grad():
        found = network(torch.from_numpy(images))
    assert found.shape == (24, 10)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(24))
