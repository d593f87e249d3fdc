# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The surface colour of every pixel: one look-up in the atlas, one in the grains."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray, ImageArray
from vpr_ros.world.atlas import Atlas, LEVELS
from vpr_ros.world.faces import Faces
from vpr_ros.world.grains import grain_tiles, TILE_M, TILE_PX
from vpr_ros.world.rasterizer import Visible

_GRAIN_NEAR_M, _GRAIN_FAR_M = 3.0, 13.0
_SHRINK = np.exp2(-np.arange(LEVELS)).astype(np.float32)


class Texturer:
    """Looks up texels for a fixed image size.

    Args:
        atlas: the packed textures.
        width: image width, px.
        height: image height, px.
    """

    def __init__(self, atlas: Atlas, width: int, height: int) -> None:
        self._atlas = atlas
        self._x = np.arange(width, dtype=np.float32)[None]
        self._y = np.arange(height, dtype=np.float32)[:, None]

    def look_up(self, faces: Faces, visible: Visible, depth_m: FloatArray,
                ) -> tuple[ImageArray, FloatArray]:
        """Look up the surface that each pixel sees.

        Returns:
            uint8 (H, W, 4) RGBM, arbitrary where there is none, and float32 (H, W), the factor by
            which the grain makes it brighter or darker.
        """
        index = visible.index
        texture = faces.texture[visible.face]
        sizes, origins = self._atlas.sizes[texture], self._atlas.origins[texture]
        shrink_u, shrink_v = self._levels(visible, depth_m)
        coordinates, places = [], []
        for axis, form, shrink in ((0, visible.u, shrink_u), (1, visible.v, shrink_v)):
            texel = self._linear(form, index, self._x, self._y)
            texel *= depth_m
            texel += gather(form[:, 3], index)
            coordinates.append(texel)
            size = gather(sizes[:, axis], index)
            margin = 0.5 / shrink
            place = np.minimum(np.maximum(texel, margin), size - margin)
            size *= 2.0
            place -= size
            place *= shrink
            place += size
            place += gather(origins[:, axis] - 0.5, index)
            places.append(place)
        texels = np.asarray(
            cv2.remap(self._atlas.texels, places[0], places[1], cv2.INTER_LINEAR), np.uint8)
        return texels, self._grain(texels, faces, visible, depth_m, *coordinates)

    @staticmethod
    def _linear(form: FloatArray, index, x: FloatArray, y: FloatArray) -> FloatArray:
        value = gather(form[:, 0], index)
        value *= x
        part = gather(form[:, 1], index)
        part *= y
        value += part
        value += gather(form[:, 2], index)
        return value

    def _levels(self, visible: Visible, depth_m: FloatArray) -> list[FloatArray]:
        """Factors 2**-i, float32 (H, W), by which texture columns and rows are shrunk.

        From u - u0 = z L(x, y) and dz/dx = -z^2 d(1/z)/dx follows du/dx = z (dL/dx - z d(1/z)/dx
        L). Taken at every second pixel.
        """
        index, z = visible.index[::2, ::2], depth_m[::2, ::2]
        slope_x = z * gather(visible.inverse_z[:, 0], index)
        slope_y = z * gather(visible.inverse_z[:, 1], index)
        shape = (depth_m.shape[1], depth_m.shape[0])
        result = []
        for form in (visible.u, visible.v):
            value = self._linear(form, index, self._x[:, ::2], self._y[::2])
            along_x = np.abs(gather(form[:, 0], index) - slope_x * value)
            along_y = np.abs(gather(form[:, 1], index) - slope_y * value)
            footprint = np.maximum(along_x, along_y)
            footprint *= z
            # The exponent of a float is the integer part of its binary logarithm.
            bits = (footprint * np.float32(1.25)).view(np.int32) >> 23
            level = np.clip(bits - 127, 0, LEVELS - 1)
            result.append(cv2.resize(_SHRINK[level], shape, interpolation=cv2.INTER_NEAREST))
        return result

    @staticmethod
    def _grain(texels: ImageArray, faces: Faces, visible: Visible, depth_m: FloatArray,
               u: FloatArray, v: FloatArray) -> FloatArray:
        result = np.ones(depth_m.shape, np.float32)
        rows = np.flatnonzero((depth_m < _GRAIN_FAR_M).any(axis=1))
        if not len(rows):
            return result
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        index = visible.index[part]
        grain = faces.grain[visible.face].astype(np.float32) * (TILE_PX + 1)
        scale = TILE_PX / TILE_M
        places = []
        for texel, form in ((u[part], faces.u), (v[part], faces.v)):
            density = np.linalg.norm(form[visible.face, :3], axis=1)
            place = texel * gather((1.0 / (density * TILE_M)).astype(np.float32), index)
            place -= np.floor(place)
            place *= scale * TILE_M
            places.append(place)
        places[1] += gather(grain, index)
        tile = cv2.remap(grain_tiles(), places[0], places[1], cv2.INTER_LINEAR)
        strength = (_GRAIN_FAR_M - depth_m[part]) * np.float32(
            1.0 / (_GRAIN_FAR_M - _GRAIN_NEAR_M) / 128.0)
        np.clip(strength, 0.0, 1.0 / 128.0, out=strength)
        material = texels[part, :, 3]
        strength *= 128.0 - np.abs(material.astype(np.float32) - 128.0)
        strength *= np.float32(1.0 / 128.0)
        factor = tile.astype(np.float32)
        factor -= 128.0
        factor *= strength
        result[part] += factor
        return result


def gather(table: FloatArray, index: NDArray[np.int64]) -> FloatArray:
    """float32 like ``index``: ``table[index]``, and 0 one past its end."""
    padded = np.zeros(len(table) + 1, np.float32)
    padded[:-1] = table
    return padded.take(index, mode='clip')
