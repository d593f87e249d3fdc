# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One camera's images on their way to the pipeline: the mask, then the lens.

The mask is drawn on the image as the camera gives it, so it comes first; its hidden pixels are
filled before the lens is undone and stay filled.
"""

from __future__ import annotations

from vpr_ros.cameras.lens import CameraModel, Rectifier
from vpr_ros.cameras.mask import BodyMask
from vpr_ros.errors import ConfigError
from vpr_ros.types import ImageArray


class Preparation:
    """Mask and rectifier of one camera; both may be off."""

    def __init__(self, *, mask: BodyMask | None = None, rectify: bool = False) -> None:
        """Begin without a calibration.

        Args:
            mask: the robot's own body; None for none.
            rectify: undo the lens distortion, once :meth:`calibrate` has told it.
        """
        self.mask, self.rectify = mask, rectify
        self._rectifier: Rectifier | None = None

    @property
    def off(self) -> bool:
        """Whether images go through as they are."""
        return self.mask is None and not self.rectify

    @property
    def calibrated(self) -> bool:
        """Whether a usable calibration has come."""
        return self._rectifier is not None

    def calibrate(self, model: CameraModel) -> None:
        """Take the camera's calibration; the maps are made anew only when it has changed.

        Raises:
            ConfigError: see :meth:`CameraModel.check`.
        """
        if self.rectify and (self._rectifier is None or self._rectifier.model != model):
            try:
                self._rectifier = Rectifier(model)
            except ConfigError:
                self._rectifier = None
                raise

    def __call__(self, image: ImageArray) -> ImageArray:
        """Prepare an image, uint8 (H, W, 3) RGB.

        Raises:
            ConfigError: the sizes do not fit, or there is no calibration yet.
        """
        if self.mask is not None:
            image = self.mask(image)
        if self.rectify:
            if self._rectifier is None:
                raise ConfigError('rectify is on but no usable camera_info has come: publish it '
                                  'beside the image, or set rectify to false')
            image = self._rectifier(image)
        return image
