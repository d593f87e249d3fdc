# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Local features of one image: where they are seen, how far away, and what they look like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import struct
from typing import NamedTuple
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import MapError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.types import FloatArray, ImageArray

ROOT_SIFT = 'rootsift'
_HEADER = struct.Struct('<4sIIf16sf')  # magic, features, dimension, focal, kind, error_per_m
_MAGIC = b'VLF2'
_OLD_HEADER, _OLD_MAGIC = struct.Struct('<4sIIf16s'), b'VLF1'  # without the last
_MOST = 20_000
Detect = Callable[[ImageArray, int], tuple[FloatArray, FloatArray]]
"""image uint8 (H, W, 3) RGB, most features -> float32 (n, 2) px, float32 (n, d) unit rows."""


class SparseDepth(NamedTuple):
    """A way to measure depth where a feature is, instead of an image of depths.

    Attributes:
        at: float32 (n, 2) px -> float32 (n,) metres along the optical axis, NaN where unknown.
        error_per_m: see :class:`Features`.
    """

    at: Callable[[FloatArray], FloatArray]
    error_per_m: float


Depth = FloatArray | SparseDepth
"""float32 (H, W), metres along the optical axis, registered to the image; or sparse."""


@dataclass(frozen=True)
class Features:
    """Local features of one image, in the camera's own coordinates: no calibration is needed.

    Attributes:
        rays: float32 (n, 2), x/z and y/z in the camera's optical frame.
        depth_m: float32 (n,), along the optical axis; NaN where it is not known.
        descriptors: int8 (n, d), whatever their length; compared by their angle.
        focal_px: of the camera, to turn pixels of noise into rays.
        kind: which detector made them; features of two kinds never compare.
        error_per_m: a depth z has the standard deviation of this times z squared, as stereo has,
            beside 1 % of it; 0 for cameras that measure depth.
    """

    rays: FloatArray
    depth_m: FloatArray
    descriptors: NDArray[np.int8]
    focal_px: float
    kind: str = ROOT_SIFT
    error_per_m: float = 0.0

    def __len__(self) -> int:
        return len(self.rays)

    def points_m(self) -> FloatArray:
        """float32 (n, 3) in the optical frame; NaN where the depth is not known."""
        directions = np.column_stack([self.rays, np.ones(len(self), np.float32)])
        return (directions * self.depth_m[:, None]).astype(np.float32)

    def to_bytes(self) -> bytes:
        """Little-endian, compressed."""
        body = self.rays.astype('<f4').tobytes() + self.depth_m.astype('<f4').tobytes()
        head = _HEADER.pack(_MAGIC, len(self), self.descriptors.shape[1], self.focal_px,
                            self.kind.encode()[:16], self.error_per_m)
        return head + zlib.compress(body + self.descriptors.tobytes(), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Features:
        """Read what :meth:`to_bytes` wrote.

        Raises:
            MapError: it is something else.
        """
        try:
            header = _OLD_HEADER if data[:4] == _OLD_MAGIC else _HEADER
            magic, count, width, focal, kind, *rest = header.unpack_from(data)
            if magic not in (_MAGIC, _OLD_MAGIC) or count > _MOST or width > 1024:
                raise ValueError('header')
            expected = count * (12 + width)
            reader = zlib.decompressobj()
            body = reader.decompress(data[header.size:], expected + 1)
            per_m = float(rest[0]) if rest else 0.0
            if len(body) != expected or not (0 < focal < 1e6 and 0 <= per_m < 1e6):
                raise ValueError('length')
            name = kind.rstrip(b'\0').decode()
        except (struct.error, ValueError, zlib.error) as error:
            raise MapError(
                'the local features of a place cannot be read; build the map again with '
                'relative_pose') from error
        rays = np.frombuffer(body, '<f4', 2 * count).reshape(count, 2)
        depth = np.frombuffer(body, '<f4', count, 8 * count)
        codes = np.frombuffer(body, np.int8, count * width, 12 * count).reshape(count, width)
        return cls(rays, depth, codes, focal, name, per_m)


def root_sift(image: ImageArray, most: int) -> tuple[FloatArray, FloatArray]:
    """SIFT with RootSIFT's normalisation (Arandjelovic and Zisserman 2012): L1, then square root.

    Args:
        image: uint8 (H, W, 3) RGB.
        most: at most so many features, those of the highest contrast.

    Returns:
        float32 (n, 2) pixels, pixel centres at integers; float32 (n, 128), L2-normalised rows.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    # half the usual contrast: loop closures are often between dim images
    sift = cv2.SIFT_create(nfeatures=most, contrastThreshold=0.02)  # type: ignore[attr-defined]
    keypoints, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None or not len(keypoints):
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    points = np.asarray(cv2.KeyPoint.convert(keypoints), np.float32)
    points, kept = np.unique(points, axis=0, return_index=True)  # one of several orientations
    values = descriptors[kept]
    values = np.sqrt(values / np.maximum(values.sum(1, keepdims=True), 1e-9))
    return points[:most], values[:most].astype(np.float32)


def extract(
    image: ImageArray, camera: CameraModel, depth: Depth | None = None, *,
    most: int = 1000, detect: Detect = root_sift, kind: str = ROOT_SIFT,
    max_depth_m: float = 60.0,
) -> Features:
    """Extract the local features of one image.

    Args:
        image: uint8 (H, W, 3) RGB.
        camera: its calibration.
        depth: see :data:`Depth`; None, 0, NaN and infinity are unknown.
        most: at most so many.
        detect, kind: the detector and its name.
        max_depth_m: what is farther is unknown.

    Raises:
        ConfigError: calibration and image do not fit.
    """
    camera = camera.resized(image.shape[1], image.shape[0])
    points, descriptors = detect(image, most)
    rays = camera.rays(points.astype(np.float64))
    seen = np.isfinite(rays).all(1)
    points, descriptors, rays = points[seen], descriptors[seen], rays[seen]
    if isinstance(depth, SparseDepth):
        depths, error_per_m = depth.at(points), depth.error_per_m
        depths = np.where(depths <= max_depth_m, depths, np.nan).astype(np.float32)
    else:
        depths, error_per_m = depth_at(depth, points, image.shape[:2], max_depth_m), 0.0
    largest = np.abs(descriptors).max(1, initial=1e-9, keepdims=True)
    codes = np.rint(descriptors / largest * 127).astype(np.int8)
    return Features(rays.astype(np.float32), depths, codes, camera.focal_px, kind, error_per_m)


def depth_at(
    depth: FloatArray | None, points_px: FloatArray, shape: tuple[int, int], max_depth_m: float
) -> FloatArray:
    """Depth of pixels (n, 2), float32 (n,); NaN where unknown or where near meets far.

    At the edge of an object a feature may belong to either side, so that the depth there means
    nothing: the eight neighbours must agree to within a tenth.
    """
    unknown = np.full(len(points_px), np.nan, np.float32)
    if depth is None or not len(points_px):
        return unknown
    rows, columns = depth.shape
    scale = np.array([columns / shape[1], rows / shape[0]])
    at = np.rint((points_px + 0.5) * scale - 0.5).astype(int)
    x, y = np.clip(at[:, 0], 1, columns - 2), np.clip(at[:, 1], 1, rows - 2)
    near = np.stack([depth[y + j, x + i] for j in (-1, 0, 1) for i in (-1, 0, 1)])
    near = np.where(np.isfinite(near) & (near > 0), near, np.inf)
    low, high = near.min(0), near.max(0)
    good = (high <= max_depth_m) & (high < 1.1 * low)
    return np.where(good, np.median(near, 0), unknown).astype(np.float32)
