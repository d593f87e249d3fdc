# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Flat four-cornered faces, the only thing the renderer draws."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray


class Grain(IntEnum):
    """Fine grain that is laid over a face's texture close by."""

    NONE = 0
    PLASTER = 1
    BRICK = 2
    STONE = 3
    ASPHALT = 4
    FOLIAGE = 5
    WOOD = 6


@dataclass(frozen=True)
class Faces:
    """N flat faces, each convex, with an affine texture.

    Attributes:
        corners: float32 (N, 4, 3), metres in the map frame; clockwise seen from outside.
        normals: float32 (N, 3), unit, pointing outside.
        texture: int32 (N,), number in the atlas.
        u: float32 (N, 4); texel column of map point X is ``u[:3] @ X + u[3]``.
        v: float32 (N, 4); texel row, likewise.
        tint: float32 (N, 3), factor on the texture's colour.
        grain: int32 (N,), a :class:`Grain`.
        cutout: bool (N,), drawn only where the texture's mask is set, and from both sides.
        flat: float32 (N,), share of snow and rain it catches: 1 on the ground, 0 on walls.
        shine: float32 (N,), factor on texels that shine by themselves: with the lamps when
            positive, with the daylight when negative.
    """

    corners: FloatArray
    normals: FloatArray
    texture: NDArray[np.int32]
    u: FloatArray
    v: FloatArray
    tint: FloatArray
    grain: NDArray[np.int32]
    cutout: NDArray[np.bool_]
    flat: FloatArray
    shine: FloatArray

    def __len__(self) -> int:
        return len(self.texture)

    @classmethod
    def joined(cls, parts: list[Faces]) -> Faces:
        """All faces of ``parts`` in that order."""
        names = cls.__dataclass_fields__
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts])
                      for name in names})


class FaceList:
    """Collects faces one by one while a world is built."""

    def __init__(self) -> None:
        self._rows: list[tuple] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, corners, texture: int, window, *, axes=None, tint=(1.0, 1.0, 1.0),
            grain: Grain = Grain.NONE, cutout: bool = False, flat: float | None = None,
            shine: float = 1.0, normal=None) -> None:
        """Add a face.

        Args:
            corners: (4, 3) metres: upper left, upper right, lower right, lower left as seen from
                outside. Repeat one for a triangle.
            texture: number in the atlas.
            window: (left, top, right, bottom) texels that the rectangle of ``axes`` shows.
            axes: (3, 3): the points of the window's upper left, upper right and lower left
                corners; corners 0, 1 and 3 when left out.
            normal: (3,) overrides the geometric normal for shading.
        """
        points = np.asarray(corners, np.float64)
        origin, right, down = (points[[0, 1, 3]] if axes is None else np.asarray(axes, np.float64))
        across, below = right - origin, down - origin
        u, v = np.zeros(4), np.zeros(4)
        u[:3] = across / (across @ across) * (window[2] - window[0])
        v[:3] = below / (below @ below) * (window[3] - window[1])
        u[3] = window[0] - u[:3] @ origin
        v[3] = window[1] - v[:3] @ origin
        if normal is None:
            normal = np.cross(below, across)
            normal /= np.linalg.norm(normal)
        if flat is None:
            flat = float(max(normal[2], 0.0) > 0.3)
        self._rows.append((points, normal, texture, u, v, tint, int(grain), cutout, flat, shine))

    def faces(self) -> Faces:
        """Everything added so far."""
        if not self._rows:
            return Faces(np.zeros((0, 4, 3), np.float32), np.zeros((0, 3), np.float32),
                         np.zeros(0, np.int32), np.zeros((0, 4), np.float32),
                         np.zeros((0, 4), np.float32), np.zeros((0, 3), np.float32),
                         np.zeros(0, np.int32), np.zeros(0, np.bool_), np.zeros(0, np.float32),
                         np.zeros(0, np.float32))
        kinds = (np.float32, np.float32, np.int32, np.float32, np.float32, np.float32, np.int32,
                 np.bool_, np.float32, np.float32)
        columns = zip(*self._rows, strict=True)
        arrays: list = [np.asarray(column, kind)
                        for column, kind in zip(columns, kinds, strict=True)]
        return Faces(*arrays)
