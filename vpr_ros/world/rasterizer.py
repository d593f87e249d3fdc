# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which face each pixel sees, and how far away it is: a z-buffer over planar faces.

For pixel p = (x, y, 1) and camera position C, a face's points are C + z M p with
M = rotation K^-1. The plane n (X - P) = 0 makes 1/z linear in p, and so is (u - u0) / z, where u0
is the texture coordinate of C. These linear forms are all that later stages need of a face.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray, ImageArray
from vpr_ros.world.faces import Faces

NEAR_M = 0.15
"""Nothing nearer than this is drawn, metres."""

FAR_M = 400.0
"""Nothing farther than this is drawn, metres."""

_SHIFT = 4  # subpixel bits of cv2.fillConvexPoly
_MASK_THRESHOLD = 100


@dataclass(frozen=True)
class Visible:
    """The faces in front of a camera and the pixels that see them.

    Attributes:
        inverse_depth: float32 (H, W), 1 / z in 1 / metres; 0 where nothing is seen.
        index: int64 (H, W), row of the tables below; V (one past the last) where nothing is seen.
        face: int64 (V,), number of the face.
        inverse_z: float32 (V, 3), 1/z = inverse_z @ (x, y, 1).
        u: float32 (V, 4), texel column = u[3] + z * (u[:3] @ (x, y, 1)).
        v: float32 (V, 4), texel row, likewise.
    """

    inverse_depth: FloatArray
    index: NDArray[np.int64]
    face: NDArray[np.int64]
    inverse_z: FloatArray
    u: FloatArray
    v: FloatArray


