# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""JPEG and PNG, as sensor_msgs/CompressedImage or as a file, become RGB.

What a file claims is read before anything is decoded: its size in pixels, the lengths of its
parts and how often it draws the picture over. So a few bytes cannot take gigabytes or minutes, and
a file that ends early is an error, not a half grey picture.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from vpr_ros.errors import ImageError
from vpr_ros.images.narrow import grey_to_rgb, stretch_counts
from vpr_ros.types import ImageArray

MAX_PIXELS = 64_000_000  # 8K video has 33 million
MAX_SCANS = 100  # passes over a progressive JPEG; encoders make about ten
MAX_CHUNKS = 100_000  # of a PNG: at the usual 8 kB each, more than the largest image has
_JPEG, _PNG = b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n'
_START_OF_SCAN = 0xDA
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


def decode_compressed(
    format: str, data: Any, *, max_pixels: int = MAX_PIXELS  # noqa: A002 - the message's field
) -> ImageArray:
    """Decode a compressed image.

    What the data are is read from the data; of ``format`` only two things count, as in
    image_transport: ``compressedDepth`` is refused, and ``... compressed rgb8`` says that red
    and blue were exchanged before compression. PNG of 16 bits is narrowed as in
    :func:`vpr_ros.images.to_rgb`. The EXIF orientation is applied.

    Args:
        format: the message's format, for example ``jpeg``, ``png``,
            ``bgr8; jpeg compressed bgr8``; '' for a file.
        data: bytes or a buffer of bytes.
        max_pixels: an image of more is refused before it is decoded.

    Returns:
        uint8 (H, W, 3) RGB, contiguous.

    Raises:
        ImageError: another format, a truncated or damaged file, or one beyond the limits
            of this module.
    """
    if 'compressedDepth' in format:
        raise ImageError(
            f"compressed image has the format '{format.strip()}', which holds depth, not a "
            f"picture; expected JPEG or PNG; choose the camera's colour or grey image topic"
        )
    buffer = np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
    raw = buffer.tobytes()
    width, height = compressed_size(raw, format)
    check_pixels(width, height, max_pixels)
    try:
        pixels = cv2.imdecode(buffer, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error as error:
        raise ImageError(f'compressed image is damaged: {error.err}; record it again') from error
    if pixels is None:
        raise ImageError(
            f'compressed image of {len(raw)} bytes is damaged and cannot be decoded; '
            f'record it again'
        )
    if pixels.dtype == np.uint16:
        pixels = _narrow(pixels)
    if 'compressed rgb' in format:
        return np.ascontiguousarray(pixels, np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def check_pixels(width: int, height: int, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse the size that an image file claims, before memory is taken for it.

    Raises:
        ImageError: no pixels, or more than allowed.
    """
    if width < 1 or height < 1:
        raise ImageError(f'compressed image claims {width}x{height} pixels; expected one at '
                         f'least; record it again')
    if width * height > max_pixels:
        raise ImageError(
            f'compressed image has {width}x{height} pixels, more than the {max_pixels} allowed; '
            f'publish smaller images'
        )


def compressed_size(data: bytes, format: str = '') -> tuple[int, int]:  # noqa: A002
    """Width and height that a JPEG or PNG announces, pixels, before EXIF orientation.

    Raises:
        ImageError: neither JPEG nor PNG, the file ends early, or it has senselessly many parts.
    """
    if data.startswith(_JPEG):
        return _jpeg_size(data)
    if data.startswith(_PNG):
        return _png_size(data)
    if not format:
        raise ImageError(f'its {len(data)} bytes are neither JPEG nor PNG; remove the file, or '
                         f'convert it to JPEG or PNG')
    raise ImageError(
        f"compressed image of {len(data)} bytes in the format '{format.strip()}' is neither JPEG "
        f'nor PNG; publish it as JPEG or PNG, for example with image_transport republish'
    )


def _jpeg_size(data: bytes) -> tuple[int, int]:
    position, size = 2, None
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME and position + 9 <= len(data):
            size = (int.from_bytes(data[position + 7:position + 9], 'big'),
                    int.from_bytes(data[position + 5:position + 7], 'big'))
        if marker == _START_OF_SCAN:
            # Entropy-coded data hold no end marker, so one behind the start of the scan is real.
            if size is None or data.rfind(b'\xff\xd9') < position:
                break
            if (scans := data.count(b'\xff\xda', position)) > MAX_SCANS:
                raise ImageError(f'JPEG image is drawn in {scans} passes, more than the '
                                 f'{MAX_SCANS} allowed; write it as an ordinary JPEG')
            return size
        position += 2 + int.from_bytes(data[position + 2:position + 4], 'big')
    raise _truncated('JPEG', data)


def _png_size(data: bytes) -> tuple[int, int]:
    """Walk over the chunks: a decoder takes memory for the length that each one claims."""
    if data[8:16] != b'\0\0\0\x0dIHDR':
        raise ImageError('PNG image does not begin with its header; record it again')
    position = len(_PNG)
    for _ in range(MAX_CHUNKS):
        end = position + 12 + int.from_bytes(data[position:position + 4], 'big')
        if end > len(data) or position + 12 > len(data):
            raise _truncated('PNG', data)
        if data[position + 4:position + 8] == b'IEND':
            return int.from_bytes(data[16:20], 'big'), int.from_bytes(data[20:24], 'big')
        position = end
    raise ImageError(f'PNG image has more than the {MAX_CHUNKS} parts allowed; record it again')


def _truncated(kind: str, data: bytes) -> ImageError:
    return ImageError(
        f'{kind} image ends early, after {len(data)} bytes; expected a complete file; '
        f'record or copy it again'
    )


def _narrow(bgr: np.ndarray) -> ImageArray:
    """uint16 (H, W, 3) to uint8: colour keeps its upper 8 bits, grey is stretched."""
    if (bgr[..., 0] == bgr[..., 1]).all() and (bgr[..., 1] == bgr[..., 2]).all():
        return grey_to_rgb(stretch_counts(np.ascontiguousarray(bgr[..., 0])))
    return (bgr >> 8).astype(np.uint8)
