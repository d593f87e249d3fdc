# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The fields of a sensor_msgs/Image become RGB."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from vpr_ros.errors import ImageError
from vpr_ros.images.encodings import Encoding, ENCODINGS, Raster
from vpr_ros.types import ImageArray


def to_rgb(
    *,
    encoding: str,
    height: int,
    width: int,
    step: int,
    data: Any,
    is_bigendian: bool = False,
    significant_bits: int | None = None,
) -> ImageArray:
    """Convert the pixels of an image message.

    Colour of 16 bits keeps its upper 8. Grey of 16 bits (``mono16``, ``16UC1``) and ``32FC1``
    are stretched between the 1st and the 99th percentile of the image, see
    :mod:`vpr_ros.images.narrow`. YUV is BT.601 with limited range. ``8UC3`` and ``16UC3`` are
    blue first. Alpha is dropped.

    Args:
        encoding: a name of sensor_msgs/image_encodings.hpp that is in ``ENCODINGS``.
        height, width: pixels.
        step: bytes from one row to the next; more than a row needs is padding.
        data: bytes, bytearray, memoryview, array.array or contiguous uint8 array; not copied
            before the conversion.
        is_bigendian: byte order of values of more than one byte.
        significant_bits: bits that a sensor of less than 16 bits fills in a 16-bit encoding,
            counted from the lowest: 12 keeps ``value >> 4``. Grey is then not stretched.

    Returns:
        uint8 (height, width, 3) RGB, contiguous. An ``rgb8`` image without padding is a view
        of ``data``, read-only where that is.

    Raises:
        ImageError: the encoding is not taken, or the fields do not fit together.
    """
    if encoding not in ENCODINGS:
        raise ImageError(
            f"image encoding '{encoding}' cannot be converted to RGB; expected one of "
            f'{", ".join(ENCODINGS)}; set the camera driver to one of them, for example bgr8'
        )
    if significant_bits is not None and not 8 <= significant_bits <= 16:
        raise ImageError(f'significant_bits is {significant_bits}; expected 8 to 16')
    layout = ENCODINGS[encoding]
    name = f'{encoding} image of {width}x{height} pixels'
    _check_size(layout, name, height, width)
    row = width * layout.bytes_per_pixel
    if step < row:
        raise ImageError(
            f'{name} has a step of {step} bytes, but a row needs {row}; '
            f'mend step, encoding or width in what publishes it'
        )
    count = height * layout.rows_per_pair // 2
    buffer = np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
    if buffer.size < step * count:
        raise ImageError(
            f'{name} holds {buffer.size} bytes, but {count} rows of {step} bytes need '
            f'{step * count}; mend height, step or data in what publishes it'
        )
    rows = buffer[:step * count].reshape(count, step)
    try:
        rgb = layout.convert(Raster(rows, width, is_bigendian, significant_bits))
    except cv2.error as error:
        raise ImageError(f'{name} cannot be converted: {error.err}') from error
    return np.ascontiguousarray(rgb)


def _check_size(layout: Encoding, name: str, height: int, width: int) -> None:
    if height < 1 or width < 1:
        raise ImageError(f'{name} has no pixels; expected at least one row and one column')
    if (layout.even_width and width % 2) or (layout.even_height and height % 2):
        what = 'width and height' if layout.even_height else 'width'
        raise ImageError(
            f'{name} has an odd size, but its pixels share colours in pairs; '
            f'expected an even {what}; let the camera driver crop one row or column'
        )
