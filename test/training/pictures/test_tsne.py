# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""t-SNE against its definition, written out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from training.pictures.tsne import gradient, joint_probabilities, squared_distances, tsne
from vpr_ros.errors import ConfigError


@settings(max_examples=25, deadline=None)
@given(count=st.integers(8, 20), perplexity=st.floats(1.5, 5), seed=st.integers(0, 1000),
       scale=st.floats(1e-3, 1e3))
def test_every_point_has_so_many_neighbours(count, perplexity, seed, scale):
    vectors = np.random.default_rng(seed).normal(size=(count, 3)) * scale
    joint = joint_probabilities(squared_distances(vectors), perplexity)
    assert joint.sum() == pytest.approx(1) and (np.diag(joint) == 0).all()
    np.testing.assert_allclose(joint, joint.T)
    # the definition: one Gaussian a point, found by trying widths
    slow = np.zeros((count, count))
    for i in range(count):
        distances = [((vectors[i] - vectors[j])**2).sum() for j in range(count)]
        low, high = -60.0, 60.0
        for _ in range(200):
            precision = np.exp((low + high) / 2)
            nearest = min(d for j, d in enumerate(distances) if j != i)
            weights = np.array([0 if j == i else np.exp(-(d - nearest) * precision)
                                for j, d in enumerate(distances)])
            share = weights / weights.sum()
            entropy = -sum(p * np.log(p) for p in share if p > 0)
            low, high = ((low + high) / 2, high) if entropy > np.log(perplexity) else \
                (low, (low + high) / 2)
        slow[i] = share
    np.testing.assert_allclose(joint, (slow + slow.T) / (2 * count), atol=1e-5)


def divergence(joint, points):
    student = np.array([[0 if i == j else 1 / (1 + ((a - b)**2).sum())
                         for j, b in enumerate(points)] for i, a in enumerate(points)])
    student /= student.sum()
    return sum(joint[i, j] * np.log(joint[i, j] / student[i, j])
               for i in range(len(points)) for j in range(len(points)) if joint[i, j] > 0)


def test_the_gradient_is_that_of_the_divergence():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(7, 2))
    joint = joint_probabilities(squared_distances(rng.normal(size=(7, 4))), 2.5)
    found, step = gradient(joint, points), 1e-6
    for index in np.ndindex(points.shape):
        up, down = points.copy(), points.copy()
        up[index] += step
        down[index] -= step
        slope = (divergence(joint, up) - divergence(joint, down)) / (2 * step)
        assert found[index] == pytest.approx(slope, abs=1e-6)


def test_places_stay_together():
    rng = np.random.default_rng(1)
    places = rng.normal(size=(6, 32))
    vectors = np.repeat(places, 8, 0) + rng.normal(size=(48, 32), scale=0.3)
    points = tsne(vectors, perplexity=7, steps=500)
    assert points.shape == (48, 2) and np.isfinite(points).all()
    np.testing.assert_allclose(points.mean(0), 0, atol=1e-9)
    distances = squared_distances(points)
    np.fill_diagonal(distances, np.inf)
    place = np.repeat(np.arange(6), 8)
    for row in range(48):
        nearest = np.argsort(distances[row])[:7]
        assert (place[nearest] == place[row]).all()
    np.testing.assert_array_equal(points, tsne(vectors, perplexity=7, steps=500))


def test_alike_vectors_and_few_of_them():
    assert np.isfinite(tsne(np.ones((5, 3)), steps=20)).all()
    assert tsne(np.eye(4)[:, :1], steps=20).shape == (4, 2)
    with pytest.raises(ConfigError, match='3 vectors were to be placed'):
        tsne(np.ones((3, 2)))
    with pytest.raises(ConfigError, match=r'a perplexity of 0\.5'):
        tsne(np.ones((9, 2)), perplexity=0.5)
