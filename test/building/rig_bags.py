# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of rendered robots with several cameras, depth cameras or a stereo pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vpr_ros.bags import BagWriter
from vpr_ros.bags.message_types import header, IMAGE, make
from vpr_ros.bags.messages import camera_info
from vpr_ros.world import Camera, Drive, DriveFrame

APART_NS = 10_000_000  # the cameras of one moment expose one after the other
Moment = Mapping[str, DriveFrame]


def moments(drives: Mapping[str, Drive], indices: Iterable[int]) -> list[Moment]:
    """Draw some frames of each camera."""
    return [{name: drive.frame(index) for name, drive in drives.items()} for index in indices]


def depth_message(stamp_ns: int, frame_id: str, depth: np.ndarray) -> Any:
    """Make a 32FC1 sensor_msgs/Image of depths, float32 (H, W) metres."""
    height, width = depth.shape
    return make(IMAGE, header=header(stamp_ns, frame_id), height=height, width=width,
                encoding='32FC1', is_bigendian=0, step=4 * width,
                data=depth.astype('<f4').view(np.uint8).reshape(-1))


def write_rig(
    path: Path, seen: Iterable[Moment], camera: Camera, *, depth: bool = False,
    baseline_m: float = 0.0,
) -> Path:
    """Write moments: NAME/image_raw, NAME/camera_info, NAME/depth_registered/image and odom.

    Args:
        path: of the bag.
        seen: camera name -> frame, for each moment.
        camera: gives K; all cameras are alike.
        depth: write depth images.
        baseline_m: of a stereo pair left and right, else 0.
    """
    k = camera.matrix
    with BagWriter(path) as bag:
        for moment in seen:
            first = next(iter(moment.values()))
            bag.odometry('/odom', first.stamp_ns, 'odom', 'base_link', first.odometry)
            for number, (name, frame) in enumerate(moment.items()):
                stamp_ns = frame.stamp_ns + (0 if baseline_m else number * APART_NS)
                frame_id = f'{name}_optical'
                info = camera_info(stamp_ns, frame_id, camera.width, camera.height, k, ())
                if name == 'right':
                    info.p[3] = -k[0, 0] * baseline_m
                bag.write(f'/{name}/camera_info', info, stamp_ns)
                if depth:
                    bag.write(f'/{name}/depth_registered/image',
                              depth_message(stamp_ns, frame_id, frame.depth), stamp_ns)
                bag.image(f'/{name}/image_raw', stamp_ns, frame_id, frame.image)
    return path
