# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Logistic regression with weights that are not negative, by projected Newton steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MAX_STEPS = 200
TOLERANCE = 1e-9  # on the projected gradient, per sample


def fit_logistic(features: Array, labels: NDArray[np.bool_], *, penalty: float = 1.0) -> Array:
    """Minimise the penalised log-loss over weights >= 0 and a free intercept.

    loss(w, b) = sum_i -log P(y_i | w.x_i + b) + penalty / 2 * |w * deviation|^2, where deviation
    is the standard deviation of each feature, so that units do not matter. The targets are
    Platt's, (n+ + 1) / (n+ + 2) and 1 / (n- + 2), so that separable samples give no certainty.

    Args:
        features: float64 (n, d).
        labels: bool (n,), both values present.
        penalty: strength of the L2 term, > 0.

    Returns:
        float64 (d + 1,): weights per unit of each feature, then the intercept.
    """
    center, deviation = features.mean(axis=0), features.std(axis=0)
    scale = np.where(deviation > 1e-12, deviation, 1.0)
    design = np.column_stack([(features - center) / scale, np.ones(len(features))])
    positives = int(labels.sum())
    target = np.where(labels, (positives + 1) / (positives + 2),
                      1 / (len(labels) - positives + 2))
    ridge = np.append(np.full(features.shape[1], penalty), 0.0)
    solution = _minimise(design, target, ridge)
    weights = solution[:-1] / scale
    return np.append(weights, solution[-1] - weights @ center)


def _loss(design: Array, target: Array, ridge: Array, x: Array) -> float:
    odds = design @ x
    return float(np.sum(np.logaddexp(0.0, odds) - target * odds) + ridge @ x**2 / 2)


def _minimise(design: Array, target: Array, ridge: Array) -> Array:
    """Projected Newton (Bertsekas 1982): weights at 0 that want to be negative stay there."""
    bounded = np.append(np.ones(design.shape[1] - 1, bool), False)
    x = np.zeros(design.shape[1])
    for _ in range(MAX_STEPS):
        probability = 1.0 / (1.0 + np.exp(-np.clip(design @ x, -500, 500)))
        gradient = design.T @ (probability - target) + ridge * x
        free = ~(bounded & (x <= 0) & (gradient > 0))
        if np.abs(gradient[free]).max(initial=0.0) <= TOLERANCE * len(target):
            break
        curvature = probability * (1 - probability) + 1e-12
        hessian = (design.T * curvature) @ design + np.diag(ridge + 1e-9)
        step = np.zeros_like(x)
        step[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        moved = _search(design, target, ridge, x, step, bounded)
        if moved is None:
            break  # no descent left within float64
        x = moved
    return x


def _search(
    design: Array, target: Array, ridge: Array, x: Array, step: Array, bounded: NDArray[np.bool_]
) -> Array | None:
    """Halve the step until the loss falls, projecting on the allowed weights; None if never."""
    start = _loss(design, target, ridge, x)
    length = 1.0
    while length > 1e-10:
        trial = x - length * step
        trial[bounded] = np.maximum(trial[bounded], 0.0)
        if _loss(design, target, ridge, trial) < start:
            return trial
        length /= 2
    return None
