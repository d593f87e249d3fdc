# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patch descriptors as 8-bit codes, and the bytes in which a map keeps them.

x is kept as u = round(x / step) + 128. Every patch has its own step, its largest value over 127:
one for the whole image is set by a few outliers and costs recall (2 of 111 places of the
corridor). It is decoded with a scale that differs from the step by rounding only and gives the
descriptor its exact length back, so that products of codes are cosines without another division.
The zero point is always 128, and 0 is never used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
import math
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import MapError
from vpr_ros.types import FloatArray, PatchSet

ZERO_POINT = 128
MAX_GRID = 1024  # rows or columns
MAX_DIM = 8192
MAX_CODE_BYTES = 64 * 2**20
FORMAT = 1
_MAGIC = b'VPRP'
# magic, format, rows, columns, dim, x and y of the first centre, their steps; then the scales
_HEADER = struct.Struct('<4sHHHHffff')
_CHECKSUM = struct.Struct('<I')
CENTER_TOLERANCE_PX = 1e-2


@dataclass(frozen=True)
class PatchCodes:
    """8-bit patch descriptors of one image at one patch size: x = scale * (code - 128).

    Attributes:
        codes: uint8 (n, d).
        scales: float32 (n,), positive.
        grid: (rows, columns) of the patches; n = rows * columns, row-major.
        centers_px: float32 (n, 2), x and y of each patch centre in the model's input image.
    """

    codes: NDArray[np.uint8]
    scales: FloatArray
    grid: tuple[int, int]
    centers_px: FloatArray

    def to_bytes(self) -> bytes:
        """As a map keeps them: header, scales, codes, CRC-32.

        Raises:
            ValueError: the centres are no regular grid, or the sizes exceed the format's limits.
        """
        rows, columns = self.grid
        _check_sizes(rows, columns, self.codes.shape[1])
        lattice = _lattice(self.centers_px, self.grid)
        body = _HEADER.pack(_MAGIC, FORMAT, rows, columns, self.codes.shape[1], *lattice)
        body += self.scales.astype('<f4').tobytes() + self.codes.tobytes()
        return body + _CHECKSUM.pack(zlib.crc32(body))

    @classmethod
    def from_bytes(cls, data: bytes) -> PatchCodes:
        """Read what :meth:`to_bytes` wrote; the codes are a view of ``data``.

        Raises:
            MapError: the bytes are damaged, of another format, or beyond the limits.
        """
        least = _HEADER.size + _CHECKSUM.size
        if len(data) < least:
            raise _damaged(f'{len(data)} bytes found, at least {least} expected')
        magic, version, rows, columns, dim, *lattice = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise _damaged('they do not begin with VPRP')
        if version != FORMAT:
            raise MapError(
                f'patch codes of format {version} found, this version reads {FORMAT}; open the '
                f'map with the version of vpr_ros that wrote it'
            )
        try:
            _check_sizes(rows, columns, dim)
        except ValueError as error:
            raise _damaged(str(error)) from error
        patches = rows * columns
        expected = least + patches * (4 + dim)
        if len(data) != expected:
            raise _damaged(f'{len(data)} bytes found, {expected} expected')
        if zlib.crc32(memoryview(data)[: -_CHECKSUM.size]) != _CHECKSUM.unpack(data[-4:])[0]:
            raise _damaged('their checksum is wrong')
        scales = np.frombuffer(data, '<f4', patches, _HEADER.size)
        if not (all(map(math.isfinite, lattice)) and np.isfinite(scales).all()
                and (scales > 0).all()):
            raise _damaged('their scales or centres are not finite')
        codes = np.frombuffer(data, np.uint8, patches * dim, _HEADER.size + 4 * patches)
        centers = _centers(tuple(lattice), (rows, columns))
        return cls(codes.reshape(-1, dim), scales.astype(np.float32), (rows, columns), centers)


def encode(patches: PatchSet) -> PatchCodes:
    """Round descriptors to 8 bits.

    Raises:
        ValueError: a descriptor is not finite.
    """
    largest = np.abs(patches.descriptors).max(1, initial=0.0)
    if not np.isfinite(largest).all():
        raise ValueError('patch descriptors are not finite')
    steps = np.maximum(largest, 1e-6) / np.float32(127)
    whole = np.clip(np.rint(patches.descriptors / steps[:, None]), -127, 127)
    rounded = np.linalg.norm(whole, axis=1)
    exact = np.linalg.norm(patches.descriptors.astype(np.float64), axis=1)
    scales = np.where(rounded > 0, exact / np.maximum(rounded, 1.0), steps)
    codes = (whole + ZERO_POINT).astype(np.uint8)
    return PatchCodes(codes, scales.astype(np.float32), patches.grid, patches.centers_px)


def decode(codes: PatchCodes) -> PatchSet:
    """Return descriptors as long as the encoded ones, and near them."""
    descriptors = codes.codes.astype(np.float32) - np.float32(ZERO_POINT)
    descriptors *= codes.scales[:, None]
    return PatchSet(descriptors, codes.centers_px, codes.grid)


def encode_patches(patches: Mapping[int, PatchSet]) -> dict[int, bytes]:
    """Patch size -> descriptors to patch size -> bytes, as a map takes them."""
    return {size: encode(found).to_bytes() for size, found in patches.items()}


def decode_patches(stored: Mapping[int, bytes]) -> dict[int, PatchCodes]:
    """Patch size -> bytes, as a map returns them, to patch size -> codes.

    Raises:
        MapError: see :meth:`PatchCodes.from_bytes`.
    """
    return {size: PatchCodes.from_bytes(data) for size, data in stored.items()}


def _check_sizes(rows: int, columns: int, dim: int) -> None:
    if not (1 <= rows <= MAX_GRID and 1 <= columns <= MAX_GRID and 1 <= dim <= MAX_DIM):
        raise ValueError(f'a grid of {rows}x{columns} with {dim} dimensions is outside the limits')
    if rows * columns * dim > MAX_CODE_BYTES:
        raise ValueError(f'{rows * columns * dim} codes found, at most {MAX_CODE_BYTES} allowed')


def _lattice(centers: FloatArray, grid: tuple[int, int]) -> tuple[float, float, float, float]:
    """First centre (x, y) and the steps to the next column and row."""
    rows, columns = grid
    points = np.asarray(centers, np.float32).reshape(rows, columns, 2)
    x, y = points[0, 0]
    step_x = (points[0, -1, 0] - x) / max(columns - 1, 1)
    step_y = (points[-1, 0, 1] - y) / max(rows - 1, 1)
    lattice = (float(x), float(y), float(step_x), float(step_y))
    if not np.abs(_centers(lattice, grid) - centers).max() <= CENTER_TOLERANCE_PX:
        raise ValueError('patch centres are no regular grid')
    return lattice


@lru_cache(maxsize=64)
def _centers(lattice: tuple[float, ...], grid: tuple[int, int]) -> FloatArray:
    """float32 (n, 2) from the first centre and the steps; all places of a map share it."""
    x, y, step_x, step_y = lattice
    columns = x + step_x * np.arange(grid[1])
    rows = y + step_y * np.arange(grid[0])
    grid_x, grid_y = np.meshgrid(columns, rows)
    centers = np.stack([grid_x, grid_y], -1).reshape(-1, 2).astype(np.float32)
    centers.flags.writeable = False
    return centers


def _damaged(what: str) -> MapError:
    return MapError(
        f'the patch codes are damaged: {what}; run `vpr map check` and restore the map'
    )
