# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rendered drives become data that training and evaluation read back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.data import FrameTable
from training.images import read_rgb
from training.render import POSITIVE_RADIUS_M, render_evaluation, render_training, yaw
from training.sources import ground_truth_folder, posed
from vpr_ros.errors import ConfigError
from vpr_ros.types import Pose
from vpr_ros.world import Conditions

SPACING_M = 40.0


def test_training_frames_of_two_drives_meet(tmp_path):
    count = render_training(tmp_path, [3], 2, lambda _: None, spacing_m=SPACING_M)
    frames = posed(tmp_path)
    assert len(frames) == count >= 10
    assert {frame.environment for frame in frames} == {'world/3'}
    assert read_rgb(frames[0].path).shape == (240, 320, 3)
    # the first frames of both drives stand near each other and look the same way
    second = next(i for i, frame in enumerate(frames) if frame.path.name.startswith('1_'))
    gap = math.dist(frames[0].position, frames[second].position) * POSITIVE_RADIUS_M
    assert gap < 8
    relation = FrameTable(frames).relation(np.array([0]), np.arange(count))[0]
    assert relation[0] == 1 and np.count_nonzero(relation == -1) > count / 2


def test_no_drives_are_refused_before_a_folder_is_made(tmp_path):
    with pytest.raises(ConfigError, match='-1 drives of a world found, expected 1 or more'):
        render_training(tmp_path / 'out', [3], -1)
    assert list(tmp_path.iterdir()) == []


def test_evaluation_folder_names_the_places_in_reach(tmp_path):
    queries = render_evaluation(tmp_path, 3, Conditions.day(), Conditions.night(),
                                spacing_m=SPACING_M)
    dataset = ground_truth_folder(tmp_path)
    assert len(dataset.queries) == queries
    assert 0 in dataset.correct[0].tolist()
    assert all(len(right) <= 1 for right in dataset.correct)  # 40 m apart, 5 m count


@pytest.mark.parametrize('angle', [-3.0, -0.5, 0.0, 2.0])
def test_yaw(angle):
    pose = Pose((0.0, 0.0, 0.0), (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2)))
    assert yaw(pose) == pytest.approx(angle)
