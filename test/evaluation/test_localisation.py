# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Localisation by the pose of the recognised place, against explicit loops and matrices."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vpr_ros.evaluation.localisation import LocalisationError, pose_error, THRESHOLDS
from vpr_ros.types import Pose

DISTANCES = st.none() | st.sampled_from([0.0, 0.25, 0.26, 0.5, 4.0, 5.0, 6.0])
ANGLES = st.none() | st.sampled_from([0.0, 2.0, 2.1, 5.0, 10.0, 11.0])
ANGLE = st.floats(-np.pi, np.pi)


@settings(deadline=None)
@given(st.lists(st.tuples(DISTANCES, ANGLES)))
def test_shares_are_those_of_a_loop(rows) -> None:
    metric = LocalisationError()
    for row in rows:
        metric.update(*row)
    figures = metric.compute()
    assert figures['queries'] == len(rows)
    for (metres, degrees), row in zip(THRESHOLDS, figures['within'], strict=True):
        good = [d is not None and d <= metres and (a is None or a <= degrees) for d, a in rows]
        assert row['share'] == (pytest.approx(np.mean(good)) if rows else None)
    found = [d for d, _ in rows if d is not None]
    assert figures['median_m'] == (np.median(found) if found else None)
    turns = [a for _, a in rows if a is not None]
    assert figures['median_deg'] == (np.median(turns) if turns else None)


@settings(deadline=None)
@given(st.tuples(ANGLE, ANGLE, ANGLE), st.tuples(ANGLE, ANGLE, ANGLE))
def test_the_angle_is_that_of_the_rotation_between(a, b) -> None:
    turns = [Rotation.from_euler('xyz', angles) for angles in (a, b)]
    poses = [Pose((float(i), 0.0, 0.0), tuple(turn.as_quat().tolist()))
             for i, turn in enumerate(turns)]
    distance, angle = pose_error(*poses)
    matrix = turns[0].as_matrix().T @ turns[1].as_matrix()
    cosine = float(np.clip((np.trace(matrix) - 1) / 2, -1, 1))
    assert distance == 1.0
    assert math.radians(angle) == pytest.approx(math.acos(cosine), abs=1e-6)


def test_reset_forgets() -> None:
    metric = LocalisationError()
    metric.update(0.1, 1.0)
    metric.reset()
    assert metric.compute()['queries'] == 0
    assert metric.compute()['within'][0]['share'] is None
