# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A place as robots share it: who took it, on which drive, when, where, and what it looks like.

What comes from the shared map was written by other robots, so every row is checked before it is
used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import math
import re
from typing import Any
from urllib.parse import quote
import zlib

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError, MapError
from vpr_ros.fleet.errors import FleetError
from vpr_ros.place_map.limits import check_facts, check_name, MAX_NAME_LENGTH, to_half
from vpr_ros.types import FloatArray, Place, Pose

ROBOT = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]{0,63}')
TEXTS = ('robot', 'session', 'map_uuid', 'model_sha256', 'frame_id', 'pose_frame')
INTEGERS = ('place_id', 'stamp_ns', 'revisit_of')
NUMBERS = ('travelled_m', 'x_m', 'y_m', 'z_m', 'qx', 'qy', 'qz', 'qw')
FLAGS = ('has_travelled', 'has_pose')
UNIT_ERROR = 1e-3  # of the length of a quaternion


def check_robot(name: str) -> str:
    """Return the name of a robot that can take part in a fleet.

    Raises:
        ConfigError: empty, or of other characters than those that every system takes.
    """
    if not ROBOT.fullmatch(name):
        raise ConfigError(
            f'robot: {name[:100]!r} found, expected 1 to 64 letters, digits, dots, dashes or '
            f'underscores: in a fleet every robot needs a name of its own; set the parameter robot'
        )
    return name


@dataclass(frozen=True, eq=False)
class SharedPlace:
    """One place of one robot.

    Attributes:
        robot: that took it.
        session: name of the drive.
        map_uuid: identity of the robot's own map, in which ``place.place_id`` counts.
        model_sha256: of the model that described it.
        place: as in the robot's own map; ``pose.frame_id`` is that robot's map frame.
        descriptor: float16 (D,), as that map holds it: L2-normalised and centred.
    """

    robot: str
    session: str
    map_uuid: str
    model_sha256: str
    place: Place
    descriptor: NDArray[np.float16]

    @property
    def key(self) -> str:
        """The primary key: robot, session, stamp and frame of the image.

        It does not depend on the robot's map file, so that a place that comes twice, from a copy
        or after a merge of maps as well, is one place.
        """
        names = (self.robot, self.session, str(self.place.stamp_ns), self.place.frame_id)
        return '/'.join(quote(name, safe='') for name in names)

    @property
    def digest(self) -> int:
        """CRC-32 of everything but the descriptor, which never changes."""
        row = self.to_row()
        row['descriptor'] = None
        return zlib.crc32(repr(sorted(row.items())).encode())

    def to_row(self) -> dict[str, Any]:
        """Return the row of the collection, see :mod:`vpr_ros.fleet.shared_map`."""
        place, pose = self.place, self.place.pose or Pose((0.0, 0.0, 0.0))
        numbers = (place.travelled_m or 0.0, *pose.position_m, *pose.quaternion_xyzw)
        return {
            'key': self.key, 'robot': self.robot, 'session': self.session,
            'map_uuid': self.map_uuid, 'model_sha256': self.model_sha256,
            'frame_id': place.frame_id, 'pose_frame': pose.frame_id,
            'place_id': place.place_id, 'stamp_ns': place.stamp_ns,
            'revisit_of': place.revisit_of, 'has_travelled': place.travelled_m is not None,
            'has_pose': place.pose is not None,
            **dict(zip(NUMBERS, map(float, numbers), strict=True)),
            'descriptor': self.descriptor.astype(np.float32),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any], dim: int) -> SharedPlace:
        """Take a row of the collection.

        Args:
            row: column -> value, as the client returns it.
            dim: D of the model.

        Raises:
            FleetError: a value is missing, of another type, or out of its limits.
        """
        try:
            text = {name: _checked(row[name], str) for name in TEXTS}
            count = {name: _checked(row[name], int) for name in INTEGERS}
            number = {name: float(_checked(row[name], float)) for name in NUMBERS}
            flag = {name: _checked(row[name], bool) for name in FLAGS}
            descriptor: FloatArray = np.asarray(row['descriptor'], np.float32)
            for name in TEXTS:
                check_name(text[name], name)
            check_robot(text['robot'])
            if count['place_id'] <= 0 or count['revisit_of'] < 0:
                raise ValueError('a place id is not positive')
            pose = None
            if flag['has_pose']:
                x_m, y_m, z_m, *turn = (number[name] for name in NUMBERS[1:])
                if not math.isclose(math.hypot(*turn), 1.0, abs_tol=UNIT_ERROR):
                    raise ValueError('the quaternion has not the length 1')
                pose = Pose((x_m, y_m, z_m), (turn[0], turn[1], turn[2], turn[3]),
                            text['pose_frame'])
            travelled_m = number['travelled_m'] if flag['has_travelled'] else None
            check_facts(count['stamp_ns'], text['frame_id'], pose, travelled_m)
            place = Place(count['place_id'], 0, count['stamp_ns'], text['frame_id'], pose,
                          travelled_m, count['revisit_of'])
            half = to_half(descriptor, dim)
        except (KeyError, TypeError, ValueError, MapError, ConfigError) as error:
            raise FleetError(
                f'the shared map holds a row that is no place ({error}); remove it, and look who '
                f'may write there'
            ) from error
        return cls(text['robot'], text['session'], text['map_uuid'], text['model_sha256'],
                   place, half)


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f'{type(value).__name__} instead of {kind.__name__}')
    return value


LONGEST_KEY = 3 * (64 + 2 * MAX_NAME_LENGTH * 4) + 32  # percent-encoded UTF-8
