# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Line similarity: what the frames before were like where a match puts them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.decision.line import Earlier, line_similarities, seen_of, WINDOW_M
from vpr_ros.decision.sequence import SequenceTracker
from vpr_ros.keyframes import NO_IMAGE
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Place

# Places lie on whole metres and seconds: with these, none lies on the edge of what counts.
SETTINGS = Settings(sequence_window_m=50.0, sequence_window_s=6.0, keyframe_distance_m=1.03,
                    keyframe_interval_s=1.01, candidates=4)


def _frame(second, metre=None):
    return Frame(NO_IMAGE, int(second * 1e9), travelled_m=metre)


def _place(along, *, session=1, odometry=True):
    """Make a place of a drive at 1 m/s, ``along`` metres and seconds from its start."""
    return Place(int(along) + 1, session, int(along * 1e9),
                 travelled_m=float(along) if odometry else None)


def _line(earlier, matched, *, odometry=True, ends=(0.0, 500.0), query=100.0, own=0.5,
          settings=SETTINGS):
    """Line similarity of a match, of (metre = second of the frame, [(along, similarity)])."""
    tracker = SequenceTracker()
    for step, candidates in earlier:
        ranked = [(_place(along, odometry=odometry), similarity, None)
                  for along, similarity in candidates]
        tracker.push(_frame(step, step if odometry else None), ranked, settings)
    frame = _frame(query, query if odometry else None)
    found, = tracker.line_similarities(
        frame, [(_place(matched, odometry=odometry), own)],
        lambda _: tuple(_place(end, odometry=odometry) for end in ends), settings)
    return found


def test_alone_a_match_has_its_own_similarity():
    assert _line([], 50) == 0.5


@pytest.mark.parametrize('odometry', [True, False])
@pytest.mark.parametrize('direction', [1, -1])
def test_it_is_the_mean_over_the_way_that_led_there(direction, odometry):
    earlier = [(100 - back, [(300, 0.9), (50 - direction * back, 0.1 * back)])
               for back in (6, 3)]
    assert _line(earlier, 50, odometry=odometry) == pytest.approx((0.5 + 0.6 + 0.3) / 3)


def test_a_place_that_was_not_found_counts_as_the_least_that_was():
    full = [(10 * i, 0.8 - 0.1 * i) for i in range(4)]
    assert _line([(95, full)], 200) == pytest.approx((0.5 + 0.5) / 2)
    assert _line([(95, full[:3])], 200) == pytest.approx((0.5 + 0.0) / 2)
    assert _line([(95, [(10, 0.4), (20, -0.3)])], 200) == pytest.approx((0.5 - 0.3) / 2)
    assert _line([(95, [])], 200) == pytest.approx((0.5 + 0.0) / 2)


def test_a_line_that_leads_out_of_the_map_leaves_frames_out():
    earlier = [(90, []), (95, [(1, 0.7)])]  # 10 m back nothing lies, 5 m back a place
    assert _line(earlier, 6, ends=(0, 7)) == pytest.approx((0.5 + 0.7) / 2)
    assert _line(earlier, 6, ends=(0, 500)) == pytest.approx((0.5 + 0.7) / 2)
    assert _line(earlier, 6, ends=(-50, 500)) == pytest.approx((0.5 + 0.7 + 0.0) / 3)


def test_only_the_last_metres_count():
    far = 100 - WINDOW_M - 3
    assert _line([(far, [(50 - WINDOW_M - 3, 0.9)])], 50) == 0.5
    assert _line([(82, [(32, 0.9)])], 50) == pytest.approx(0.7)
    near = SETTINGS.replace(sequence_window_m=15.0)
    assert _line([(82, [(32, 0.9)])], 50, settings=near) == 0.5


@pytest.mark.parametrize('ratio', [0.5, 0.7, 1.0, 1.4, 2.0])
def test_another_speed_counts_without_odometry_alone(ratio):
    assert _line([(95, [(50 - 5 * ratio, 0.9)])], 50, odometry=False) == pytest.approx(0.7)
    found = _line([(85, [(50 - 15 * ratio, 0.9)])], 50)
    assert found == pytest.approx(0.7 if ratio == 1.0 else 0.25)


