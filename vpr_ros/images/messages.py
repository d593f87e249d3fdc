# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pixels of an image message, of a running camera or of a bag: the fields are the same."""

from __future__ import annotations

from typing import Any

from vpr_ros.images.compressed import decode_compressed
from vpr_ros.images.convert import to_rgb
from vpr_ros.types import ImageArray


def rgb_of(message: Any) -> ImageArray:
    """Convert an image message.

    Args:
        message: a sensor_msgs/Image or CompressedImage.

    Returns:
        uint8 (H, W, 3) RGB; it may be a view of the message's data.

    Raises:
        ImageError: the encoding is not known, or the fields do not fit together.
    """
    if hasattr(message, 'encoding'):
        return to_rgb(
            encoding=message.encoding, height=message.height, width=message.width,
            step=message.step, data=message.data, is_bigendian=bool(message.is_bigendian),
        )
    return decode_compressed(message.format, message.data)
