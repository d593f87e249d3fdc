# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a built world consists of; towns and corridors are both of this form."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray
from vpr_ros.world.atlas import Atlas
from vpr_ros.world.faces import Faces
from vpr_ros.world.route import Route

CELL_M = 0.5
"""Side of a cell of the ground plans, metres."""


@dataclass(frozen=True)
class Billboards:
    """Cut-outs that always turn to the camera.

    Attributes:
        position_m: float32 (N, 3), middle of the foot.
        size_m: float32 (N, 2), width and height.
        texture: int32 (N,), number in the atlas.
        tint: float32 (N, 3).
        flat: float32 (N,), share of snow it catches.
    """

    position_m: FloatArray
    size_m: FloatArray
    texture: NDArray[np.int32]
    tint: FloatArray
    flat: FloatArray


@dataclass(frozen=True)
class Plan:
    """A ground plan of the world, one value per cell of ``CELL_M``.

    Attributes:
        origin_m: x and y of the corner of cell (0, 0); rows run along y, columns along x.
        height_m: float32 (rows, columns), how high something solid stands here; 0 on the ground.
        road: float32 (rows, columns), 1 where wheels clear the snow.
    """

    origin_m: tuple[float, float]
    height_m: FloatArray
    road: FloatArray


@dataclass(frozen=True)
class Scene:
    """The static part of a world, and the textures of what moves through it.

    Attributes:
        indoor: a corridor instead of streets.
        atlas: every texture.
        faces: what never moves.
        route: the centre line of the way around.
        lane_m: how far to the right of the centre line one drives, metres.
        room_m: how far to either side of the lane's middle there is room to swerve, metres.
        plan: heights for shadows, and where wheels roll.
        lamps_m: float32 (L, 3), where lamps shine from.
        lamp_sprites: the street lamps, or empty.
        trees: season -> the trees.
        parking_m: float64 (P, 3), x, y, heading of every place where a car may stand.
        walks_m: float64 (N, 2, 2), lines along which people walk.
        car_templates: cars around the origin, driving along x.
        person_textures: two textures per person, the second with a longer stride.
    """

    indoor: bool
    atlas: Atlas
    faces: Faces
    route: Route
    lane_m: float
    room_m: float
    plan: Plan
    lamps_m: FloatArray
    lamp_sprites: Billboards
    trees: dict[str, Billboards]
    parking_m: NDArray[np.float64]
    walks_m: NDArray[np.float64]
    car_templates: list[Faces] = field(default_factory=list)
    person_textures: list[tuple[int, int]] = field(default_factory=list)


def billboards(rows: list[tuple], flat: float = 0.0) -> Billboards:
    """Billboards from rows of (position (3,), width, height, texture, tint (3,))."""
    count = len(rows)
    return Billboards(
        np.array([row[0] for row in rows], np.float32).reshape(count, 3),
        np.array([row[1:3] for row in rows], np.float32).reshape(count, 2),
        np.array([row[3] for row in rows], np.int32),
        np.array([row[4] for row in rows], np.float32).reshape(count, 3),
        np.full(count, flat, np.float32),
    )
