# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which cameras a robot has, and how a match between two of them turns the robot.

A camera with yaw a (counter-clockwise, 0 ahead) on a robot of heading h looks towards h + a. When
the query camera a sees what the map's camera b saw, both look the same way, so the robot of the
map had the heading h + a - b: a - b is its yaw in the frame of the robot now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
import re

from vpr_ros.errors import ConfigError

NAME = re.compile(r'^[A-Za-z][A-Za-z0-9_]*$')
MOST_CAMERAS = 8


@dataclass(frozen=True)
class MountedCamera:
    """One camera of a robot.

    Attributes:
        name: goes into its topics, ``NAME/image`` and ``NAME/camera_info``.
        yaw_rad: where it looks, counter-clockwise from ahead, in (-pi, pi].
    """

    name: str
    yaw_rad: float


def parse_cameras(words: Sequence[str]) -> tuple[MountedCamera, ...]:
    """Read the parameter ``cameras``.

    Args:
        words: ``NAME:YAW`` each, degrees.

    Raises:
        ConfigError: a word is none of that, a name comes twice, or there are too many.

    Example:
        >>> [camera.name for camera in parse_cameras(['front:0', 'rear:180'])]
        ['front', 'rear']
    """
    cameras: list[MountedCamera] = []
    for word in words:
        name, colon, yaw = word.partition(':')
        try:
            degrees = float(yaw)
        except ValueError:
            degrees = math.nan
        if not (colon and NAME.match(name) and math.isfinite(degrees)):
            raise ConfigError(f'cameras: {word[:100]!r} found, expected NAME:YAW with the yaw in '
                              f'degrees, such as rear:180')
        if name in (camera.name for camera in cameras):
            raise ConfigError(f'cameras: {name!r} comes twice; give each camera its own name')
        cameras.append(MountedCamera(name, wrapped(math.radians(degrees))))
    if len(cameras) > MOST_CAMERAS:
        raise ConfigError(f'cameras: {len(cameras)} found, expected at most {MOST_CAMERAS}')
    return tuple(cameras)


def wrapped(angle_rad: float) -> float:
    """Return the same angle in (-pi, pi]."""
    turned = math.remainder(angle_rad, 2.0 * math.pi)
    return math.pi if turned == -math.pi else turned


class Rig:
    """The optical frames of a robot's cameras and where they look; learnt from the first images.

    A place of the map names its camera by the optical frame, so frames must differ.
    """

    def __init__(self, cameras: Sequence[MountedCamera] = ()) -> None:
        """Begin with the names; no frame is known yet."""
        self.cameras = tuple(cameras)
        self._name_of: dict[str, str] = {}
        self._yaw_of: dict[str, float] = {}

    def learn(self, name: str, frame_id: str) -> None:
        """Learn that a camera's images carry this optical frame.

        Raises:
            ConfigError: another camera's do, too.
        """
        other = self._name_of.setdefault(frame_id, name)
        if other != name:
            raise ConfigError(f'the images of cameras {other} and {name} both carry the frame_id '
                              f'{frame_id!r}; give each camera its own optical frame')
        self._yaw_of[frame_id] = next(c.yaw_rad for c in self.cameras if c.name == name)

    def yaw_rad(self, frame_id: str) -> float | None:
        """Where the camera with this optical frame looks; None when it is not of this rig."""
        return self._yaw_of.get(frame_id)

    def match_yaw_rad(self, query_frame: str, match_frame: str) -> float | None:
        """Yaw of the map's robot in the frame of the robot now, in (-pi, pi]; None: not known."""
        query, match = self._yaw_of.get(query_frame), self._yaw_of.get(match_frame)
        return None if query is None or match is None else wrapped(query - match)
