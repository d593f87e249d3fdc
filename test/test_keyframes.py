# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Keyframe selection by distance, time, novelty and standstill."""

from __future__ import annotations

import numpy as np

from vpr_ros.keyframes import KeyframeSelector
from vpr_ros.settings import Settings
from vpr_ros.types import Frame

IMAGE = np.zeros((2, 2, 3), np.uint8)
SETTINGS = Settings(keyframe_distance_m=1.0, keyframe_interval_s=1.0, keyframe_novelty=0.3)


def _view(angle_rad):
    return np.array([np.cos(angle_rad), np.sin(angle_rad)], np.float32)


def _run(frames):
    """Feed (seconds, travelled, view angle); returns the indices of the keyframes."""
    selector, chosen = KeyframeSelector(), []
    for index, (seconds, travelled_m, angle) in enumerate(frames):
        frame = Frame(IMAGE, int(seconds * 1e9), travelled_m=travelled_m)
        if selector.wants(frame, _view(angle), SETTINGS):
            selector.added(frame, _view(angle))
            chosen.append(index)
    return chosen


def test_the_first_frame_is_a_keyframe():
    assert _run([(0.0, None, 0.0)]) == [0]


def test_with_odometry_the_distance_decides():
    frames = [(0.1 * i, 0.25 * i, 0.001 * i) for i in range(13)]
    assert _run(frames) == [0, 4, 8, 12]


def test_with_odometry_time_alone_adds_nothing():
    assert _run([(10.0 * i, 0.0, 0.5 * i) for i in range(5)]) == [0]


def test_without_odometry_the_time_decides():
    frames = [(0.25 * i, None, 0.05 * i) for i in range(13)]
    assert _run(frames) == [0, 4, 8, 12]


def test_a_robot_that_stands_still_adds_nothing():
    assert _run([(1.0 * i, None, 0.0) for i in range(10)]) == [0]


def test_a_new_view_is_taken_early():
    assert _run([(0.0, None, 0.0), (0.05, None, 1.5), (0.2, None, 1.5)]) == [0, 2]
    assert _run([(0.0, 0.0, 0.0), (0.5, 0.05, 1.5), (0.6, 0.2, 1.5)]) == [0, 2]


def test_reset_forgets():
    selector = KeyframeSelector()
    frame = Frame(IMAGE, 0)
    selector.added(frame, _view(0.0))
    assert not selector.wants(frame, _view(0.0), SETTINGS)
    selector.reset()
    assert selector.wants(frame, _view(0.0), SETTINGS)
