# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Corrected poses find their places."""

from __future__ import annotations

import math

from place_map.map_helpers import fill, MODEL
import pytest

from vpr_ros.corrections import along, by_name, checked
from vpr_ros.errors import MapError
from vpr_ros.place_map import PlaceMap
from vpr_ros.types import Place, Pose

SECOND = 1_000_000_000
QUARTER = (0.0, 0.0, math.sin(math.pi / 4), math.cos(math.pi / 4))


def pose(x_m: float, quaternion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)) -> Pose:
    return Pose((x_m, 0.0, 0.0), quaternion, 'map')


def test_places_are_named_by_id_or_stamp() -> None:
    with PlaceMap.create(':memory:', MODEL) as place_map:
        fill(place_map, 3)
        place_map.new_session()
        fill(place_map, 2)
        entries = [(2, 0, pose(9.0)), (0, 0, pose(8.0)), (77, 0, pose(7.0)), (0, 5, pose(6.0))]
        assert by_name(place_map, entries) == ({2: pose(9.0), 1: pose(8.0), 4: pose(8.0)}, 2)
        assert by_name(place_map, entries[1:2], session_id=2) == ({4: pose(8.0)}, 0)


def test_a_path_is_interpolated_between_its_poses() -> None:
    path = [(4 * SECOND, pose(4.0, QUARTER)), (2 * SECOND, pose(0.0)), (60 * SECOND, pose(9.0))]
    places = [Place(i, 1, stamp * SECOND) for i, stamp in enumerate((1, 2, 3, 4, 30, 60, 61))]
    found = along(path, places)
    assert sorted(found) == [1, 2, 3, 5]
    assert (found[1], found[3], found[5]) == (pose(0.0), pose(4.0, QUARTER), pose(9.0))
    eighth = (0.0, 0.0, math.sin(math.pi / 8), math.cos(math.pi / 8))
    assert found[2].position_m == pytest.approx((2.0, 0.0, 0.0))
    assert found[2].quaternion_xyzw == pytest.approx(eighth)
    assert along([], places) == {}


@pytest.mark.parametrize('wrong', [
    pose(math.nan), pose(math.inf), pose(1.0, (0.0, 0.0, 0.0, 0.0)),
    pose(1.0, (math.nan, 0.0, 0.0, 1.0)),
])
def test_what_is_no_pose_is_refused(wrong: Pose) -> None:
    with pytest.raises(MapError, match='not finite or no rotation; nothing was changed'):
        along([(1, wrong)], [])


def test_lengths_are_mended() -> None:
    assert checked(pose(1.0, (0.0, 0.0, 0.0, 1.001))).quaternion_xyzw == (0.0, 0.0, 0.0, 1.0)
