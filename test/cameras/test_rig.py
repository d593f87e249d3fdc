# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names and directions of cameras, and moments made of their images."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from vpr_ros.cameras.grouping import Grouping
from vpr_ros.cameras.rig import MountedCamera, parse_cameras, Rig, wrapped
from vpr_ros.errors import ConfigError


def test_cameras_are_names_with_yaws() -> None:
    assert parse_cameras(['front:0', 'left:90', 'rear:-180']) == (
        MountedCamera('front', 0.0), MountedCamera('left', math.pi / 2),
        MountedCamera('rear', math.pi))


@pytest.mark.parametrize(('words', 'found'), [
    (['front'], 'front'), (['front:ahead'], 'ahead'), (['front:nan'], 'nan'),
    (['1st:0'], '1st'), (['a b:0'], 'a b'), (['a:0', 'a:90'], 'twice'),
    ([f'c{n}:0' for n in range(9)], '9 found'), ([':0'], ':0'),
])
def test_what_is_no_camera_is_refused(words: list[str], found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        parse_cameras(words)


@given(st.floats(-1e3, 1e3))
def test_wrapped_angles_are_the_same_direction(angle: float) -> None:
    turned = wrapped(angle)
    assert -math.pi < turned <= math.pi
    assert math.cos(turned) == pytest.approx(math.cos(angle), abs=1e-9)
    assert math.sin(turned) == pytest.approx(math.sin(angle), abs=1e-9)


def test_a_match_of_the_rear_camera_with_the_front_one_turns_the_robot() -> None:
    rig = Rig(parse_cameras(['front:0', 'left:90', 'rear:180']))
    for name in ('front', 'left', 'rear'):
        rig.learn(name, f'{name}_optical')
    assert rig.match_yaw_rad('rear_optical', 'front_optical') == pytest.approx(math.pi)
    assert rig.match_yaw_rad('front_optical', 'front_optical') == 0.0
    # the left camera sees what the front one saw: the robot of the map looked to the left of us
    assert rig.match_yaw_rad('left_optical', 'front_optical') == pytest.approx(math.pi / 2)
    assert rig.match_yaw_rad('left_optical', 'unknown') is None


def test_two_cameras_with_one_frame_are_refused() -> None:
    rig = Rig(parse_cameras(['front:0', 'rear:180']))
    rig.learn('front', 'camera')
    rig.learn('front', 'camera')
    with pytest.raises(ConfigError, match='front and rear both carry'):
        rig.learn('rear', 'camera')


def ms(value: float) -> int:
    return round(value * 1_000_000)


def test_images_of_one_moment_become_one_set_in_the_order_of_the_cameras() -> None:
    grouping: Grouping[str] = Grouping(('front', 'rear'), 0.05)
    assert grouping.add('rear', ms(10), 'r0') == []
    assert grouping.add('front', ms(0), 'f0') == [{'front': 'f0', 'rear': 'r0'}]
    assert grouping.add('front', ms(100), 'f1') == []
    assert grouping.add('rear', ms(140), 'r1') == [{'front': 'f1', 'rear': 'r1'}]
    assert (grouping.incomplete, grouping.late) == (0, 0)


def test_a_camera_that_is_silent_does_not_silence_the_other() -> None:
    grouping: Grouping[str] = Grouping(('front', 'rear'), 0.05)
    found = [moment for n in range(4) for moment in grouping.add('front', ms(100 * n), f'f{n}')]
    assert found == [{'front': 'f0'}, {'front': 'f1'}, {'front': 'f2'}]
    assert grouping.incomplete == 3


def test_images_too_far_apart_are_not_one_moment() -> None:
    grouping: Grouping[str] = Grouping(('front', 'rear'), 0.01)
    grouping.add('front', ms(0), 'f0')
    assert grouping.add('rear', ms(20), 'r0') == [{'front': 'f0'}]
    assert grouping.add('front', ms(10), 'late is what is older') == [
        {'front': 'late is what is older', 'rear': 'r0'}]
    grouping.add('front', ms(500), 'f1')
    assert grouping.add('rear', ms(400), 'r1') == [] and grouping.late == 1


@given(st.lists(st.tuples(st.sampled_from('abc'), st.integers(0, 500)), max_size=40))
def test_a_moment_holds_each_camera_once_and_nothing_far_apart(
    arrivals: list[tuple[str, int]]
) -> None:
    grouping: Grouping[tuple[str, int]] = Grouping(('a', 'b', 'c'), 0.03)
    moments = [m for name, at in arrivals for m in grouping.add(name, ms(at), (name, at))]
    for moment in moments:
        assert all(name == item[0] for name, item in moment.items())
        stamps = [at for _, at in moment.values()]
        assert max(stamps) - min(stamps) <= 30
    taken = sum(map(len, moments))
    assert taken + grouping.late + len(grouping._open) == len(arrivals)
