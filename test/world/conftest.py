# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One town and one corridor for all tests: building them is the slow part."""

from __future__ import annotations

import pytest

from vpr_ros.world import Camera, World


@pytest.fixture(scope='session')
def town() -> World:
    return World(seed=3, scale=0.7)


@pytest.fixture(scope='session')
def corridor() -> World:
    return World(seed=3, kind='corridor', scale=0.7)


@pytest.fixture(scope='session')
def small() -> Camera:
    return Camera(160, 120)
