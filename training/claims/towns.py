# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rendered towns: some to train on, others, in weather never trained on, to be asked about.

Below a folder, ``trained`` and ``held_out`` each have a ``frames.csv`` as the source kind
``posed`` reads it. Images that are there are not drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from training import render
from training.claims.scale import Scale
from training.data import EvaluationSet, Frame
from training.sources import posed
from vpr_ros.whole_files import replacing
from vpr_ros.world import Camera, Conditions, Drive, World

Report = Callable[[str], None]
WIDTH, HEIGHT = 160, 120  # of what is drawn
RADIUS_M = 5.0  # of positives; also the distance within which an answer is right
MAX_TURN_RAD = np.deg2rad(45)
DATABASE = 'day'
TRAINED = ('day', 'night', 'overcast')
UNSEEN = ('fog', 'snow')
SEEN_LIGHT = 'night'
CONDITIONS: dict[str, Callable[[int], Conditions]] = {
    'day': Conditions.day,
    'night': Conditions.night,
    'overcast': Conditions.overcast,
    'snow': Conditions.snow,
    'fog': lambda traffic: Conditions(10.0, 'fog', 'autumn', traffic),
}


def render_towns(folder: Path, scale: Scale, report: Report) -> None:
    """Draw what is missing of all towns; ``frames.csv`` is written when its images are there."""
    _render(folder / 'trained', scale, scale.towns, TRAINED, report)
    _render(folder / 'held_out', scale, scale.held_out_towns, (DATABASE, SEEN_LIGHT, *UNSEEN),
            report)


def _render(root: Path, scale: Scale, seeds: Sequence[int], conditions: Sequence[str],
            report: Report) -> None:
    if (root / 'frames.csv').is_file():
        return
    rows = []
    for seed in seeds:
        rng = np.random.default_rng((11, seed))
        world, camera = World(seed), _camera(rng)
        for number, name in enumerate(conditions):
            drive = Drive(world, CONDITIONS[name](number + 1), seed=1000 * seed + number,
                          rate_hz=render.SPEED_MPS / scale.spacing_m,
                          speed_mps=render.SPEED_MPS, camera=camera, lateral_noise_m=0.6,
                          heading_noise_deg=4.0)
            for index in range(len(drive)):
                file = f'town{seed}/{name}_{index:04d}.jpg'
                _draw(root / file, drive, index)
                (x, y, _), heading = drive.pose(index).position_m, render.yaw(drive.pose(index))
                rows.append([file, f'town/{seed}', 'map', round(x / RADIUS_M, 4),
                             round(y / RADIUS_M, 4), round(heading, 4), name])
            report(f'town {seed}, {name}: {len(drive)} frames')
    root.mkdir(parents=True, exist_ok=True)
    render.write_frames(root / 'frames.csv', rows)


def _camera(rng: np.random.Generator) -> Camera:
    """One camera for all drives of a town, another for the next."""
    return Camera(WIDTH, HEIGHT, float(rng.uniform(65, 90)),
                  float(rng.uniform(0.5, 1.4)), float(rng.uniform(-2, 5)))


def _draw(path: Path, drive: Drive, index: int) -> None:
    if path.is_file():
        return
    with replacing(path) as draft:
        render.write_image(draft, drive.frame(index).image)


def held_out_set(folder: Path, name: str, conditions: Sequence[str]) -> EvaluationSet:
    """Drives of the held-out towns in these conditions against all of those by day.

    Right are database frames within 5 m and 45 degrees.
    """
    frames = posed(folder / 'held_out')
    database = [frame for frame in frames if frame.drive == DATABASE]
    queries = [frame for frame in frames if frame.drive in conditions]
    nothing = np.zeros(0, np.int64)
    return EvaluationSet(
        name, tuple(frame.path for frame in database), tuple(frame.path for frame in queries),
        tuple(_right(query, database) for query in queries), tuple(nothing for _ in queries))


def _right(query: Frame, database: Sequence[Frame]) -> np.ndarray:
    found = []
    for index, place in enumerate(database):
        assert query.heading is not None and place.heading is not None
        distance = np.linalg.norm(np.subtract(query.position, place.position))  # in radii
        turn = abs((query.heading - place.heading + np.pi) % (2 * np.pi) - np.pi)
        if query.environment == place.environment and distance <= 1 and turn <= MAX_TURN_RAD:
            found.append(index)
    return np.array(found, np.int64)
