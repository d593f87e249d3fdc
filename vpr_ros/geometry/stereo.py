# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth of local features from a stereo pair of one's own: only where a feature is.

Both images are rectified, so that a point lies on one row of both. A patch around each feature of
the left image is looked for along its row of the right image (normalised correlation), the best
place is made sub-pixel by Lucas-Kanade, and is dropped where it leaves the row, comes back to
another point, or where another place of the row looks as much like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError, ImageError
from vpr_ros.geometry.camera_model import CameraModel, EQUIDISTANT, Float64Array
from vpr_ros.types import FloatArray, ImageArray

HALF_PX = 7  # a patch reaches so far about its feature
NEAREST_SHARE = 0.2  # the largest disparity, as a share of the image's width
DISPARITY_STD_PX = 0.2
LEAST_DISPARITY_PX = 1.0
LEAST_SCORE = 0.8  # of the correlation
RIVAL_GAP = 0.04  # the best correlation stands out from that of other places by this
OFF_ROW_PX = 1.0  # farther from its row a point was not found, or the calibration is off
BACK_PX = 0.5  # ... and farther than this from where it came from
_GREY = cv2.COLOR_RGB2GRAY
_LK = {'winSize': (2 * HALF_PX + 1, 2 * HALF_PX + 1), 'maxLevel': 0,
       'flags': cv2.OPTFLOW_USE_INITIAL_FLOW}


@dataclass(frozen=True)
class StereoSide:
    """One camera of a calibrated pair.

    Attributes:
        camera: K and D.
        rotation: float64 (3, 3), R: rays of the camera become rays of the rectified one.
        projection: float64 (3, 4), P of the rectified camera, px and px metres.
    """

    camera: CameraModel
    rotation: Float64Array
    projection: Float64Array

    @classmethod
    def of(cls, camera: CameraModel, r: Sequence[float], p: Sequence[float]) -> StereoSide:
        """Take R and P as sensor_msgs/CameraInfo holds them, row by row.

        Raises:
            ConfigError: P is not filled in.
        """
        rotation = np.asarray(r, np.float64).reshape(3, 3)
        projection = np.asarray(p, np.float64).reshape(3, 4)
        if not projection[0, 0] > 0 or not np.isfinite(projection).all():
            raise ConfigError('camera_info of the stereo pair has no projection (its P is 0); '
                              'calibrate both cameras together with camera_calibration')
        return cls(camera, rotation if rotation.any() else np.eye(3), projection)

    def rectified(self, image: ImageArray) -> NDArray[np.uint8]:
        """Rectify an image, uint8 (H, W, 3) RGB; uint8 (H, W) grey.

        Raises:
            ImageError: it is not of the size of the calibration.
        """
        size = image.shape[1], image.shape[0]
        camera = self.camera
        if size != (camera.width, camera.height):
            raise ImageError(f'a stereo image has {size[0]}x{size[1]} pixels, its camera_info is '
                             f'for {camera.width}x{camera.height}; give the camera_info of the '
                             'same camera')
        first, second = self._maps()
        return np.asarray(cv2.remap(cv2.cvtColor(image, _GREY), first, second, cv2.INTER_LINEAR),
                          np.uint8)

    def _maps(self) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        camera, d = self.camera, np.array(self.camera.distortion or (0.0,) * 4)
        make = (cv2.fisheye.initUndistortRectifyMap if camera.model == EQUIDISTANT
                else cv2.initUndistortRectifyMap)
        size = camera.width, camera.height
        return make(  # type: ignore[return-value]
            camera.matrix, d, self.rotation, self.projection[:, :3], size, cv2.CV_16SC2)


