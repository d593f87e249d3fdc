# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Describing ahead changes the speed and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
import threading

from evaluation.scenes import two_laps
import numpy as np
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.errors import ModelError
from vpr_ros.evaluation.describe_ahead import described_ahead
from vpr_ros.evaluation.ground_truth_files import ground_truth_of_poses
from vpr_ros.evaluation.replay import replay
from vpr_ros.pipeline import Described
from vpr_ros.settings import Settings
from vpr_ros.types import Description, Frame

SETTINGS = Settings(recent_distance_m=10.0, min_probability=0.5)


def test_the_answers_are_the_same(model) -> None:
    frames = two_laps()
    frames[5] = Frame(np.zeros_like(frames[5].image), frames[5].stamp_ns)  # nothing to see
    truth = ground_truth_of_poses([(f.stamp_ns, f.pose) for f in frames if f.pose], radius_m=2.5)
    results = [replay(frames, open_recognizer(SETTINGS, model=model), truth, jobs=jobs).to_json()
               for jobs in (1, 3)]
    for name in ('results', 'all_frames', 'samples', 'loop_closures', 'by_distance'):
        assert results[0][name] == results[1][name]
    assert results[1]['throughput']['jobs'] == 3
    assert results[1]['all_frames']['reasons']['BLANK_IMAGE'] == 1
    assert {'describe', 'search', 'total'} <= set(results[1]['latency_ms'])


def test_frames_keep_their_order_and_few_are_read_ahead() -> None:
    frames, read = two_laps(), []

    def reading() -> Iterator[Frame]:
        for number, frame in enumerate(frames):
            read.append(number)
            yield frame

    first_waits = threading.Event()

    def describe(image) -> Described:
        if image is frames[0].image:  # the others overtake the first
            first_waits.wait(10)
        elif image is frames[2].image:
            first_waits.set()
        return Described(Description(np.ones(1, np.float32)), 1.0)

    for number, (frame, described) in enumerate(described_ahead(reading(), describe, 2)):
        assert frame is frames[number]
        assert described.describe_ms == 1.0
        assert len(read) <= number + 8
    assert len(read) == len(frames)


def test_an_error_comes_at_its_turn() -> None:
    frames = two_laps()[:6]

    def describe(image) -> Described:
        if image is frames[3].image:
            raise ModelError('broken')
        return Described(None, 0.0)

    seen = []
    with pytest.raises(ModelError, match='broken'):
        for frame, _ in described_ahead(frames, describe, 2):
            seen.append(frame.stamp_ns)
    assert seen == [f.stamp_ns for f in frames[:3]]
