# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far relative poses are from the truth, between two drives through the rendered world.

``python -m vpr_ros.geometry.accuracy`` prints it for several conditions of the second drive, with
``--stereo 0.2`` for depth from a stereo pair with that baseline instead of a depth camera.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
import math

import numpy as np

from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import extract, Features, SparseDepth
from vpr_ros.geometry.relative_pose import relative_pose
from vpr_ros.geometry.rigid import angle_between, Transform
from vpr_ros.geometry.stereo import StereoPair, StereoSide
from vpr_ros.world import Camera, Conditions, Drive, DriveFrame, World

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
    baseline_m: float = 0.0,
    progress: Callable[[str], None] = lambda _: None,
) -> DriveErrors:
    """Estimate the pose of the nearest image of a first drive in images of a second.

    Args:
        world: both drives go through it, beside each other and with other drivers.
        first, second: light, weather, traffic.
        pairs: images of the second drive, evenly along it.
        features: of one image.
        baseline_m: of a stereo pair; 0 takes the true depth.
        progress: told a line for each pair.
    """
    camera, right = Camera(), Camera(right_m=baseline_m)
    model = CameraModel.of(width=camera.width, height=camera.height,
                           k=camera.matrix.ravel().tolist())
    k = camera.matrix
    pair = StereoPair(*(
        StereoSide(model, np.eye(3), np.column_stack([k, [-k[0, 0] * metres, 0, 0]]))
        for metres in (0.0, baseline_m))) if baseline_m else None
    mapped = Drive(world, first, seed=1, rate_hz=2.0)
    driven = Drive(world, second, seed=2, rate_hz=2.0)
    beside = {id(mapped): Drive(world, first, seed=1, rate_hz=2.0, camera=right),
              id(driven): Drive(world, second, seed=2, rate_hz=2.0, camera=right)}

    def seen(drive: Drive, index: int) -> tuple[DriveFrame, Features]:
        frame, depth = drive.frame(index), None
        if pair is not None:
            other = beside[id(drive)].frame(index).image
            depth = SparseDepth(partial(pair.depths, frame.image, other), pair.error_per_m)
        return frame, extract(frame.image, model, depth or frame.depth, most=features)

    places = np.array([mapped.pose(index).position_m for index in range(len(mapped))])
    position, rotation, squares, reasons = [], [], [], []
    for index in np.linspace(0, len(driven) - 1, pairs).astype(int).tolist():
        away = np.linalg.norm(places - driven.pose(index).position_m, axis=1)
        (query, of_query), (match, of_match) = (
            seen(driven, index), seen(mapped, int(away.argmin())))
        found = relative_pose(of_query, of_match)
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
    parser.add_argument('--stereo', type=float, default=0.0, metavar='METRES',
                        help='baseline of a stereo pair, instead of a depth camera')
    given = parser.parse_args()
    world = World(seed=given.seed)
    for name in CONDITIONS:
        second = getattr(Conditions, name)(traffic_seed=2)
        errors = drive_errors(world, Conditions.day(), second, pairs=given.pairs,
                              baseline_m=given.stereo)
        print(f'day, then {name}: {errors.in_words()}', flush=True)


if __name__ == '__main__':
    main()
