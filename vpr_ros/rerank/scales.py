# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patches of one size as the matcher wants them: float32, unit rows, every n-th row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import MapError
from vpr_ros.rerank.codes import PatchCodes, ZERO_POINT
from vpr_ros.rerank.matching import is_blank
from vpr_ros.types import FloatArray, PatchSet

Patches = PatchSet | PatchCodes


@dataclass(frozen=True)
class ScaleView:
    """One patch size of one image, ready to match.

    Attributes:
        descriptors: float32 (n, d), unit rows.
        centers_px: float32 (n, 2).
        grid: (rows, columns) of what is left after the stride.
        blank: nothing can be told apart.
    """

    descriptors: FloatArray
    centers_px: FloatArray
    grid: tuple[int, int]
    blank: bool


def view(patches: Patches, *, stride: int = 1, dim: int = 0) -> ScaleView:
    """Prepare the patches of one image.

    Args:
        patches: descriptors or codes.
        stride: keep every n-th row and column of the grid, from the first on.
        dim: keep the leading dimensions; 0 keeps all.
    """
    descriptors = stack([patches], stride=stride, dim=dim)[0]
    rows, columns = patches.grid
    points = patches.centers_px.reshape(rows, columns, 2)[::stride, ::stride].reshape(-1, 2)
    grid = strided_grid(patches.grid, stride)
    return ScaleView(descriptors, points, grid, bool(is_blank(descriptors)))


def strided_grid(grid: tuple[int, int], stride: int) -> tuple[int, int]:
    """Rows and columns that are left of a grid."""
    return -(-grid[0] // stride), -(-grid[1] // stride)


def dimension(patches: Patches, most: int = 0) -> int:
    """Dimensions of the descriptors, of which ``most`` are used; 0 uses all."""
    width = _rows_of(patches).shape[1]
    return min(most, width) if most else width


def stack(patches: Sequence[Patches], *, stride: int = 1, dim: int = 0,
          out: FloatArray | None = None) -> FloatArray:
    """Descriptors of several images of one grid: float32 (B, m, d), unit rows.

    Args:
        patches: of one patch size, one grid and one dimension.
        stride, dim: see :func:`view`.
        out: buffer of at least B * m * d elements, reused between calls.

    Raises:
        MapError: they differ in grid or dimension.
    """
    first = _rows_of(patches[0])
    (rows, columns), width = patches[0].grid, first.shape[1]
    kept = dimension(patches[0], dim)
    left = strided_grid(patches[0].grid, stride)
    shape = (len(patches), left[0], left[1], kept)
    count = int(np.prod(shape))
    buffer = np.empty(count, np.float32) if out is None else out.ravel()[:count]
    result = buffer.reshape(shape)
    for into, one in zip(result, patches, strict=True):
        values = _rows_of(one)
        if one.grid != (rows, columns) or values.shape != first.shape:
            raise MapError(
                f'patches of a grid {one.grid[0]}x{one.grid[1]} with {values.shape[1]} dimensions '
                f'found, expected {rows}x{columns} with {width}; build the map with one model'
            )
        strided = values.reshape(rows, columns, width)[::stride, ::stride, :kept]
        if isinstance(one, PatchCodes):  # the scales go away with the normalisation
            np.subtract(strided, np.float32(ZERO_POINT), out=into, dtype=np.float32)
        else:
            into[...] = strided
    unit = result.reshape(len(patches), left[0] * left[1], kept)
    norms = np.sqrt(np.einsum('bnd,bnd->bn', unit, unit))
    unit /= np.maximum(norms, np.float32(1e-12))[:, :, None]
    return unit


def stack_codes(patches: Sequence[PatchCodes], *, stride: int = 1,
                dim: int = 0) -> tuple[NDArray[np.uint8], FloatArray]:
    """Codes of several images of one grid: uint8 (B, m, d), and their scales: float32 (B, m).

    Decoded rows have unit length. The arguments are those of :func:`stack`.
    """
    rows, columns = patches[0].grid
    width, kept = patches[0].codes.shape[1], dimension(patches[0], dim)
    left = strided_grid(patches[0].grid, stride)
    codes = np.empty((len(patches), *left, kept), np.uint8)
    scales = np.empty((len(patches), *left), np.float32)
    for into, of_rows, one in zip(codes, scales, patches, strict=True):
        into[...] = one.codes.reshape(rows, columns, width)[::stride, ::stride, :kept]
        of_rows[...] = one.scales.reshape(rows, columns)[::stride, ::stride]
    flat = codes.reshape(len(patches), -1, kept)
    if kept < width:  # the stored scales belong to all dimensions
        signed = flat.astype(np.float32) - np.float32(ZERO_POINT)
        lengths = np.sqrt(np.einsum('bnd,bnd->bn', signed, signed))
        return flat, (1.0 / np.maximum(lengths, 1.0)).astype(np.float32)
    return flat, scales.reshape(len(patches), -1)


def _rows_of(patches: Patches) -> NDArray:
    return patches.codes if isinstance(patches, PatchCodes) else patches.descriptors
