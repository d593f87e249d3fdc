# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rosbag with poses as a source of frames: its images are taken out once, into a folder."""

from __future__ import annotations

import json
import math
from pathlib import Path
import shutil
from typing import Any

import cv2
import numpy as np

from training import render
from training.data import Frame
from training.sources import posed
from vpr_ros.bags import BagReader
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.ground_truth_of_bag import RENDERED_TOPIC
from vpr_ros.types import Frame as BagFrame

SETTINGS = 'bag.json'
RADIUS_M = 3.0
JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)
NO_HEADING = 'sensor_msgs/msg/NavSatFix'


def bag(path: Path, *, images: str = '', image_topic: str = '', pose_topic: str = '',
        radius_m: float = RADIUS_M, spacing_m: float = 0.5, environment: str = '') -> list[Frame]:
    """Frames of a recording, each with the pose at its stamp.

    Args:
        path: a rosbag2 folder or file.
        images: folder that receives the images and ``frames.csv``; '' takes the bag's name with
            ``_frames`` beside it. It is read the next time, and may be moved without the bag.
        image_topic: the camera; '' takes the only one.
        pose_topic: odometry, ground truth, localisation or satellite fixes; '' takes
            ``/ground_truth/pose``, else the only odometry.
        radius_m: images at most this far apart show the same place, when they look the same way.
        spacing_m: distance between the frames that are kept, at least.
        environment: name of the site; recordings of one site in one frame of coordinates share
            it. '' takes the bag's name.

    Raises:
        DataError: the bag has no poses, an image in it is damaged, or the folder holds frames of
            other settings.
        ConfigError: a distance is not positive.
    """
    if not (radius_m > 0 and spacing_m > 0):
        raise ConfigError(f'{path}: a radius of {radius_m} m and a spacing of {spacing_m} m; '
                          f'expected positive numbers')
    out = Path(images) if images else path.with_name(f'{path.stem}_frames')
    settings: dict[str, Any] = {
        'bag': path.name, 'image_topic': image_topic, 'pose_topic': pose_topic,
        'radius_m': radius_m, 'spacing_m': spacing_m, 'environment': environment or path.stem,
    }
    if (out / SETTINGS).is_file():
        found = json.loads((out / SETTINGS).read_text('utf-8'))
        if found != settings:
            raise DataError(f'{out} holds the frames of {found}, but {settings} is asked for; '
                            f'name another folder with images, or remove this one')
        return posed(out)
    _take_out(path, out, settings)
    (out / SETTINGS).write_text(json.dumps(settings) + '\n', 'utf-8')
    return posed(out)


def _take_out(path: Path, out: Path, settings: dict[str, Any]) -> None:
    with BagReader(path, image_topic=settings['image_topic'] or None) as reader:
        types = {info.name: info.type for info in reader.topics()}
        topic = settings['pose_topic'] or (RENDERED_TOPIC if RENDERED_TOPIC in types else None)
        topic = reader.odometry_topic(topic)
        if topic is None:
            raise DataError(f'{path} holds no poses; name their topic with pose_topic, or give '
                            f'frames.csv')
        if out.exists():
            shutil.rmtree(out / 'frames', ignore_errors=True)  # of a reading that was stopped
        rows: list[list[object]] = []
        last: tuple[float, float] | None = None
        for frame in reader.frames(odometry_topic=topic):
            place = None if frame.pose is None else frame.pose.position_m[:2]
            if place is None or (last and math.dist(place, last) < settings['spacing_m']):
                continue
            last = place
            rows.append(_row(frame, out, len(rows), settings, types[topic] != NO_HEADING))
        if reader.skipped:
            raise DataError(f'{reader.skipped} images of {path} cannot be read, the first: '
                            f'{reader.first_error}; record again, or cut the bag')
    if not rows:
        raise DataError(f'{path}: no image has a pose of {topic} at its stamp; expected poses '
                        f'within the time of the images')
    render.write_frames(out / 'frames.csv', rows)


def _row(frame: BagFrame, out: Path, number: int, settings: dict[str, Any], oriented: bool
         ) -> list[object]:
    assert frame.pose is not None
    name = f'frames/{number:06d}.jpg'
    (out / 'frames').mkdir(parents=True, exist_ok=True)
    done = cv2.imwrite(str(out / name), cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR), JPEG)
    if not done:
        raise DataError(f'{out / name} cannot be written; free space, or name another folder')
    x, y = np.array(frame.pose.position_m[:2]) / settings['radius_m']
    heading = round(render.yaw(frame.pose), 4) if oriented else ''
    return [name, settings['environment'], frame.pose.frame_id or 'map', round(float(x), 4),
            round(float(y), 4), heading, settings['bag']]
