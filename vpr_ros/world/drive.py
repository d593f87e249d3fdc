# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A robot's drive around a world: pictures with stamps, true poses and drifting odometry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
import math

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.types import FloatArray, ImageArray, Pose
from vpr_ros.world.camera import Camera, planar_pose
from vpr_ros.world.conditions import Conditions
from vpr_ros.world.renderer import Renderer
from vpr_ros.world.trajectory import plan_trajectory, Trajectory
from vpr_ros.world.world import World

START_STAMP_NS = 1_700_000_000_000_000_000
"""Stamp of the first frame when none is given."""


@dataclass(frozen=True)
class DriveFrame:
    """One moment of a drive.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        depth: float32 (H, W), metres along the optical axis; ``inf`` for the sky and far hills.
        stamp_ns: when.
        pose: true pose of the robot base in ``map``.
        camera_pose: true pose of the camera's optical frame in ``map``.
        odometry: pose of the robot base in ``odom`` as wheels and gyro would have it.
        travelled_m: true distance since the first frame.
        route_m: position along the lap, in [0, lap length), in the direction of the route.
        index: number of the frame in its drive.
    """

    image: ImageArray
    depth: FloatArray
    stamp_ns: int
    pose: Pose
    camera_pose: Pose
    odometry: Pose
    travelled_m: float
    route_m: float
    index: int


class Drive:
    """A drive along the route of a world; frames are drawn when asked for, in any order.

    Args:
        world: where.
        conditions: light, weather, season, traffic.
        seed: of the driver: speed, wobble, odometry errors, camera noise.
        rate_hz: frames per second.
        speed_mps: mean speed; it varies by about a tenth.
        laps: how often around, unless ``length_m`` is given. May be a fraction.
        camera: the camera.
        lateral_noise_m: standard deviation of the distance from the lane's middle, as far as
            there is room.
        heading_noise_deg: standard deviation of the heading about the lane's.
        start_m: where along the lap the drive begins.
        length_m: how far to drive, instead of ``laps``.
        reverse: drive the other way around, in the opposite lane.
        start_stamp_ns: stamp of the first frame.

    Example:
        >>> drive = Drive(World(seed=1), Conditions.dusk(), rate_hz=2.0)
        >>> image = drive.frame(0).image
    """

    def __init__(self, world: World, conditions: Conditions | None = None, *, seed: int = 0,
                 rate_hz: float = 10.0, speed_mps: float = 5.0, laps: float = 1.0,
                 camera: Camera | None = None, lateral_noise_m: float = 0.3,
                 heading_noise_deg: float = 2.0, start_m: float = 0.0,
                 length_m: float | None = None, reverse: bool = False,
                 start_stamp_ns: int = START_STAMP_NS) -> None:
        for name, value in (('rate_hz', rate_hz), ('speed_mps', speed_mps), ('laps', laps),
                            ('length_m', 1.0 if length_m is None else length_m)):
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f'{name} of a drive is {value}, but it must be a positive '
                                  'number; choose one.')
        if lateral_noise_m < 0.0 or heading_noise_deg < 0.0 or seed < 0:
            raise ConfigError('A drive has a negative noise or seed, but lateral_noise_m, '
                              'heading_noise_deg and seed must be 0 or more; choose such values.')
        self.world = world
        self.conditions = Conditions() if conditions is None else conditions
        self.camera = Camera() if camera is None else camera
        self.seed, self.rate_hz, self.start_stamp_ns = seed, rate_hz, start_stamp_ns
        self._trajectory: Trajectory = plan_trajectory(
            world.scene.route, world.scene.lane_m, world.scene.room_m, seed=seed, rate_hz=rate_hz,
            speed_mps=speed_mps,
            length_m=laps * world.lap_length_m if length_m is None else length_m,
            lateral_noise_m=lateral_noise_m, start_m=start_m, reverse=reverse,
            heading_noise_rad=math.radians(heading_noise_deg))

    @property
    def lap_length_m(self) -> float:
        """Length of the way around, metres."""
        return self.world.lap_length_m

    def __len__(self) -> int:
        return len(self._trajectory.route_m)

    def __iter__(self) -> Iterator[DriveFrame]:
        return (self.frame(index) for index in range(len(self)))

    def pose(self, index: int) -> Pose:
        """Return the true pose of the base in ``map`` at frame ``index``; nothing is drawn."""
        return _on_ground(self._trajectory.truth[self._checked(index)], 'map')

    def odometry(self, index: int) -> Pose:
        """Pose of the robot base in ``odom`` at frame ``index``; nothing is drawn."""
        return _on_ground(self._trajectory.odometry[self._checked(index)], 'odom')

    def travelled_m(self, index: int) -> float:
        """Return the true distance from the first frame to frame ``index``, metres."""
        return float(self._trajectory.travelled_m[self._checked(index)])

    def route_m(self, index: int) -> float:
        """Position of frame ``index`` along the lap, in [0, lap length)."""
        return float(self._trajectory.route_m[self._checked(index)])

    def stamp_ns(self, index: int) -> int:
        """Stamp of frame ``index``."""
        return self.start_stamp_ns + round(self._checked(index) * 1e9 / self.rate_hz)

    def frame(self, index: int) -> DriveFrame:
        """Draw frame ``index``; the same bytes each time.

        Raises:
            IndexError: there is no such frame. Negative numbers count from the end.
        """
        index = self._checked(index)
        base = self.pose(index)
        camera_pose = self.camera.pose_on(base)
        # the two sensors of a stereo pair have different noise
        noise = [self.seed, index, *([2] if self.camera.right_m else [])]
        image, depth = self._renderer.render(camera_pose, index / self.rate_hz,
                                             np.random.default_rng(noise))
        return DriveFrame(
            image=image, depth=depth, stamp_ns=self.stamp_ns(index), pose=base,
            camera_pose=camera_pose, odometry=self.odometry(index),
            travelled_m=self.travelled_m(index), route_m=self.route_m(index), index=index)

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.world.scene, self.conditions, self.camera, self.world.seed)

    def _checked(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f'frame {index} of a drive with {len(self)} frames')
        return index % len(self)


def _on_ground(row: NDArray[np.float64], frame_id: str) -> Pose:
    x, y, heading = row.tolist()
    return planar_pose(x, y, heading, frame_id)
