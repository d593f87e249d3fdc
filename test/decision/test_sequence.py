# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sequence support: both directions, any speed, stops; none for scattered matches."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.decision.sequence import SequenceTracker
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Place

IMAGE = np.zeros((1, 1, 3), np.uint8)
SETTINGS = Settings(sequence_window_m=10.0, sequence_window_s=5.0, keyframe_distance_m=1.0)


def _frame(seconds, travelled_m=None):
    return Frame(IMAGE, int(seconds * 1e9), travelled_m=travelled_m)


def _place(along_m, *, session=1, odometry=True):
    """Make a place of a drive at 1 m/s, ``along_m`` metres (= seconds) from its start."""
    travelled_m = float(along_m) if odometry else None
    return Place(int(along_m * 10) + 1, session, int(along_m * 1e9), travelled_m=travelled_m)


def _support(pairs, *, odometry=True):
    """Feed (query seconds, query metres, matched metres); support of the last one."""
    tracker = SequenceTracker()
    for seconds, travelled_m, along_m in pairs[:-1]:
        frame = _frame(seconds, travelled_m if odometry else None)
        tracker.push(frame, [(_place(along_m, odometry=odometry), 0.9, None)], SETTINGS)
    seconds, travelled_m, along_m = pairs[-1]
    frame = _frame(seconds, travelled_m if odometry else None)
    return tracker.support(frame, _place(along_m, odometry=odometry), SETTINGS)


@pytest.mark.parametrize('odometry', [True, False])
@pytest.mark.parametrize('direction', [1, -1])
def test_a_revisit_is_supported_in_both_directions(direction, odometry):
    pairs = [(i, 100.0 + i, 50.0 + direction * i) for i in range(8)]
    support, frames = _support(pairs, odometry=odometry)
    assert support == frames
    assert frames >= 4


def test_speed_does_not_matter_with_odometry():
    seconds = np.cumsum([1, 9, 0.2, 0.2, 30, 1, 1])  # stops and sprints
    pairs = [(s, 100.0 + i, 50.0 + i) for i, s in enumerate(seconds)]
    assert _support(pairs) == (6, 6)


def test_twice_the_speed_is_supported_without_odometry():
    pairs = [(i, 0.0, 50.0 + 2.0 * i) for i in range(6)]
    support, frames = _support(pairs, odometry=False)
    assert (support, frames) == (5, 5)


def test_scattered_matches_are_not_supported():
    pairs = [(i, 100.0 + i, along) for i, along in enumerate([10, 90, 30, 70, 20, 80, 50])]
    support, frames = _support(pairs)
    assert frames == 6
    assert support == 0


def test_one_direction_at_a_time():
    # forwards and backwards in turn: neither direction explains all of them
    pairs = [(i, 100.0 + 3 * i, 50.0 + (9 - 3 * i) * (-1) ** i) for i in range(3)] + [(3, 109, 50)]
    support, _ = _support(pairs)
    assert support <= 2


def test_matches_of_another_session_do_not_count():
    tracker = SequenceTracker()
    for i in range(5):
        tracker.push(_frame(i, 100.0 + i), [(_place(50.0 + i, session=2), 0.9, None)], SETTINGS)
    assert tracker.support(_frame(5, 105.0), _place(55.0), SETTINGS) == (0, 5)


def test_the_window_forgets_and_standing_still_is_no_evidence():
    tracker = SequenceTracker()
    for i in range(100):
        tracker.push(_frame(i * 0.1, 100.0), [(_place(50.0), 0.9, None)], SETTINGS)
    assert tracker.support(_frame(10.0, 100.0), _place(50.0), SETTINGS) == (1, 1)
    assert tracker.support(_frame(10.0, 111.0), _place(61.0), SETTINGS) == (0, 0)
    tracker.push(_frame(10.0, 130.0), [], SETTINGS)
    assert tracker.support(_frame(10.1, 131.0), _place(50.0), SETTINGS) == (0, 1)
    tracker.reset()
    assert tracker.support(_frame(10.1, 131.0), _place(50.0), SETTINGS) == (0, 0)


def _oracle(entries, frame, place, settings):
    """Frame by frame, hypothesis by hypothesis, in plain numbers."""
    frames, counts = 0, {}
    for stamp_ns, travelled_m, places in entries:
        odometry = travelled_m is not None and frame.travelled_m is not None
        moved = (abs(frame.travelled_m - travelled_m) if odometry
                 else (frame.stamp_ns - stamp_ns) * 1e-9)
        window = settings.sequence_window_m if odometry else settings.sequence_window_s
        if not 0 <= moved <= window:
            continue
        frames += 1
        led = set()
        for before in places:
            if before.session_id != place.session_id:
                continue
            if odometry and before.travelled_m is not None and place.travelled_m is not None:
                along, way = place.travelled_m - before.travelled_m, moved
                slack, error, ratios = 1.5 * settings.keyframe_distance_m, 0.05, (1.0,)
            else:
                along = (place.stamp_ns - before.stamp_ns) * 1e-9
                way = (frame.stamp_ns - stamp_ns) * 1e-9
                slack, error = 0.5 * settings.keyframe_interval_s, 0.2
                ratios = (0.5, 0.7, 1.0, 1.4, 2.0)
            led |= {(ratio, sign) for ratio in ratios for sign in (1, -1)
                    if abs(sign * along - way * ratio) <= way * ratio * error + slack}
        for key in led:
            counts[key] = counts.get(key, 0) + 1
    return max(counts.values(), default=0), frames


_METRES = st.none() | st.integers(0, 12).map(float)
_PLACES = st.builds(
    lambda session, second, metres: Place(1 + second, session, second * 10**9,
                                          travelled_m=metres),
    st.integers(1, 2), st.integers(0, 12), _METRES)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), _METRES, st.lists(_PLACES, max_size=4)), max_size=8),
       st.lists(_PLACES, max_size=4), _METRES)
def test_many_at_once_are_those_of_an_explicit_loop(steps, places, travelled_m):
    tracker, second = SequenceTracker(), 0
    for gap, metres, matched in steps:
        second += gap
        tracker.push(_frame(second, metres), [(p, 0.9, None) for p in matched], SETTINGS)
    frame = _frame(second + 1, travelled_m)
    entries = [(e.stamp_ns, e.travelled_m, e.places) for e in tracker._entries]
    expected = [_oracle(entries, frame, place, SETTINGS) for place in places]
    assert tracker.supports(frame, places, SETTINGS) == expected