def test_of_several_places_on_the_line_the_most_alike_counts():
    assert _line([(95, [(45, 0.2), (46, 0.6), (44, 0.3)])], 50) == pytest.approx(0.55)


def test_places_of_another_session_are_not_on_the_line():
    seen = seen_of([(_place(45, session=2), 0.9, None)], SETTINGS)
    found = line_similarities(
        [Earlier(95 * 10**9, 95.0, seen)], _frame(100, 100.0), [(_place(50), 0.5)],
        lambda _: None, SETTINGS)
    assert found == [pytest.approx(0.25)]


def _oracle(earlier, frame, place, own, ends, settings):
    """Hypothesis by hypothesis, frame by frame, place by place."""
    metric = frame.travelled_m is not None and place.travelled_m is not None
    used = []
    for entry in earlier:
        if metric and entry.travelled_m is None:
            continue
        moved = (abs(frame.travelled_m - entry.travelled_m) if metric
                 else (frame.stamp_ns - entry.stamp_ns) * 1e-9)
        if 0 <= moved <= (min(20.0, settings.sequence_window_m) if metric
                          else settings.sequence_window_s):
            used.append((moved, entry.seen))
    best = -np.inf
    for ratio in (1.0,) if metric else (0.5, 0.7, 1.0, 1.4, 2.0):
        for direction in (1, -1):
            values = [own]
            for moved, seen in used:
                way = moved * ratio
                apart = (0.05 * way + 1.5 * settings.keyframe_distance_m if metric
                         else 0.2 * way + 0.5 * settings.keyframe_interval_s)

                def off(stamp_ns, metres, way=way, direction=direction):
                    """How far a place lies behind where it should be, along the map's drive."""
                    along = (place.travelled_m - metres if metric
                             else (place.stamp_ns - stamp_ns) * 1e-9)
                    return direction * way - along

                if ends is not None:
                    first, last = (None if metric and end.travelled_m is None
                                   else off(end.stamp_ns, end.travelled_m) for end in ends)
                    if (first is not None and first > apart) or (
                            last is not None and last < -apart):
                        continue
                on_line = [
                    row['similarity'] for row in seen.rows
                    if row['session_id'] == place.session_id
                    and not (metric and np.isnan(row['travelled_m']))
                    and abs(off(int(row['stamp_ns']), float(row['travelled_m']))) <= apart]
                values.append(max(on_line, default=seen.rest))
            best = max(best, float(np.mean(values)))
    return best


_METRES = st.none() | st.integers(0, 30).map(float)
_PLACES = st.builds(
    lambda session, second, metres: Place(1 + second, session, second * 10**9,
                                          travelled_m=metres),
    st.integers(1, 2), st.integers(0, 30), _METRES)
_SIMILARITY = st.floats(-1, 1)
_SEEN = st.lists(st.tuples(_PLACES, _SIMILARITY, st.none()), max_size=6)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), _METRES, _SEEN), max_size=8),
       st.lists(st.tuples(_PLACES, _SIMILARITY), max_size=5), _METRES,
       st.none() | st.tuples(_PLACES, _PLACES))
def test_many_at_once_are_those_of_an_explicit_loop(steps, matches, metres, ends):
    earlier = [Earlier(second * 10**9, way, seen_of(ranked, SETTINGS))
               for second, way, ranked in steps]
    frame = _frame(10, metres)
    found = line_similarities(earlier, frame, matches, lambda _: ends, SETTINGS)
    assert found == pytest.approx(
        [_oracle(earlier, frame, place, own, ends, SETTINGS) for place, own in matches])


def test_what_is_remembered_is_bounded():
    tracker = SequenceTracker()
    for i in range(1000):
        tracker.push(_frame(i * 0.01, 0.1 * i), [(_place(i), 0.5, None)] * 100, SETTINGS)
    assert len(tracker.entries) <= 21
    assert all(seen.rows.nbytes == 32 * 100 for *_, seen in tracker.entries)
