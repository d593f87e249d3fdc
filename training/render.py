# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Renders drives through the procedural world to a posed folder, or to an evaluation folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import csv
from pathlib import Path

import cv2
import numpy as np

from vpr_ros.errors import ConfigError
from vpr_ros.types import ImageArray, Pose
from vpr_ros.whole_files import replacing
from vpr_ros.world import Camera, Conditions, Drive, World

POSITIVE_RADIUS_M = 3.0
SCORING_RADIUS_M = 5.0
SCORING_HEADING_RAD = np.deg2rad(45)
SPACING_M = 2.0
SPEED_MPS = 5.0
WIDTH, HEIGHT = 320, 240
JPEG = (cv2.IMWRITE_JPEG_QUALITY, 92)
HOURS = (7.5, 10.0, 13.0, 16.0, 18.5, 20.5, 21.5, 23.0)
WEATHERS = ('clear', 'clear', 'overcast', 'rain', 'snow', 'fog')
SEASONS = ('spring', 'summer', 'autumn', 'winter')
COLUMNS = ('file', 'environment', 'space', 'x', 'y', 'heading', 'drive')
Report = Callable[[str], None]


def draw_conditions(rng: np.random.Generator, drive: int) -> Conditions:
    """Light, weather and season of a drive; every second drive is by day, so that pairs differ."""
    hours = HOURS[:4] if drive % 2 == 0 else HOURS[4:]
    weather = str(rng.choice(WEATHERS))
    season = 'winter' if weather == 'snow' else str(rng.choice(SEASONS))
    return Conditions(float(rng.choice(hours)), weather, season,  # type: ignore[arg-type]
                      int(rng.integers(1_000_000)))


def draw_camera(rng: np.random.Generator) -> Camera:
    """Draw a camera on a robot: one for all drives of a world."""
    return Camera(WIDTH, HEIGHT, float(rng.uniform(60, 95)), float(rng.uniform(0.4, 1.6)),
                  float(rng.uniform(-3, 6)))


def yaw(pose: Pose) -> float:
    """Heading of a planar pose, radians."""
    x, y, z, w = pose.quaternion_xyzw
    return float(np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)))


def write_image(path: Path, image: ImageArray) -> None:
    """Write RGB as JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR), JPEG)


def planned_drives(seed: int, drives: int, *, spacing_m: float = SPACING_M) -> list[Drive]:
    """Plan the drives of a world; each differs in light, weather, season and traffic.

    Args:
        seed: of the world; with the number of a drive it determines everything.
        drives: once around, each.
        spacing_m: mean distance between frames.
    """
    rng = np.random.default_rng((7, seed))
    world, camera = World(seed), draw_camera(rng)
    planned = []
    for number in range(drives):
        conditions = draw_conditions(rng, number)
        planned.append(Drive(
            world, conditions, seed=int(rng.integers(1_000_000)), rate_hz=SPEED_MPS / spacing_m,
            speed_mps=SPEED_MPS, camera=camera, lateral_noise_m=0.6, heading_noise_deg=4.0))
    return planned


def frame_row(seed: int, drive: int, index: int, pose: Pose) -> list[object]:
    """Write a line of ``frames.csv``, in the order of :data:`COLUMNS`."""
    x, y, _ = pose.position_m
    return [f'world{seed}/{drive}_{index:04d}.jpg', f'world/{seed}', 'map',
            round(x / POSITIVE_RADIUS_M, 4), round(y / POSITIVE_RADIUS_M, 4),
            round(yaw(pose), 4), f'{seed}/{drive}']


def write_frames(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write ``frames.csv``, whole or not at all."""
    with replacing(path) as draft, draft.open('w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def render_training(out: Path, seeds: Sequence[int], drives: int, report: Report = print, *,
                    spacing_m: float = SPACING_M) -> int:
    """Render drives for training; each differs in light, weather, season, traffic and lane.

    ``frames.csv`` grows world by world, so a stopped rendering leaves a usable folder.

    Args:
        out: receives ``frames.csv`` and one folder a world.
        seeds: of the worlds.
        drives: once around every world, each.
        report: is given a line a drive.
        spacing_m: mean distance between frames.

    Returns:
        The number of frames in the folder.

    Raises:
        ConfigError: fewer than one drive.
    """
    if drives < 1:
        raise ConfigError(f'{drives} drives of a world found, expected 1 or more')
    out.mkdir(parents=True, exist_ok=True)
    rows: list[list[object]] = []
    for seed in seeds:
        for number, drive in enumerate(planned_drives(seed, drives, spacing_m=spacing_m)):
            for frame in drive:
                row = frame_row(seed, number, frame.index, frame.pose)
                write_image(out / str(row[0]), frame.image)
                rows.append(row)
            write_frames(out / 'frames.csv', rows)
            report(f'world {seed} drive {number}: {drive.conditions}, {len(rows)} frames so far')
    return len(rows)


def render_evaluation(out: Path, seed: int, database: Conditions, queries: Conditions, *,
                      spacing_m: float = SPACING_M) -> int:
    """Render two drives as ``database/``, ``queries/`` and ``ground_truth.csv``.

    A database frame is right within 5 m and 45 degrees.

    Returns:
        The number of queries.
    """
    world = World(seed)
    poses: dict[str, list[Pose]] = {}
    for number, (folder, conditions) in enumerate((('database', database), ('queries', queries))):
        drive = Drive(world, conditions, seed=1000 * seed + number, speed_mps=SPEED_MPS,
                      rate_hz=SPEED_MPS / spacing_m, camera=Camera(WIDTH, HEIGHT),
                      lateral_noise_m=0.5)
        poses[folder] = []
        for frame in drive:
            write_image(out / folder / f'{frame.index:04d}.jpg', frame.image)
            poses[folder].append(frame.pose)
    with (out / 'ground_truth.csv').open('w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['query', 'correct_database'])
        for index, query in enumerate(poses['queries']):
            right = [
                f'{number:04d}.jpg' for number, place in enumerate(poses['database'])
                if query.distance_m(place) <= SCORING_RADIUS_M
                and abs((yaw(query) - yaw(place) + np.pi) % (2 * np.pi) - np.pi)
                <= SCORING_HEADING_RAD
            ]
            writer.writerow([f'{index:04d}.jpg', ' '.join(right)])
    return len(poses['queries'])
