# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lens distortion undone: a camera's calibration becomes maps of pixels, made once.

The models are those of ROS: ``plumb_bob`` and ``rational_polynomial`` (also with the thin prism
and tilt of OpenCV) as cv2.initUndistortRectifyMap has them, ``equidistant`` (fisheye) as
cv2.fisheye has it.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.types import ImageArray

COEFFICIENTS = {
    'plumb_bob': (4, 5), 'rational_polynomial': (8, 12, 14), 'equidistant': (4,),
    'fisheye': (4,),  # what some drivers call equidistant
}
MOST_PIXELS = 8192
WIDEST_DEG = 110.0  # field of view that a fisheye image is rectified to, at most


@dataclass(frozen=True)
class CameraModel:
    """A calibration, as sensor_msgs/CameraInfo tells it.

    Attributes:
        width, height: of the images it was made for, px.
        distortion: name of the model; '' for none.
        coefficients: in the order of ROS and OpenCV.
        k: the camera matrix, row by row.
        r: the rectifying rotation, row by row; of a camera that is no part of a stereo pair, 1.
        p: the 3 by 4 projection of the rectified image, row by row; zeros when it is not known.
    """

    width: int
    height: int
    distortion: str
    coefficients: tuple[float, ...]
    k: tuple[float, ...]
    r: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    p: tuple[float, ...] = (0.0,) * 12

    def check(self) -> None:
        """Check that it can be used.

        Raises:
            ConfigError: the camera is not calibrated, or fields are wrong.
        """
        if not (len(self.k) == 9 and self.k[0] > 0 and self.k[4] > 0):
            raise ConfigError('rectify is on but camera_info says that the camera is not '
                              'calibrated (k is 0): calibrate it, or set rectify to false')
        numbers = (*self.k, *self.r, *self.p, *self.coefficients)
        if not all(map(math.isfinite, numbers)) or len(self.r) != 9 or len(self.p) != 12:
            raise ConfigError('camera_info holds numbers that are not finite, or too few of them; '
                              'calibrate the camera again, or set rectify to false')
        if not (0 < self.width <= MOST_PIXELS and 0 < self.height <= MOST_PIXELS):
            raise ConfigError(f'camera_info is for images of {self.width}x{self.height} px, '
                              f'expected sides of 1 to {MOST_PIXELS}')
        lengths = COEFFICIENTS.get(self.distortion)
        if lengths is None and any(self.coefficients):
            raise ConfigError(f'camera_info has the distortion model {self.distortion!r}, '
                              f'expected one of {", ".join(COEFFICIENTS)}; set rectify to false, '
                              f'or rectify in the driver')
        if lengths is not None and len(self.coefficients) not in (0, *lengths):
            raise ConfigError(f'camera_info has {len(self.coefficients)} coefficients for '
                              f'{self.distortion}, expected {" or ".join(map(str, lengths))}')

    @property
    def distorted(self) -> bool:
        """Whether there is anything to undo."""
        return any(self.coefficients) or self.distortion in ('equidistant', 'fisheye')


class Rectifier:
    """Undoes the distortion of one camera's images.

    The maps are for one calibration and made when it is given; a frame then costs one cv2.remap.
    """

    def __init__(self, model: CameraModel) -> None:
        """Make the maps.

        Raises:
            ConfigError: see :meth:`CameraModel.check`.
        """
        model.check()
        self.model = model
        self.matrix = self._new_matrix()
        self._maps = self._make_maps() if model.distorted else None

    def __call__(self, image: ImageArray) -> ImageArray:
        """Rectify an image, uint8 (H, W, 3); what the camera has not seen becomes black.

        Raises:
            ConfigError: the image is not of the size of the calibration.
        """
        model = self.model
        if image.shape[:2] != (model.height, model.width):
            raise ConfigError(
                f'images are {image.shape[1]}x{image.shape[0]} px but camera_info is for '
                f'{model.width}x{model.height}: publish the camera_info of this image topic, or '
                f'set rectify to false')
        if self._maps is None:
            return image
        return np.asarray(cv2.remap(image, *self._maps, cv2.INTER_LINEAR), np.uint8)

    def seen(self) -> NDArray[np.bool_]:
        """Return which pixels of a rectified image show something: bool (H, W)."""
        size = self.model.height, self.model.width
        if self._maps is None:
            return np.ones(size, dtype=bool)
        white = np.full(size, 255, np.uint8)
        return np.asarray(cv2.remap(white, *self._maps, cv2.INTER_NEAREST) > 0)

    def _new_matrix(self) -> NDArray[np.float64]:
        """float64 (3, 3): the pinhole camera of the rectified image."""
        model = self.model
        if model.p[0] > 0 and model.p[5] > 0:
            return np.asarray(model.p, np.float64).reshape(3, 4)[:, :3]
        matrix = np.asarray(model.k, np.float64).reshape(3, 3).copy()
        if model.distortion in ('equidistant', 'fisheye'):
            # k alone would leave a wide lens a narrow middle: take as much as a plane can show
            angle = min(model.width / (2.0 * matrix[0, 0]), math.radians(WIDEST_DEG / 2.0))
            focal = model.width / 2.0 / math.tan(angle)
            matrix[0, 0] = matrix[1, 1] = focal
        return matrix

    def _make_maps(self) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        model, size = self.model, (self.model.width, self.model.height)
        k = np.asarray(model.k, np.float64).reshape(3, 3)
        r = np.asarray(model.r, np.float64).reshape(3, 3)
        if not r.any():  # not filled in
            r = np.eye(3)
        coefficients = np.asarray(model.coefficients, np.float64)
        if model.distortion in ('equidistant', 'fisheye'):
            first, second = cv2.fisheye.initUndistortRectifyMap(
                k, coefficients if len(coefficients) else np.zeros(4), r, self.matrix, size,
                cv2.CV_16SC2)
        else:
            first, second = cv2.initUndistortRectifyMap(
                k, coefficients, r, self.matrix, size, cv2.CV_16SC2)
        return np.asarray(first, np.int16), np.asarray(second, np.uint16)