class Rasterizer:
    """Draws faces into a z-buffer of a fixed size.

    Args:
        width: image width, px.
        height: image height, px.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._columns = np.arange(width, dtype=np.float32)
        self._rows = np.arange(height, dtype=np.float32)
        self._inverse_depth = np.zeros((height, width), np.float32)
        self._index = np.zeros((height, width), np.int64)
        self._mask = np.zeros((height, width), np.uint8)

    def draw(self, faces: Faces, masks: list[list[ImageArray] | None],
             pixel_ray: NDArray[np.float64], position_m: NDArray[np.float64]) -> Visible:
        """Draw ``faces`` as seen from ``position_m``.

        Args:
            faces: what there is.
            masks: the atlas's outlines, by texture.
            pixel_ray: float64 (3, 3), M above, in the map frame.
            position_m: float64 (3,), C above.

        The arrays of the result are views of this object's buffers, valid until the next call.
        """
        corners = (faces.corners - position_m.astype(np.float32))
        to_pixel = np.linalg.inv(pixel_ray).astype(np.float32)
        projected = corners @ to_pixel.T
        depth = projected[..., 2]
        diagonals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        towards = np.einsum('ij,ij->i', diagonals, corners[:, 0])
        keep = (depth.max(1) > NEAR_M) & (depth.min(1) < FAR_M) & (np.abs(towards) > 1e-5)
        keep &= (towards > 0) | faces.cutout
        for axis, limit in ((0, self.width - 0.5), (1, self.height - 0.5)):
            keep &= (projected[..., axis] > -0.5 * depth).any(1)
            keep &= (projected[..., axis] < limit * depth).any(1)
        face = np.flatnonzero(keep)
        face = face[np.argsort(depth[face].min(1), kind='stable')]

        ray, centre = pixel_ray.astype(np.float32), position_m.astype(np.float32)
        inverse_z = (diagonals[face] @ ray) / towards[face, None]
        tables = []
        for form in (faces.u[face], faces.v[face]):
            tables.append(np.concatenate(
                [form[:, :3] @ ray, (form[:, :3] @ centre + form[:, 3])[:, None]], axis=1))
        self._inverse_depth[:] = 1.0 / FAR_M
        self._index[:] = len(face)
        whole = depth[face].min(1) >= NEAR_M
        pixels = projected[face]
        with np.errstate(divide='ignore', invalid='ignore'):
            flat = pixels[..., :2] / pixels[..., 2:]
        texture = faces.texture[face]
        cutout = faces.cutout[face]
        forms = inverse_z.tolist()
        nearest = (1.0 / np.maximum(depth[face].min(1), NEAR_M)).tolist()
        for k in range(len(face)):
            polygon = flat[k] if whole[k] else _clipped(pixels[k])
            homography = None
            if cutout[k]:
                homography = np.stack([
                    tables[0][k, 3] * inverse_z[k] + tables[0][k, :3],
                    tables[1][k, 3] * inverse_z[k] + tables[1][k, :3], inverse_z[k]])
            self._fill(k, polygon, forms[k], nearest[k], homography, masks[texture[k]])
        np.multiply(self._inverse_depth, self._index < len(face), out=self._inverse_depth)
        return Visible(self._inverse_depth, self._index, face, inverse_z.astype(np.float32),
                       tables[0], tables[1])

    def _fill(self, number: int, polygon: NDArray, form: list[float], nearest: float,
              homography: NDArray | None, mask: list[ImageArray] | None) -> None:
        xs, ys = polygon[:, 0].tolist(), polygon[:, 1].tolist()
        low_x, high_x, low_y, high_y = min(xs), max(xs), min(ys), max(ys)
        left, top = max(int(low_x), 0), max(int(low_y), 0)
        right = min(int(high_x) + 2, self.width)
        bottom = min(int(high_y) + 2, self.height)
        if right <= left or bottom <= top or (high_x - low_x) * (high_y - low_y) < 0.8:
            return
        buffer = self._inverse_depth[top:bottom, left:right]
        if buffer.min() >= nearest:
            return  # faces come from near to far, so most hidden ones end here
        covered = self._mask[top:bottom, left:right]
        covered[:] = 0
        points = np.rint((polygon - (left, top)) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(covered, points, 1, cv2.LINE_8, _SHIFT)
        near = self._columns[left:right] * form[0]
        near = near + (self._rows[top:bottom] * form[1] + form[2]).astype(np.float32)[:, None]
        # A steep face must not reach out of itself where its outline touches a pixel.
        np.minimum(near, np.float32(nearest), out=near)
        seen = near > buffer
        seen &= covered.view(np.bool_)
        if homography is not None and mask is not None:
            seen &= _outline(mask, homography, left, top, right - left, bottom - top,
                             high_x - low_x, high_y - low_y)
        np.copyto(buffer, near, where=seen)
        np.copyto(self._index[top:bottom, left:right], number, where=seen)


def _clipped(corners: NDArray) -> NDArray:
    """Pixels of a face's part beyond the near plane; corners are homogeneous pixels (4, 3)."""
    kept = []
    previous = corners[-1]
    for corner in corners:
        if (corner[2] >= NEAR_M) != (previous[2] >= NEAR_M):
            share = (NEAR_M - previous[2]) / (corner[2] - previous[2])
            kept.append(previous + share * (corner - previous))
        if corner[2] >= NEAR_M:
            kept.append(corner)
        previous = corner
    if len(kept) < 3:
        return np.zeros((3, 2), np.float32)
    points = np.array(kept)
    return np.clip(points[:, :2] / points[:, 2:], -4e6, 4e6)


def _outline(mask: list[ImageArray], homography: NDArray, left: int, top: int, width: int,
             height: int, wide_px: float, tall_px: float) -> NDArray[np.bool_]:
    """Return where the outline covers the window at (left, top): bool (height, width)."""
    base_height, base_width = mask[0].shape
    shrink = min(base_width / max(wide_px, 1.0), base_height / max(tall_px, 1.0))
    level = int(min(max(np.log2(max(shrink, 1.0)) + 0.3, 0), len(mask) - 1))
    scaled = homography.astype(np.float64).copy()
    scaled[0] *= mask[level].shape[1] / base_width
    scaled[1] *= mask[level].shape[0] / base_height
    scaled[:2] -= 0.5 * scaled[2]
    scaled[:, 2] += scaled[:, 0] * left + scaled[:, 1] * top
    warped = cv2.warpPerspective(mask[level], scaled, (width, height),
                                 flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return warped > _MASK_THRESHOLD
