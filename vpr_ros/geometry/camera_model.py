# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a calibrated camera does to a ray, and the way back: pixels to normalised coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError

Float64Array = NDArray[np.float64]
EQUIDISTANT = 'equidistant'
MODELS = ('plumb_bob', 'rational_polynomial', EQUIDISTANT, '')
"""distortion_model of sensor_msgs/CameraInfo that are understood; '' stands for plumb_bob."""


@dataclass(frozen=True)
class CameraModel:
    """A calibration as sensor_msgs/CameraInfo gives it.

    Attributes:
        width, height: of the images that were calibrated, px.
        matrix: float64 (3, 3), K.
        distortion: coefficients D; empty for none.
        model: one of :data:`MODELS`.
    """

    width: int
    height: int
    matrix: Float64Array
    distortion: tuple[float, ...] = ()
    model: str = 'plumb_bob'

    @classmethod
    def of(
        cls, *, width: int, height: int, k: Sequence[float], d: Sequence[float] = (),
        model: str = '',
    ) -> CameraModel:
        """Check the fields of a CameraInfo.

        Raises:
            ConfigError: it is not calibrated, or of a model that is not understood.
        """
        matrix = np.asarray(k, np.float64)
        distortion = tuple(float(value) for value in d)
        if matrix.size != 9 or not np.isfinite(matrix).all() or matrix[0] <= 0 or matrix[4] <= 0:
            raise ConfigError('camera_info holds no calibration (its K has no focal length); '
                              'calibrate the camera with camera_calibration')
        if model not in MODELS or not np.isfinite(distortion).all():
            raise ConfigError(f'camera_info has the distortion model {model[:40]!r}, expected one '
                              f'of {", ".join(MODELS[:-1])}; publish rectified images')
        if model == EQUIDISTANT and len(distortion) not in (0, 4):
            raise ConfigError(f'camera_info has {len(distortion)} coefficients for the model '
                              f'{EQUIDISTANT}, expected 4; calibrate the camera again')
        if len(distortion) not in (0, 4, 5, 8, 12, 14):
            raise ConfigError(f'camera_info has {len(distortion)} distortion coefficients, '
                              'expected 0, 4, 5, 8, 12 or 14; calibrate the camera again')
        return cls(int(width), int(height), matrix.reshape(3, 3), distortion, model or MODELS[0])

    @property
    def focal_px(self) -> float:
        """Mean focal length, px."""
        return float((self.matrix[0, 0] + self.matrix[1, 1]) / 2)

    def resized(self, width: int, height: int) -> CameraModel:
        """Return the calibration of the same images in another size; pixel centres are integers.

        Raises:
            ConfigError: the shape is another, so that the images are not the calibrated ones.
        """
        if (width, height) == (self.width, self.height) or not self.width or not self.height:
            return self
        x, y = width / self.width, height / self.height
        if abs(x / y - 1) > 0.01:
            raise ConfigError(f'camera_info is for images of {self.width}x{self.height}, the '
                              f'images have {width}x{height}; remap camera_info to the topic of '
                              'the same camera')
        matrix = self.matrix * np.array([[x], [y], [1.0]])
        matrix[0, 2] += (x - 1) / 2
        matrix[1, 2] += (y - 1) / 2
        return CameraModel(width, height, matrix, self.distortion, self.model)

    def rays(self, points_px: Float64Array) -> Float64Array:
        """Normalised coordinates (x/z, y/z), float64 (n, 2), of pixels (n, 2).

        Pixels that the lens model cannot have made become NaN.
        """
        if not len(points_px):
            return np.zeros((0, 2))
        points = np.asarray(points_px, np.float64).reshape(-1, 1, 2)
        coefficients = np.array(self.distortion)
        if self.model == EQUIDISTANT and len(coefficients):
            found = cv2.fisheye.undistortPoints(points, self.matrix, coefficients)
        else:
            found = cv2.undistortPoints(points, self.matrix, coefficients)
        rays = np.asarray(found, np.float64).reshape(-1, 2)
        rays[np.abs(rays).max(1) > 10.0] = np.nan
        return rays
