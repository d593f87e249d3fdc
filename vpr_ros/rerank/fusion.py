# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of several patch sizes as one (Patch-NetVLAD, equation 5)."""

from __future__ import annotations

from collections.abc import Mapping
import math

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError

Float64Array = NDArray[np.float64]
FUSIONS = ('convex', 'z_score')


def check_weights(weights: Mapping[int, float]) -> dict[int, float]:
    """Return the weights if they are convex: not negative, with sum 1.

    Raises:
        ConfigError: they are not; the sentence names the first that is wrong.
    """
    if not weights:
        raise ConfigError('no patch size is given for re-ranking; give at least one with weight 1')
    for size, weight in weights.items():
        if not (math.isfinite(weight) and 0.0 <= weight <= 1.0):
            raise ConfigError(f'the weight {weight} of patch size {size} is outside 0..1')
    total = math.fsum(weights.values())
    if abs(total - 1.0) > 1e-6:
        raise ConfigError(f'the weights of the patch sizes add up to {total:g}, expected 1')
    return dict(weights)


def fuse(scores: Mapping[int, Float64Array], weights: Mapping[int, float],
         fusion: str = 'convex') -> Float64Array:
    """Combine the scores of the candidates over patch sizes.

    Args:
        scores: patch size -> float64 (B,), higher is better.
        weights: patch size -> weight, convex.
        fusion: ``convex`` is equation 5. ``z_score`` first makes each size's scores zero-mean and
            unit-variance over the candidates of this query, as the authors' evaluation does: good
            for a ranking, meaningless as an absolute score. Where all candidates score alike (or
            there is one) it gives 0 and not NaN.

    Returns:
        float64 (B,).

    Raises:
        ConfigError: no such fusion, weights that are not convex, or a size without scores.
    """
    if fusion not in FUSIONS:
        raise ConfigError(f'fusion {fusion!r} is not one of {", ".join(FUSIONS)}')
    weights = check_weights(weights)
    missing = [size for size in weights if size not in scores]
    if missing:
        raise ConfigError(f'no scores of patch size {missing[0]}; sizes scored: {sorted(scores)}')
    of = _standardise if fusion == 'z_score' else np.asarray
    return sum((weight * of(scores[size]) for size, weight in weights.items()),
               start=np.zeros(len(scores[next(iter(weights))])))


def _standardise(scores: Float64Array) -> Float64Array:
    deviation = scores.std()
    if not deviation > 1e-12 * max(1.0, float(np.abs(scores).max(initial=0.0))):
        return np.zeros_like(scores)
    return (scores - scores.mean()) / deviation
