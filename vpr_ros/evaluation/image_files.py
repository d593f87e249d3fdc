# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image files of data sets as RGB arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vpr_ros.errors import ImageError
from vpr_ros.images import decode_picture
from vpr_ros.types import ImageArray

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


def read_image(path: Path, box_px: Box | None = None) -> ImageArray:
    """Read an image file, or a part of it.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        ImageError: the file is missing, damaged or no image; the sentence names it.
    """
    return cut_out(decode_image(read_bytes(path), path), box_px)


def read_bytes(path: Path) -> bytes:
    """Read the content of an image file.

    Raises:
        ImageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f'{path} cannot be read ({error.strerror})') from error


def decode_image(data: bytes, path: Path) -> ImageArray:
    """Decode the content of the image file ``path``; as :func:`read_image`."""
    try:
        return decode_picture(data)
    except ImageError as error:
        raise ImageError(f'{path}: {error}') from error


def cut_out(image: ImageArray, box_px: Box | None) -> ImageArray:
    """Cut out the part of an image inside a box (left, top, right, bottom), or all of it for None.

    The box is rounded outwards and kept inside the image; one pixel at least remains.
    """
    if box_px is None:
        return image
    height, width = image.shape[:2]
    left = min(max(int(np.floor(box_px[0])), 0), width - 1)
    top = min(max(int(np.floor(box_px[1])), 0), height - 1)
    right = min(max(int(np.ceil(box_px[2])), left + 1), width)
    bottom = min(max(int(np.ceil(box_px[3])), top + 1), height)
    return np.ascontiguousarray(image[top:bottom, left:right])
