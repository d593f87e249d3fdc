# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write a rosbag2 that ``ros2 bag play`` of every distribution from Humble on can play."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import sqlite3
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.errors import WriterError

from vpr_ros.bags import messages
from vpr_ros.bags.message_types import MAX_STAMP_NS, serialize, typestore
from vpr_ros.bags.storage import check_sqlite_path
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.types import ImageArray, Pose

STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}
# The oldest metadata that rosbags writes; newer distributions read it, older ones need it.
METADATA_VERSION = 8
_FOREVER = QosTime(sec=2147483647, nsec=4294967295)
# A player offers what was recorded: reliable serves subscribers of either kind.
QOS = Qos(
    history=QosHistory.KEEP_LAST, depth=10, reliability=QosReliability.RELIABLE,
    durability=QosDurability.VOLATILE, deadline=_FOREVER, lifespan=_FOREVER,
    liveliness=QosLiveliness.AUTOMATIC, liveliness_lease_duration=_FOREVER,
    avoid_ros_namespace_conventions=False,
)


class BagWriter:
    """A new rosbag2 folder. Stamps are headers' stamps and, unless given, log times.

    ::

        with BagWriter(Path('drive')) as bag:
            bag.compressed_image('/camera/image_raw/compressed', stamp_ns, 'camera', rgb)

    When the ``with`` block fails, what was written is removed.
    """

    def __init__(self, path: Path | str, *, storage: str = 'mcap') -> None:
        """Create the folder.

        Args:
            path: of the folder; must not exist.
            storage: ``mcap`` or ``sqlite3``.

        Raises:
            DataError: the path exists or cannot be written.
            ConfigError: another storage.
        """
        if storage not in STORAGES:
            raise ConfigError(f"storage '{storage}' is not known; expected mcap or sqlite3")
        self.path = Path(path)
        if self.path.exists():
            raise DataError(f'{self.path} exists already; choose another name or remove it')
        if storage == 'sqlite3':
            check_sqlite_path(self.path)
        self._connections: dict[str, Connection] = {}
        self._open = True
        try:
            self._writer = Writer(
                self.path,
                version=METADATA_VERSION,  # type: ignore[arg-type]
                storage_plugin=STORAGES[storage],  # type: ignore[arg-type]
            )
            self._writer.open()
        except (OSError, WriterError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def image(
        self, topic: str, stamp_ns: int, frame_id: str, rgb: ImageArray, *,
        encoding: str = 'bgr8', log_time_ns: int | None = None,
    ) -> None:
        """Write a sensor_msgs/Image.

        Args:
            rgb: uint8 (H, W, 3) RGB.
            encoding: ``bgr8``, ``rgb8`` or ``mono8``.

        Raises:
            DataError: it cannot be written. ConfigError: another encoding.
        """
        self.write(topic, messages.image(stamp_ns, frame_id, rgb, encoding), stamp_ns, log_time_ns)

    def compressed_image(
        self, topic: str, stamp_ns: int, frame_id: str, rgb: ImageArray, *, quality: int = 90,
        log_time_ns: int | None = None,
    ) -> None:
        """Write a sensor_msgs/CompressedImage as JPEG.

        Args:
            rgb: uint8 (H, W, 3) RGB.
            quality: of the JPEG, 1 to 100.
        """
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        data = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        self.encoded_image(topic, stamp_ns, frame_id, data, 'bgr8; jpeg compressed bgr8',
                           log_time_ns=log_time_ns)

    def encoded_image(
        self, topic: str, stamp_ns: int, frame_id: str, data: Any, format: str, *,  # noqa: A002
        log_time_ns: int | None = None,
    ) -> None:
        """Write a sensor_msgs/CompressedImage from the bytes of an image file, as they are."""
        message = messages.compressed_image(stamp_ns, frame_id, data, format)
        self.write(topic, message, stamp_ns, log_time_ns)

    def camera_info(
        self, topic: str, stamp_ns: int, frame_id: str, width: int, height: int,
        k: NDArray[np.float64], d: Sequence[float] = (), *, log_time_ns: int | None = None,
    ) -> None:
        """Write a sensor_msgs/CameraInfo.

        Args:
            width, height: pixels.
            k: float64 (3, 3), the intrinsic matrix.
            d: distortion, plumb_bob; empty for none.
        """
        message = messages.camera_info(stamp_ns, frame_id, width, height, k, d)
        self.write(topic, message, stamp_ns, log_time_ns)

    def odometry(
        self, topic: str, stamp_ns: int, frame_id: str, child_frame_id: str, pose: Pose, *,
        log_time_ns: int | None = None,
    ) -> None:
        """Write a nav_msgs/Odometry: pose of ``child_frame_id`` in ``frame_id``, no twist."""
        message = messages.odometry(stamp_ns, frame_id, child_frame_id, pose)
        self.write(topic, message, stamp_ns, log_time_ns)

    def pose(
        self, topic: str, stamp_ns: int, pose: Pose, *, log_time_ns: int | None = None
    ) -> None:
        """Write a geometry_msgs/PoseStamped in ``pose.frame_id``."""
        self.write(topic, messages.pose_stamped(stamp_ns, pose), stamp_ns, log_time_ns)

    def write(
        self, topic: str, message: Any, stamp_ns: int, log_time_ns: int | None = None
    ) -> None:
        """Write any message of :func:`vpr_ros.bags.message_types.make`.

        Raises:
            DataError: the stamp cannot be stored, the topic has another type, or the file
                cannot be written.
        """
        kind = message.__msgtype__
        log_time_ns = stamp_ns if log_time_ns is None else log_time_ns
        for what, value in (('stamp', stamp_ns), ('log time', log_time_ns)):
            if not 0 <= value <= MAX_STAMP_NS:
                raise DataError(
                    f'{what} {value} ns on {topic} cannot be stored; expected 0 to {MAX_STAMP_NS}'
                )
        try:
            self._writer.write(self._connection(topic, kind), log_time_ns,
                               serialize(message, kind))
        except (OSError, WriterError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Complete the files; without it they cannot be read.

        Raises:
            DataError: they cannot be written.
        """
        if not self._open:
            return
        self._open = False
        if self._writer.min_timestamp > self._writer.max_timestamp:
            self._writer.min_timestamp = 0  # no message: rosbags would note the year 2262
        try:
            self._writer.close()
        except (OSError, WriterError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif self._open:
            self._open = False
            self._writer.abort()
            for file in self.path.iterdir():
                file.unlink()
            self.path.rmdir()

    def _connection(self, topic: str, kind: str) -> Connection:
        known = self._connections.get(topic)
        if known is None:
            known = self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=typestore(), offered_qos_profiles=[QOS]
            )
        if known.msgtype != kind:
            raise DataError(
                f'topic {topic} holds {known.msgtype}; write {kind} to a topic of its own'
            )
        return known

    def _failed(self, error: Exception) -> DataError:
        found = getattr(error, 'strerror', None) or ' '.join(str(error).split())
        return DataError(f'bag {self.path} cannot be written: {found.rstrip(".")}')
