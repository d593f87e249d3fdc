# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
# flake8: noqa: A005
"""The encodings of sensor_msgs/Image that cameras produce, and how each becomes RGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from vpr_ros.images import yuv
from vpr_ros.images.bayer import demosaic, PATTERNS
from vpr_ros.images.narrow import grey_to_rgb, shift, stretch_counts, stretch_floats
from vpr_ros.types import ImageArray


@dataclass(frozen=True)
class Raster:
    """The bytes of an image, checked against its encoding.

    Attributes:
        rows: uint8 (n, step), where n is ``Encoding.rows_per_pair * height / 2``; a view.
        width: pixels in a row.
        is_bigendian: byte order of values of more than one byte.
        significant_bits: bits that the values of a 16-bit image fill, None when not known.
    """

    rows: ImageArray
    width: int
    is_bigendian: bool
    significant_bits: int | None

    def values(self, kind: str, channels: int) -> np.ndarray:
        """View the pixels as (H, W, channels) of dtype ``kind`` in the image's byte order."""
        dtype = np.dtype(('>' if self.is_bigendian else '<') + kind)
        used = self.rows[:, :self.width * channels * dtype.itemsize]
        return used.view(dtype).reshape(len(used), self.width, channels)


@dataclass(frozen=True)
class Encoding:
    """How one encoding lays out its bytes.

    Attributes:
        bytes_per_pixel: bytes of one pixel in a row of ``step`` bytes.
        convert: from the checked bytes to uint8 (H, W, 3) RGB.
        even_width, even_height: the layout joins neighbouring pixels.
        rows_per_pair: rows of ``step`` bytes for two rows of pixels; 2 without extra planes.
    """

    bytes_per_pixel: int
    convert: Callable[[Raster], ImageArray]
    even_width: bool = False
    even_height: bool = False
    rows_per_pair: int = 2


def _channels(count: int, code: int | None) -> Callable[[Raster], ImageArray]:
    """Reorder 8-bit channels; without a code the bytes are RGB already."""
    def convert(raster: Raster) -> ImageArray:
        pixels = raster.values('u1', count)
        return pixels if code is None else cv2.cvtColor(pixels, code)  # type: ignore[return-value]
    return convert


def _wide_channels(count: int, order: slice) -> Callable[[Raster], ImageArray]:
    """Take the three colours of 16-bit channels, the upper 8 of their bits."""
    def convert(raster: Raster) -> ImageArray:
        pixels = raster.values('u2', count)[..., order]
        return shift(pixels, raster.significant_bits or 16)
    return convert


def _grey16(raster: Raster) -> ImageArray:
    counts = raster.values('u2', 1)[..., 0].astype(np.uint16)
    if raster.significant_bits is None:
        return grey_to_rgb(stretch_counts(counts))
    return grey_to_rgb(shift(counts, raster.significant_bits))


def _grey_float(raster: Raster) -> ImageArray:
    return grey_to_rgb(stretch_floats(raster.values('f4', 1)[..., 0].astype(np.float32)))


def _bayer8(pattern: str) -> Callable[[Raster], ImageArray]:
    return lambda raster: demosaic(raster.values('u1', 1)[..., 0], pattern)


def _bayer16(pattern: str) -> Callable[[Raster], ImageArray]:
    def convert(raster: Raster) -> ImageArray:
        counts = raster.values('u2', 1)[..., 0]
        return demosaic(shift(counts, raster.significant_bits or 16), pattern)
    return convert


def _yuv422(order: str) -> Encoding:
    return Encoding(2, lambda raster: yuv.packed(raster.rows, raster.width, order),
                    even_width=True)


def _yuv420(order: str) -> Encoding:
    return Encoding(1, lambda raster: yuv.half_planar(raster.rows, raster.width, order),
                    even_width=True, even_height=True, rows_per_pair=3)


_GREY = Encoding(1, _channels(1, cv2.COLOR_GRAY2RGB))
_BGR = Encoding(3, _channels(3, cv2.COLOR_BGR2RGB))
_BGRA = Encoding(4, _channels(4, cv2.COLOR_BGRA2RGB))
_GREY16 = Encoding(2, _grey16)
_RGB_ORDER, _BGR_ORDER = slice(0, 3), slice(2, None, -1)

# 8UC3, 8UC4, 16UC3 and 16UC4 name no colours: they are OpenCV's, blue first.
ENCODINGS: dict[str, Encoding] = {
    'rgb8': Encoding(3, _channels(3, None)),
    'bgr8': _BGR,
    'rgba8': Encoding(4, _channels(4, cv2.COLOR_RGBA2RGB)),
    'bgra8': _BGRA,
    'rgb16': Encoding(6, _wide_channels(3, _RGB_ORDER)),
    'bgr16': Encoding(6, _wide_channels(3, _BGR_ORDER)),
    'rgba16': Encoding(8, _wide_channels(4, _RGB_ORDER)),
    'bgra16': Encoding(8, _wide_channels(4, _BGR_ORDER)),
    'mono8': _GREY,
    'mono16': _GREY16,
    '8UC1': _GREY,
    '8UC3': _BGR,
    '8UC4': _BGRA,
    '16UC1': _GREY16,
    '16UC3': Encoding(6, _wide_channels(3, _BGR_ORDER)),
    '16UC4': Encoding(8, _wide_channels(4, _BGR_ORDER)),
    '32FC1': Encoding(4, _grey_float),
    **{f'bayer_{pattern}8': Encoding(1, _bayer8(pattern), even_width=True, even_height=True)
       for pattern in PATTERNS},
    **{f'bayer_{pattern}16': Encoding(2, _bayer16(pattern), even_width=True, even_height=True)
       for pattern in PATTERNS},
    'yuv422': _yuv422('uyvy'),
    'uyvy': _yuv422('uyvy'),
    'yuv422_yuy2': _yuv422('yuyv'),
    'yuyv': _yuv422('yuyv'),
    'nv12': _yuv420('nv12'),
    'nv21': _yuv420('nv21'),
    'nv24': Encoding(1, lambda raster: yuv.full_planar(raster.rows, raster.width),
                     rows_per_pair=6),
}
