# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Picture files of any usual kind become RGB: JPEG, PNG, BMP, PNM, WebP and TIFF.

As with :mod:`vpr_ros.images.compressed`, the size is read from the header, and refused where it is
beyond the limit, before OpenCV takes memory for it.
"""

from __future__ import annotations

import re

import cv2
import numpy as np

from vpr_ros.errors import ImageError
from vpr_ros.images.compressed import check_pixels, decode_compressed, MAX_PIXELS
from vpr_ros.types import ImageArray

_PNM = re.compile(rb'P[1-6](?:\s|#[^\n]*\n)+(\d{1,10})(?:\s|#[^\n]*\n)+(\d{1,10})\s')
_WIDTH_TAG, _HEIGHT_TAG, _SHORT = 256, 257, 3


def decode_picture(data: bytes, *, max_pixels: int = MAX_PIXELS) -> ImageArray:
    """Decode the content of a picture file; what kind it is, is read from the content.

    Args:
        data: the file's bytes.
        max_pixels: a picture of more is refused before it is decoded.

    Returns:
        uint8 (H, W, 3) RGB, contiguous.

    Raises:
        ImageError: of another kind, damaged, or too many pixels.
    """
    size = _size_of(data)
    if size is None:  # JPEG, PNG, or nothing at all: the sentence is the same
        return decode_compressed('', data, max_pixels=max_pixels)
    check_pixels(*size, max_pixels)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ImageError(f'picture is damaged: {error.err}; write it again') from error
    if pixels is None:
        raise ImageError(f'picture of {len(data)} bytes is damaged; write it again')
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height that a BMP, PNM, WebP or TIFF claims; None for anything else."""
    if data[:2] == b'BM' and len(data) >= 26:
        if int.from_bytes(data[14:18], 'little') == 12:  # of OS/2
            return _little(data, 18, 2), _little(data, 20, 2)
        return (abs(int.from_bytes(data[18:22], 'little', signed=True)),
                abs(int.from_bytes(data[22:26], 'little', signed=True)))
    if data[:4] == b'RIFF' and data[8:12] == b'WEBP' and len(data) >= 30:
        return _webp_size(data)
    if data[:4] in (b'II*\0', b'MM\0*'):
        return _tiff_size(data, 'little' if data[:1] == b'I' else 'big')
    match = _PNM.match(data[:4096])
    return (int(match[1]), int(match[2])) if match else None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b'VP8X':
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    if kind == b'VP8L':
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b'VP8 ':
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    return None


def _tiff_size(data: bytes, order: str) -> tuple[int, int] | None:
    def number(at: int, length: int) -> int:
        return int.from_bytes(data[at:at + length], order)  # type: ignore[arg-type]

    start, found = number(4, 4), {}
    for at in range(start + 2, min(start + 2 + 12 * number(start, 2), len(data) - 11), 12):
        kind = number(at + 2, 2)
        found[number(at, 2)] = number(at + 8, 2 if kind == _SHORT else 4)
    if _WIDTH_TAG not in found or _HEIGHT_TAG not in found:
        return None
    return found[_WIDTH_TAG], found[_HEIGHT_TAG]


def _little(data: bytes, at: int, length: int) -> int:
    return int.from_bytes(data[at:at + length], 'little')
