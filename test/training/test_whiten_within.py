# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Principal components of the variance inside groups."""

from __future__ import annotations

import numpy as np

from training import whiten


def test_within_leaves_out_what_tells_groups_apart():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], [5, 9, 4])
    offsets = np.zeros((3, 6))
    offsets[:, 0] = [-100, 0, 80]
    samples = rng.normal(size=(18, 6)) + offsets[groups]
    centred, mean = whiten.within(samples, groups)
    for group in range(3):
        np.testing.assert_allclose(centred[groups == group].mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(
        mean, np.mean([samples[groups == group].mean(0) for group in range(3)], axis=0))
    assert abs(whiten.fit(samples, 1).basis[0, 0]) > 0.99
    assert whiten.fit(centred, 1).variance[0] < 5
