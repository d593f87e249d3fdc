# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Relative poses between two rendered drives with known poses; the medians are printed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vpr_ros.geometry.accuracy import drive_errors
from vpr_ros.world import Conditions, World


@pytest.fixture(scope='module')
def world() -> World:
    return World(seed=3, scale=0.7)


def test_with_depth_within_a_tenth_of_a_metre_and_a_degree(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = drive_errors(world, Conditions.day(), Conditions.overcast(traffic_seed=2), pairs=4)
    with capsys.disabled():
        print(f'\n{errors.in_words()}')
    assert errors.estimated >= 3
    assert np.median(errors.position_m) < 0.1
    assert np.median(errors.rotation_deg) < 1.0
    assert all(math.isfinite(value) for value in errors.mahalanobis)
