# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth about two views: how much both see, and whether they show the same place."""

from __future__ import annotations

from dataclasses import replace
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray, Pose
from vpr_ros.world.camera import Camera, rotation_of, yaw_of
from vpr_ros.world.rasterizer import Rasterizer

if TYPE_CHECKING:
    from vpr_ros.world.drive import DriveFrame
    from vpr_ros.world.world import World

_WIDTH_PX = 96
_GROUND_M = 0.3


def covisible(pose_a: Pose, pose_b: Pose, camera: Camera, world: World) -> float:
    """How much of what stands around is seen from both poses, in [0, 1].

    The share of the surface points above the ground in view a that are in view b and not hidden
    there, and the same from b to a; the result is their geometric mean. Houses, walls, fences
    count; trees, cars and people do not.

    Args:
        pose_a: base pose in ``map``.
        pose_b: base pose in ``map``.
        camera: the camera on both; drawn small.
        world: the world around.
    """
    height = max(round(_WIDTH_PX * camera.height / camera.width), 8)
    small = replace(camera, width=_WIDTH_PX, height=height)
    views = [static_depth(pose, small, world) for pose in (pose_a, pose_b)]
    poses = [small.pose_on(pose) for pose in (pose_a, pose_b)]
    forth = _share(views[0], poses[0], views[1], poses[1], small)
    back = _share(views[1], poses[1], views[0], poses[0], small)
    return math.sqrt(forth * back)


def same_place(frame_a: DriveFrame, frame_b: DriveFrame, radius_m: float = 5.0,
               heading_deg: float = 45.0) -> bool:
    """Whether two frames are at most ``radius_m`` and ``heading_deg`` apart."""
    return poses_agree(frame_a.pose, frame_b.pose, radius_m, heading_deg)


def poses_agree(pose_a: Pose, pose_b: Pose, radius_m: float, heading_deg: float) -> bool:
    """Whether two base poses in one frame are at most so far and so turned apart."""
    turn = math.remainder(yaw_of(pose_a) - yaw_of(pose_b), 2 * math.pi)
    return pose_a.distance_m(pose_b) <= radius_m and abs(turn) <= math.radians(heading_deg)


def static_depth(pose: Pose, camera: Camera, world: World) -> FloatArray:
    """float32 (H, W): depth of what never moves; ``inf`` where there is only sky."""
    eye = camera.pose_on(pose)
    ray = rotation_of(eye) @ np.linalg.inv(camera.matrix)
    visible = Rasterizer(camera.width, camera.height).draw(
        world.scene.faces, world.scene.atlas.masks, ray, np.asarray(eye.position_m))
    with np.errstate(divide='ignore'):
        return np.float32(1.0) / visible.inverse_depth


def _share(depth_a: FloatArray, eye_a: Pose, depth_b: FloatArray, eye_b: Pose, camera: Camera,
           ) -> float:
    """Share of the points of view a that view b sees too."""
    points = points_of(depth_a, eye_a, camera)
    points = points[points[:, 2] > _GROUND_M]
    if not len(points):
        return 0.0
    local = (points - np.asarray(eye_b.position_m)) @ rotation_of(eye_b)
    ahead = local[:, 2] > 0.1
    pixels = local[ahead] @ camera.matrix.T
    pixels = np.rint(pixels[:, :2] / pixels[:, 2:]).astype(np.int64)
    inside = ((pixels >= 0) & (pixels < (camera.width, camera.height))).all(axis=1)
    column, row = pixels[inside].T
    depth = local[ahead][inside][:, 2]
    # One small pixel covers much of a slanted wall, so the nearest of its neighbours decides.
    padded = np.pad(depth_b, 1, mode='edge')
    gap = np.full(len(depth), np.inf)
    for down in range(3):
        for right in range(3):
            gap = np.minimum(gap, np.abs(padded[row + down, column + right] - depth))
    return float((gap < 0.25 + 0.04 * depth).sum()) / len(points)


def points_of(depth_m: FloatArray, eye: Pose, camera: Camera) -> NDArray[np.float64]:
    """float64 (n, 3): the map points of all pixels with a finite depth, row by row."""
    row, column = np.nonzero(np.isfinite(depth_m))
    z = depth_m[row, column].astype(np.float64)[:, None]
    pixels = np.stack([column, row, np.ones_like(row)], axis=1)
    rays = pixels @ np.linalg.inv(camera.matrix).T
    return np.asarray(eye.position_m) + (rays * z) @ rotation_of(eye).T
