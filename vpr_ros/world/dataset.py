# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writes two drives as a data set folder: ``database/``, ``queries/``, ``ground_truth.csv``.

File names follow the ``@utm_east@utm_north@...@.jpg`` convention of the deep visual
geo-localization benchmark: east, north, zone, letter, latitude, longitude, panorama, tile,
heading, pitch, roll, height, time stamp and a note; what is not known stays empty.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import cv2

from vpr_ros.errors import DataError
from vpr_ros.types import ImageArray, Pose
from vpr_ros.world.camera import yaw_of
from vpr_ros.world.covisibility import poses_agree
from vpr_ros.world.drive import Drive

EAST_M, NORTH_M = 500_000.0, 5_400_000.0
"""Where the origin of ``map`` lies in the file names."""

JPEG_QUALITY = 92


def write_dataset(database: Drive, queries: Drive, out_dir: str | Path, *,
                  radius_m: float = 10.0, heading_deg: float = 45.0) -> Path:
    """Draw both drives into ``out_dir`` and write which database images answer which query.

    Args:
        database: the drive that makes the database.
        queries: the drive that asks, in the same world.
        out_dir: a new or empty folder.
        radius_m: how far a correct answer may lie, metres.
        heading_deg: how far it may be turned, degrees.

    Returns:
        ``out_dir``.

    Raises:
        DataError: the folder is not empty, or the drives are from different worlds.
    """
    folder = Path(out_dir)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f'{folder} is not an empty folder, but a data set is written into a new '
                        'or empty one; remove it or name another.')
    first, second = database.world, queries.world
    if (first.seed, first.kind, first.scale) != (second.seed, second.kind, second.scale):
        raise DataError(f'The database drives through {first} and the queries through {second}, '
                        'but their poses can only be compared in one world; use the same.')
    names: dict[str, list[str]] = {}
    for part, drive in (('database', database), ('queries', queries)):
        (folder / part).mkdir(parents=True)
        names[part] = []
        for frame in drive:
            name = file_name(frame.pose, frame.stamp_ns, drive.camera.height_m,
                             drive.conditions.weather)
            _write_jpeg(folder / part / name, frame.image)
            names[part].append(name)
    with (folder / 'ground_truth.csv').open('w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(['query', 'correct_database'])
        for k, name in enumerate(names['queries']):
            correct = [names['database'][j] for j in range(len(database))
                       if poses_agree(queries.pose(k), database.pose(j), radius_m, heading_deg)]
            writer.writerow([name, ' '.join(correct)])
    return folder


def file_name(pose: Pose, stamp_ns: int, height_m: float, note: str) -> str:
    """Return the ``@...@.jpg`` name of an image from ``pose``; heading clockwise from north."""
    heading = (90.0 - math.degrees(yaw_of(pose))) % 360.0
    fields = [f'{EAST_M + pose.position_m[0]:.2f}', f'{NORTH_M + pose.position_m[1]:.2f}',
              '', '', '', '', '', '', f'{heading:.1f}', '', '', f'{height_m:.2f}',
              str(stamp_ns), note]
    return '@' + '@'.join(fields) + '@.jpg'


def _write_jpeg(path: Path, image: ImageArray) -> None:
    done, data = cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
                              [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise DataError(f'{path.name} could not be encoded as JPEG, expected an RGB image; '
                        'check the camera size.')
    path.write_bytes(data.tobytes())
