# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rendered drives become a bag: camera, calibration, odometry and ground truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from vpr_ros.bags.writer import BagWriter
from vpr_ros.errors import DataError
from vpr_ros.types import ImageArray, Pose


class DriveFrame(Protocol):
    """What is known of one rendered frame.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        stamp_ns: ascending through all drives of a bag.
        pose: true pose of the robot in the map.
        odometry: pose of the robot in ``odom``, with drift.
    """

    @property
    def image(self) -> ImageArray: ...
    @property
    def stamp_ns(self) -> int: ...
    @property
    def pose(self) -> Pose: ...
    @property
    def odometry(self) -> Pose: ...


class Drive(Protocol):
    """A drive: its frames in order; ``camera.matrix`` is K, float64 (3, 3)."""

    @property
    def camera(self) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


def write_drive(
    path: Path | str,
    drives: Drive | Sequence[Drive],
    *,
    storage: str = 'mcap',
    compressed: bool = True,
    topic: str = '/camera/image_raw',
    encoding: str = 'bgr8',
    quality: int = 90,
    frame_id: str = 'camera_optical_frame',
    base_frame_id: str = 'base_link',
    odometry_topic: str = '/odom',
    ground_truth_topic: str = '/ground_truth/pose',
) -> int:
    """Write drives into one bag, one after the other.

    Topics: the image (compressed: below ``topic`` + ``/compressed``), CameraInfo beside it,
    nav_msgs/Odometry, and geometry_msgs/PoseStamped for the ground truth.

    Args:
        path: of the new bag.
        drives: see :class:`Drive`; frames are rendered one at a time.
        storage: ``mcap`` or ``sqlite3``.
        compressed: JPEG of ``quality``, else raw in ``encoding``.
        topic: of the raw image.
        frame_id, base_frame_id: of the camera and of the robot.
        odometry_topic, ground_truth_topic: names.

    Returns:
        The number of frames written.

    Raises:
        DataError: stamps do not ascend, or the bag exists or cannot be written.
    """
    each: Iterable[Drive] = (
        drives if isinstance(drives, (list, tuple)) else [drives])  # type: ignore[list-item]
    info_topic = topic.rpartition('/')[0] + '/camera_info'
    count, last_ns = 0, -1
    with BagWriter(path, storage=storage) as bag:
        for drive in each:
            for frame in drive:
                if frame.stamp_ns <= last_ns:
                    raise DataError(
                        f'frame {count} has stamp {frame.stamp_ns} ns after {last_ns} ns; '
                        f'expected ascending stamps; start each drive after the one before'
                    )
                last_ns = frame.stamp_ns
                height, width = frame.image.shape[:2]
                bag.odometry(odometry_topic, last_ns, frame.odometry.frame_id or 'odom',
                             base_frame_id, frame.odometry)
                bag.pose(ground_truth_topic, last_ns, frame.pose)
                bag.camera_info(info_topic, last_ns, frame_id, width, height, drive.camera.matrix)
                if compressed:
                    bag.compressed_image(f'{topic}/compressed', last_ns, frame_id, frame.image,
                                         quality=quality)
                else:
                    bag.image(topic, last_ns, frame_id, frame.image, encoding=encoding)
                count += 1
    return count
