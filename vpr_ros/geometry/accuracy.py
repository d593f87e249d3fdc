# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far relative poses are from the truth, between two drives through the rendered world.

``python -m vpr_ros.geometry.accuracy`` prints it for several conditions of the second drive.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
import math

import numpy as np

from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import extract
from vpr_ros.geometry.relative_pose import relative_pose
from vpr_ros.geometry.rigid import angle_between, Transform
from vpr_ros.world import Camera, Conditions, Drive, World

CONDITIONS = ('day', 'overcast', 'dusk', 'rain')


@dataclass(frozen=True)
class DriveErrors:
    """Errors of the estimated poses.

    Attributes:
        pairs: image pairs that were tried.
        position_m, rotation_deg: error of each estimate.
        mahalanobis: squared error of each position in units of its covariance; 3 on average
            where that is right.
        reasons: why the others were refused.
    """

    pairs: int
    position_m: tuple[float, ...]
    rotation_deg: tuple[float, ...]
    mahalanobis: tuple[float, ...]
    reasons: tuple[str, ...]

    @property
    def estimated(self) -> int:
        """Pairs that gave a pose."""
        return len(self.position_m)

    def in_words(self) -> str:
        """One line."""
        if not self.estimated:
            return f'0 of {self.pairs} pairs gave a pose'
        return (
            f'{self.estimated} of {self.pairs} pairs gave a pose; position error median '
            f'{np.median(self.position_m):.3f} m, largest {max(self.position_m):.3f} m; rotation '
            f'error median {np.median(self.rotation_deg):.2f} degrees, largest '
            f'{max(self.rotation_deg):.2f}; squared error by covariance, median '
            f'{np.median(self.mahalanobis):.1f}')


def drive_errors(
    world: World, first: Conditions, second: Conditions, *, pairs: int = 20, features: int = 500,
    progress: Callable[[str], None] = lambda _: None,
) -> DriveErrors:
    """Estimate the pose of the nearest image of a first drive in images of a second.

    Args:
        world: both drives go through it, beside each other and with other drivers.
        first, second: light, weather, traffic.
        pairs: images of the second drive, evenly along it.
        features: of one image.
        progress: told a line for each pair.
    """
    camera = Camera()
    model = CameraModel.of(width=camera.width, height=camera.height,
                           k=camera.matrix.ravel().tolist())
    mapped = Drive(world, first, seed=1, rate_hz=2.0)
    driven = Drive(world, second, seed=2, rate_hz=2.0)
    places = np.array([mapped.pose(index).position_m for index in range(len(mapped))])
    position, rotation, squares, reasons = [], [], [], []
    for index in np.linspace(0, len(driven) - 1, pairs).astype(int).tolist():
        away = np.linalg.norm(places - driven.pose(index).position_m, axis=1)
        query, match = driven.frame(index), mapped.frame(int(away.argmin()))
        found = relative_pose(*(
            extract(frame.image, model, frame.depth, most=features) for frame in (query, match)))
        progress(found.text)
        if found.query_T_match is None or not found.metric:
            reasons.append(found.text)
            continue
        truth = Transform.of_pose(query.camera_pose).inverse() @ Transform.of_pose(
            match.camera_pose)
        error = found.query_T_match.translation_m - truth.translation_m
        position.append(float(np.linalg.norm(error)))
        rotation.append(math.degrees(angle_between(found.query_T_match.rotation, truth.rotation)))
        squares.append(float(error @ np.linalg.solve(found.covariance[:3, :3], error)))
    return DriveErrors(pairs, tuple(position), tuple(rotation), tuple(squares), tuple(reasons))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else '')
    parser.add_argument('--pairs', type=int, default=20)
    parser.add_argument('--seed', type=int, default=3, help='of the world')
    given = parser.parse_args()
    world = World(seed=given.seed)
    for name in CONDITIONS:
        second = getattr(Conditions, name)(traffic_seed=2)
        errors = drive_errors(world, Conditions.day(), second, pairs=given.pairs)
        print(f'day, then {name}: {errors.in_words()}', flush=True)


if __name__ == '__main__':
    main()
