# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of images becomes a bag."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vpr_ros.bags.folder import ImageFolder, read_bytes, START_STAMP_NS
from vpr_ros.bags.writer import BagWriter
from vpr_ros.errors import DataError, ImageError
from vpr_ros.images import compressed_size, decode_compressed


def bag_from_images(
    folder: Path | str,
    out: Path | str,
    *,
    rate_hz: float,
    topic: str = '/camera/image_raw',
    storage: str = 'mcap',
    compressed: bool = True,
    start_stamp_ns: int = START_STAMP_NS,
    frame_id: str = 'camera',
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the JPEG and PNG files of a folder as a camera's images.

    Args:
        folder: the files are taken in natural order.
        out: of the new bag.
        rate_hz: frames per second.
        topic: of the raw image.
        storage: ``mcap`` or ``sqlite3``.
        compressed: pass the files through byte for byte as CompressedImage on ``topic`` +
            ``/compressed``, unless it ends so; else decode them and write them raw, as ``bgr8``
            on ``topic``.
        start_stamp_ns: stamp of the first image.
        frame_id: the camera's optical frame.
        progress: called with (images done, images in total).

    Returns:
        The number of images written.

    Raises:
        DataError: no image, an unreadable one, or the bag exists or cannot be written.
        ConfigError: the rate or the storage is wrong.
    """
    images = ImageFolder(Path(folder), rate_hz=rate_hz, start_stamp_ns=start_stamp_ns)
    with BagWriter(out, storage=storage) as bag:
        for index, path in enumerate(images.paths):
            data, stamp_ns = read_bytes(path), images.stamp_ns(index)
            try:
                if compressed:
                    compressed_size(data)  # a truncated file is better noticed now
                    kind = 'png' if data.startswith(b'\x89PNG') else 'jpeg'
                    bag.encoded_image(compressed_topic(topic), stamp_ns, frame_id, data, kind)
                else:
                    bag.image(topic, stamp_ns, frame_id, decode_compressed('', data))
            except ImageError as error:
                raise DataError(f'{path} cannot be read: {error}') from error
            if progress is not None:
                progress(index + 1, len(images))
    return len(images)


def compressed_topic(topic: str) -> str:
    """Return the topic of compressed images that image_transport has beside ``topic``."""
    return topic if topic.endswith('/compressed') else f'{topic}/compressed'
