# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Places as rows: nothing lost on the way, nothing wrong let in."""

from __future__ import annotations

from fleet_helpers import descriptor_of, DIM
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.fleet import FleetError, SharedPlace
from vpr_ros.fleet.record import check_robot, LONGEST_KEY
from vpr_ros.types import Place, Pose

INTEGER = st.integers(1, 2**63 - 1)
NUMBER = st.floats(-1e9, 1e9)
NAME = st.text(st.characters(blacklist_characters='\0', blacklist_categories=['Cs']), max_size=256)
POSE = st.none() | st.builds(
    lambda x, y, z, name: Pose((x, y, z), (0.0, 0.6, 0.0, 0.8), name),
    NUMBER, NUMBER, NUMBER, NAME)
PLACE = st.builds(
    lambda number, stamp, frame, pose, travelled, spot: Place(
        number, 0, stamp, frame, pose, travelled, spot),
    INTEGER, INTEGER, NAME, POSE, st.none() | NUMBER, st.integers(0, 2**63 - 1))
HALF = descriptor_of('anna', 1).astype(np.float16)


def shared(place: Place, session: str = 'monday', robot: str = 'anna') -> SharedPlace:
    """Make a place of a robot."""
    return SharedPlace(robot, session, 'uuid', 'ab' * 32, place, HALF)


@settings(max_examples=50, deadline=None)
@given(place=PLACE, session=NAME)
def test_a_row_holds_all_of_a_place(place: Place, session: str) -> None:
    one = shared(place, session)
    back = SharedPlace.from_row(one.to_row(), DIM)
    assert back.place == place
    assert (back.robot, back.session, back.map_uuid, back.model_sha256) == (
        one.robot, one.session, one.map_uuid, one.model_sha256)
    assert np.array_equal(back.descriptor, one.descriptor)
    assert (back.key, back.digest) == (one.key, one.digest)
    assert len(one.key) <= LONGEST_KEY


def test_different_images_have_different_keys() -> None:
    names = ['', 'a', 'a/b', 'b', '%2F', 'ä']
    places = [shared(Place(1, 0, stamp, frame), session)
              for stamp in (1, 11) for frame in names for session in names]
    assert len({place.key for place in places}) == len(places)


def test_the_key_is_of_the_image_and_the_digest_of_all() -> None:
    one = shared(Place(1, 0, 5, 'camera'))
    moved = shared(Place(1, 0, 5, 'camera', Pose((1.0, 0.0, 0.0))))
    merged = shared(Place(77, 0, 5, 'camera'))
    assert one.key == moved.key == merged.key
    assert len({one.digest, moved.digest, merged.digest}) == 3


@pytest.mark.parametrize(
    ('column', 'value'),
    [
        ('place_id', 0),
        ('place_id', True),
        ('place_id', '1'),
        ('stamp_ns', 2**70),
        ('x_m', float('nan')),
        ('qw', 2.0),
        ('robot', ''),
        ('robot', 'a" or robot != "'),
        ('session', 'x' * 300),
        ('frame_id', None),
        ('descriptor', [1.0]),
        ('descriptor', [float('inf')] * DIM),
        ('descriptor', 'text'),
        ('has_pose', 'yes'),
    ],
)
def test_a_wrong_row_is_refused(column: str, value: object) -> None:
    row = shared(Place(1, 0, 5, 'camera', Pose((1.0, 2.0, 3.0)))).to_row()
    SharedPlace.from_row(row, DIM)
    with pytest.raises(FleetError, match='no place'):
        SharedPlace.from_row({**row, column: value}, DIM)
    with pytest.raises(FleetError, match='no place'):
        SharedPlace.from_row({name: v for name, v in row.items() if name != column}, DIM)


@pytest.mark.parametrize('name', ['', 'two words', '/slash', 'x' * 65, '-dash', 'ä'])
def test_a_robot_needs_a_plain_name(name: str) -> None:
    with pytest.raises(ConfigError, match='robot'):
        check_robot(name)
    assert check_robot('Anna_2.b-c') == 'Anna_2.b-c'