class StereoPair:
    """The calibration of a pair.

    Attributes:
        error_per_m: standard deviation of a depth z is this times z squared.
    """

    def __init__(self, left: StereoSide, right: StereoSide) -> None:
        """Check that it is a pair.

        Raises:
            ConfigError: there is no baseline, or the cameras are swapped.
        """
        self._left, self._right = left, right
        self._times_baseline = -float(right.projection[0, 3])  # focal length times baseline
        if self._times_baseline < 0:
            raise ConfigError('the right camera_info says that the camera stands left of the '
                              'other (its P[3] is positive); swap left and right')
        if not self._times_baseline > 0:
            raise ConfigError('the right camera_info has no baseline (its P[3] is 0); calibrate '
                              'the pair with camera_calibration and give the right camera its own')
        self._offset_px = float(left.projection[0, 2] - right.projection[0, 2])
        self.error_per_m = DISPARITY_STD_PX / self._times_baseline

    def depths(self, left: ImageArray, right: ImageArray, points_px: FloatArray) -> FloatArray:
        """Depth of points of the left image along its optical axis.

        Args:
            left, right: uint8 (H, W, 3) RGB, of one moment, as the cameras give them.
            points_px: float32 (n, 2) in the left image.

        Returns:
            float32 (n,), metres; NaN where it could not be found.

        Raises:
            ImageError: an image is not of the size of its calibration.
        """
        side, found = self._left, np.full(len(points_px), np.nan, np.float32)
        if not len(points_px):
            return found
        rays = np.column_stack([side.camera.rays(points_px.astype(np.float64)),
                                np.ones(len(points_px))]) @ side.rotation.T
        p = side.projection
        at = rays[:, :2] / rays[:, 2:] * (p[0, 0], p[1, 1]) + (p[0, 2], p[1, 2])
        rows = np.flatnonzero(np.isfinite(at).all(1) & (rays[:, 2] > 0))
        disparity = disparities(
            side.rectified(left), self._right.rectified(right), at[rows]) - self._offset_px
        good = disparity >= LEAST_DISPARITY_PX
        rows, z = rows[good], self._times_baseline / disparity[good]
        point = rays[rows] / rays[rows, 2:] * z[:, None]
        found[rows] = (point @ side.rotation)[:, 2]
        return found


def disparities(
    left: NDArray[np.uint8], right: NDArray[np.uint8], points_px: Float64Array
) -> Float64Array:
    """How far left each point of the left image lies in the right one.

    Args:
        left, right: uint8 (H, W), rectified.
        points_px: float64 (n, 2) in the left image.

    Returns:
        float64 (n,), px; NaN where it was not found.
    """
    height, width = left.shape
    result = np.full(len(points_px), np.nan)
    whole = np.rint(points_px).astype(int)
    reach, margin = round(width * NEAREST_SHARE), HALF_PX + 1
    inside = ((whole >= margin) & (whole < (width - margin, height - margin))).all(1)
    guesses: dict[int, int] = {}
    for row in np.flatnonzero(inside).tolist():
        found = _along_row(left, right, int(whole[row, 0]), int(whole[row, 1]), reach)
        if found is not None:
            guesses[row] = found
    if not guesses:
        return result
    rows = np.array(list(guesses))
    start = points_px[rows].astype(np.float32)[:, None]
    guess = start - np.array([[[float(guesses[row]), 0.0]] for row in rows], np.float32)
    ended, ok, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        left, right, start, guess, **_LK)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        right, left, ended, start - guess + ended, **_LK)
    moved, returned = (start - ended)[:, 0], np.abs(back - start)[:, 0].max(1)
    good = ((ok & ok_back)[:, 0].astype(bool) & (np.abs(moved[:, 1]) < OFF_ROW_PX)
            & (np.abs(moved - (start - guess)[:, 0])[:, 0] < 2.0) & (returned < BACK_PX))
    result[rows[good]] = moved[good, 0]
    return result


def _along_row(
    left: NDArray[np.uint8], right: NDArray[np.uint8], x: int, y: int, reach: int
) -> int | None:
    """Return the whole disparity at which the patch looks alike; None where none stands out."""
    rows, end = slice(y - HALF_PX, y + HALF_PX + 1), x + HALF_PX + 1
    begin = max(x - reach - HALF_PX, 0)
    patch, strip = left[rows, x - HALF_PX:end], right[rows, begin:end]
    scores = cv2.matchTemplate(strip, patch, cv2.TM_CCOEFF_NORMED)[0]
    best = int(scores.argmax())
    if not scores[best] >= LEAST_SCORE:
        return None
    rivals = np.concatenate([scores[:max(best - 3, 0)], scores[best + 4:]])
    if len(rivals) and rivals.max() > scores[best] - RIVAL_GAP:
        return None
    return x - (begin + HALF_PX + best)
