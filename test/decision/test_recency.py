# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is recent: by distance, by time, and the tail of a view that changes slowly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.decision.recency import first_recent, RISE, tail_start
from vpr_ros.place_map import ModelIdentity, PlaceMap
from vpr_ros.settings import Settings
from vpr_ros.types import Frame

IMAGE = np.zeros((1, 1, 3), np.uint8)


@pytest.fixture
def place_map():
    """Twenty places 2 m and 1 s apart that have nothing in common."""
    with PlaceMap.create(':memory:', ModelIdentity('m', 'ab', 20)) as opened:
        opened.new_session()
        for i in range(20):
            opened.add(np.eye(20, dtype=np.float32)[i], stamp_ns=i * 10**9, travelled_m=2.0 * i)
        yield opened


def _query(like):
    return np.eye(20, dtype=np.float32)[like]


def test_distance_and_time_bound_what_is_recent(place_map):
    settings = Settings(recent_distance_m=10.0, recent_time_s=4.0)
    with_odometry = Frame(IMAGE, 20 * 10**9, travelled_m=40.0)
    assert first_recent(place_map, with_odometry, _query(3), settings) == 16  # at 30 m
    without = Frame(IMAGE, 20 * 10**9)
    assert first_recent(place_map, without, _query(3), settings) == 17  # at 16 s


def test_nothing_is_recent_in_a_new_session(place_map):
    place_map.new_session()
    assert first_recent(place_map, Frame(IMAGE, 10**12), _query(3), Settings()) is None


def test_another_cameras_places_do_not_end_the_tail(place_map):
    now, other = _query(0), _query(1)
    for number, cosine in enumerate((0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)):
        left = cosine * now + np.sqrt(1 - cosine**2) * other
        for side, seen in (('left', left), ('right', now if number % 2 else other)):
            place_map.add(np.float32(seen), stamp_ns=(20 + number) * 10**9, frame_id=side)
    settings = Settings(recent_time_s=2.0)
    stamp_ns = 27 * 10**9
    assert first_recent(place_map, Frame(IMAGE, stamp_ns, 'left'), now, settings) == 21
    assert first_recent(place_map, Frame(IMAGE, stamp_ns, 'rear'), now, settings) == 31


def test_the_tail_of_a_slow_change_is_recent():
    street = np.linspace(0.3, 0.9, 30)  # 0.3 long ago, 0.9 now
    assert tail_start(street) == 0
    revisit = np.concatenate([[0.1, 0.4, 0.8, 0.8, 0.4, 0.1, 0.1], street])
    assert 5 <= tail_start(revisit) <= 7  # in the valley between the revisit and the street


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=64))
def test_the_tail_ends_in_its_lowest_place(values):
    start = tail_start(values)
    assert 0 <= start < len(values)
    n = len(values)
    smooth = [float(np.mean(values[max(0, i - 1):min(n, i + 2)])) for i in range(n)]
    assert smooth[start] == pytest.approx(min(smooth[start:]))
    lower = [i for i in range(start) if smooth[i] < smooth[start] - 1e-9]
    if lower:  # it did not go on to there because something rose in between
        between = smooth[max(lower):start]
        assert any(value > smooth[start] + RISE - 1e-9 for value in between)
