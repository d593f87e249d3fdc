# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms and their covariances, against differences and samples."""

from __future__ import annotations

from collections.abc import Callable
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.geometry.rigid import (
    angle_between,
    carried_covariance,
    exp,
    inverse_covariance,
    perturbed,
    quaternion_of,
    Transform,
)
from vpr_ros.types import Pose


def some(seed: int) -> Transform:
    rng = np.random.default_rng(seed)
    return Transform(exp(rng.normal(size=3)), rng.normal(size=3) * 3)


def covariance(seed: int) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(6, 6)) * 0.01
    return root @ root.T


def differences(change: Callable[[Transform], Transform], at: Transform) -> np.ndarray:
    """How the result moves when the argument moves: the jacobian by central differences."""
    columns, result, step = [], change(at), 1e-6
    for axis in np.eye(6) * step:
        moved = [change(perturbed(at, sign * axis)) for sign in (1, -1)]
        turn = (moved[0].rotation @ moved[1].rotation.T) / (4 * step)
        about = [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
        columns.append([*((moved[0].translation_m - moved[1].translation_m) / (2 * step)), *about])
    assert result.rotation.shape == (3, 3)
    return np.array(columns).T


@pytest.mark.parametrize('seed', range(5))
def test_covariances_move_as_differences_say(seed: int) -> None:
    left, at, right, found = some(seed), some(seed + 100), some(seed + 200), covariance(seed)
    jacobian = differences(lambda t: left @ t @ right, at)
    np.testing.assert_allclose(carried_covariance(left, at, right, found),
                               jacobian @ found @ jacobian.T, atol=1e-7)
    jacobian = differences(Transform.inverse, at)
    np.testing.assert_allclose(inverse_covariance(at, found), jacobian @ found @ jacobian.T,
                               atol=1e-7)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_quaternions_and_inverses(seed: int) -> None:
    at = some(seed)
    back = Transform.of_pose(at.pose('map'))
    np.testing.assert_allclose(back.rotation, at.rotation, atol=1e-12)
    np.testing.assert_allclose((at @ at.inverse()).rotation, np.eye(3), atol=1e-12)
    np.testing.assert_allclose((at @ at.inverse()).translation_m, 0, atol=1e-12)
    points = np.random.default_rng(seed).normal(size=(4, 3))
    np.testing.assert_allclose(at.inverse().apply(at.apply(points)), points, atol=1e-9)


@pytest.mark.parametrize('turn', [(math.pi, 0, 0), (0, math.pi, 0), (0, 0, math.pi), (0, 0, 0)])
def test_half_turns(turn: tuple[float, float, float]) -> None:
    rotation = exp(np.array(turn, float))
    found = Transform.of_pose(Pose((0, 0, 0), quaternion_of(rotation))).rotation
    np.testing.assert_allclose(found, rotation, atol=1e-9)
    assert angle_between(np.eye(3), rotation) == pytest.approx(np.linalg.norm(turn))
