# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""t-SNE (van der Maaten and Hinton 2008), exact: O(n^2), for some thousand vectors.

It begins at the first two principal components, so the same vectors always give the same map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError

FloatMatrix = NDArray[np.float64]

EXAGGERATION, EXAGGERATED_STEPS = 12.0, 250
SEARCH_STEPS = 64  # of the bisection for one perplexity
SMALLEST = 1e-12
FEWEST = 4


def squared_distances(vectors: FloatMatrix) -> FloatMatrix:
    """(n, D) -> (n, n), never below 0."""
    norms = (vectors**2).sum(1)
    return np.maximum(norms[:, None] + norms[None] - 2 * vectors @ vectors.T, 0)


def joint_probabilities(distances: FloatMatrix, perplexity: float) -> FloatMatrix:
    """Symmetric p_ij (n, n) that add up to 1, each row's Gaussian of the same perplexity.

    Args:
        distances: squared, (n, n).
        perplexity: effective number of neighbours, above 1 and below n - 1.
    """
    count = len(distances)
    conditional = np.zeros((count, count))
    others = ~np.eye(count, dtype=bool)
    for row in range(count):
        to_others = distances[row, others[row]]
        to_others = to_others - to_others.min()
        low, high, precision = 0.0, np.inf, 1 / max(float(to_others.mean()), SMALLEST)
        for _ in range(SEARCH_STEPS):
            weights = np.exp(-to_others * precision)
            total = weights.sum()
            entropy = np.log(total) + precision * float(to_others @ weights) / total
            if abs(entropy - np.log(perplexity)) < 1e-6:
                break
            if entropy > np.log(perplexity):
                low = precision
                precision = 2 * precision if np.isinf(high) else (low + high) / 2
            else:
                high = precision
                precision = (low + high) / 2
        conditional[row, others[row]] = weights / total
    return np.maximum((conditional + conditional.T) / (2 * count), 0)


def gradient(joint: FloatMatrix, points: FloatMatrix) -> FloatMatrix:
    """Of the Kullback-Leibler divergence by the points (n, 2), equation 5 of the paper."""
    student = 1 / (1 + squared_distances(points))
    np.fill_diagonal(student, 0)
    forces = (joint - student / student.sum()) * student
    return 4 * (forces.sum(1)[:, None] * points - forces @ points)


def tsne(vectors: NDArray[np.floating], *, perplexity: float = 20.0, steps: int = 750
         ) -> FloatMatrix:
    """Place vectors in the plane so that near ones stay near.

    Args:
        vectors: (n, D), n at least 4.
        perplexity: effective number of neighbours; no more than a third of the vectors is used.
        steps: of gradient descent.

    Returns:
        (n, 2), centred.

    Raises:
        ConfigError: too few vectors, or a perplexity below 1.
    """
    if len(vectors) < FEWEST or perplexity < 1:
        raise ConfigError(f'{len(vectors)} vectors were to be placed with a perplexity of '
                          f'{perplexity:g}; expected at least {FEWEST} and 1 or more')
    exact = np.asarray(vectors, np.float64)
    joint = joint_probabilities(squared_distances(exact),
                                min(perplexity, max(1.5, (len(exact) - 1) / 3)))
    points = _first_components(exact)
    points *= 1e-4 / max(float(points[:, 0].std()), SMALLEST)
    rate = max(len(exact) / EXAGGERATION / 4, 50.0)
    speed, gains = np.zeros_like(points), np.ones_like(points)
    for step in range(steps):
        early = step < EXAGGERATED_STEPS
        slope = gradient(joint * (EXAGGERATION if early else 1.0), points)
        turned = np.sign(slope) != np.sign(speed)
        gains = np.maximum(np.where(turned, gains + 0.2, gains * 0.8), 0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gains * slope
        points = points + speed
        points -= points.mean(0)
    return points


def _first_components(vectors: FloatMatrix) -> FloatMatrix:
    centred = vectors - vectors.mean(0)
    left, values, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(1)])  # else up to chance
    found = (left * values * signs)[:, :2]
    return np.pad(found, ((0, 0), (0, 2 - found.shape[1])))
