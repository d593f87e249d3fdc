# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SeqSLAM beside loops written from its equations."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np

from vpr_ros.evaluation.sequence_baseline import enhanced, search, SeqSlam


def slow_enhanced(differences: np.ndarray, contrast: int) -> np.ndarray:
    result = np.zeros_like(differences, dtype=np.float64)
    for i in range(len(differences)):
        window = differences[max(0, i - contrast // 2):i + contrast // 2 + 1].astype(float)
        result[i] = (differences[i] - window.mean(axis=0)) / (window.std(axis=0) + 1e-6)
    return result


def slow_search(differences: np.ndarray, method: SeqSlam) -> tuple[list[int], list[float]]:
    local = slow_enhanced(differences, method.contrast)
    best, scores = [], []
    for now in range(differences.shape[1]):
        found = (np.inf, -1)
        for place in range(len(differences)) if now >= method.frames - 1 else ():
            for speed in np.arange(method.slowest, method.fastest + 1e-9, method.step):
                rows = [int(np.rint(place - speed * k)) for k in range(method.frames)]
                if rows[-1] >= 0:
                    total = sum(local[row, now - k] for k, row in enumerate(rows))
                    found = min(found, (total, place))
        best.append(found[1])
        scores.append(-found[0] / method.frames)
    return best, scores


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 14), st.integers(1, 9), st.integers(1, 12), st.integers(0, 1000))
def test_contrast_is_that_of_the_loop(places: int, frames: int, contrast: int, seed: int):
    differences = np.random.default_rng(seed).random((places, frames)).astype(np.float32)
    np.testing.assert_allclose(enhanced(differences, contrast),
                               slow_enhanced(differences, contrast), atol=2e-2)


@settings(max_examples=15, deadline=None)
@given(st.integers(4, 16), st.integers(1, 10), st.integers(0, 1000))
def test_the_search_is_that_of_the_loop(places: int, frames: int, seed: int):
    differences = np.random.default_rng(seed).random((places, frames)).astype(np.float32)
    method = SeqSlam(frames=4, contrast=6)
    best, scores = search(differences, method)
    expected, values = slow_search(differences, method)
    np.testing.assert_allclose(scores, values, atol=1e-3)
    assert (best == np.asarray(expected)).mean() >= 0.9  # sums that are equal but for rounding


def drive(seen: list[int], places: int = 60) -> np.ndarray:
    """Differences of a drive over places that each look like six others."""
    rng = np.random.default_rng(5)
    looks = rng.normal(size=(places, 8))
    looks[places // 2:] = looks[:places // 2] + rng.normal(size=(places - places // 2, 8)) * 0.2
    frames = looks[seen] + rng.normal(size=(len(seen), 8)) * 0.4
    return np.linalg.norm(looks[:, None] - frames[None], axis=2).astype(np.float32)


def test_a_drive_along_the_route_is_followed_and_one_against_it_is_not():
    along = list(range(30))
    right = search(drive(along))[0][9:] == along[9:]
    assert right.mean() > 0.9
    against = along[::-1]
    assert (search(drive(against))[0][9:] == against[9:]).mean() < 0.5


def test_the_first_frames_have_no_answer():
    best, scores = search(drive(list(range(12))))
    assert (best[:9] == -1).all()
    assert np.isneginf(scores[:9]).all()
    assert (best[9:] >= 0).all()
