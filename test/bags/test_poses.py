# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from vpr_ros.bags import BagReader, BagWriter
from vpr_ros.bags.message_types import header, make
from vpr_ros.bags.poses import LocalTangent
from vpr_ros.types import Pose

S = 1_000_000_000


def vector(name: str, *values: float):
    return make(f'geometry_msgs/msg/{name}', *values)


def pose_message(x: float, w: float = 1.0):
    return make('geometry_msgs/msg/Pose', vector('Point', x, 2.0, 3.0),
                vector('Quaternion', 0.0, 0.0, 0.0, w))


def fix(latitude: float, longitude: float, altitude: float, status: int = 0):
    return make('sensor_msgs/msg/NavSatFix', header(S, 'gps'),
                make('sensor_msgs/msg/NavSatStatus', status, 1), latitude, longitude, altitude,
                np.zeros(9), 0)


def read(path: Path, *messages) -> list[Pose]:
    with BagWriter(path / 'bag') as bag:
        for i, message in enumerate(messages):
            bag.write('/pose', message, S + i)
    with BagReader(path / 'bag') as reader:
        return [found.pose for found in reader.poses('/pose')]


@pytest.mark.parametrize('message', [
    make('geometry_msgs/msg/PoseStamped', header(S, 'map'), pose_message(1.0)),
    make('geometry_msgs/msg/PoseWithCovarianceStamped', header(S, 'map'),
         make('geometry_msgs/msg/PoseWithCovariance', pose_message(1.0), np.zeros(36))),
    make('geometry_msgs/msg/TransformStamped', header(S, 'map'), 'base',
         make('geometry_msgs/msg/Transform', vector('Vector3', 1.0, 2.0, 3.0),
              vector('Quaternion', 0.0, 0.0, 0.0, 1.0))),
], ids=lambda message: type(message).__name__)
def test_every_kind_of_pose(tmp_path: Path, message) -> None:
    assert read(tmp_path, message) == [Pose((1, 2, 3), (0, 0, 0, 1), 'map')]


def test_what_is_no_pose_is_left_out_and_quaternions_are_unit(tmp_path: Path) -> None:
    def stamped(pose):
        return make('geometry_msgs/msg/PoseStamped', header(S, 'map'), pose)
    found = read(tmp_path, stamped(pose_message(math.nan)), stamped(pose_message(4.0, w=0.0)),
                 stamped(pose_message(5.0, w=2.0)))
    assert found == [Pose((5, 2, 3), (0, 0, 0, 1), 'map')]


def test_fixes_become_metres_from_the_first(tmp_path: Path) -> None:
    # A minute of latitude is a nautical mile to half a percent; longitude shrinks by the cosine.
    found = read(tmp_path, fix(0, 0, 0, status=-1), fix(math.nan, 8, 0), fix(48, 11, 500),
                 fix(48 + 1 / 60, 11, 500), fix(48, 11 + 1 / 60, 500), fix(48, 11, 530))
    origin, north, east, up = (pose.position_m for pose in found)
    assert origin == pytest.approx((0, 0, 0), abs=1e-6)
    assert north[1] == pytest.approx(1852, rel=0.005) and abs(north[0]) < 1e-6
    assert east[0] == pytest.approx(1852 * math.cos(math.radians(48)), rel=0.005)
    assert up == pytest.approx((0, 0, 30), abs=1e-6)


def test_the_ellipsoid_has_the_arc_lengths_of_wgs_84() -> None:
    # Published lengths of one degree: 110.574 km of latitude and 111.320 km of longitude at the
    # equator; 111.132 km and 78.847 km at 45 degrees.
    def metres(latitude: float, north: float, east: float) -> tuple[float, float]:
        step = 1e-3
        tangent = LocalTangent(latitude, 9, 0)
        place = tangent.east_north_up_m(latitude + north * step, 9 + east * step, 0)
        return place[0] / step, place[1] / step
    assert metres(0, 1, 0)[1] == pytest.approx(110_574, abs=2)
    assert metres(0, 0, 1)[0] == pytest.approx(111_320, abs=2)
    assert metres(45, 1, 0)[1] == pytest.approx(111_132, abs=2)
    assert metres(45, 0, 1)[0] == pytest.approx(78_847, abs=2)
