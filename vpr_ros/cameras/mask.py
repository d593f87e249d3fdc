# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The robot's own body taken out of an image before it is described.

A bumper or an arm looks the same everywhere, so it makes all places alike. Its pixels are filled
with :data:`DEFAULT_FILL`, chosen by ``python -m vpr_ros.evaluation.mask_study``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError, ImageError
from vpr_ros.images import decode_picture
from vpr_ros.types import ImageArray

MAX_FILE_BYTES = 64 * 1024 * 1024
SMALL_PX = 80  # width at which a smooth filling is made
MaskArray = NDArray[np.bool_]


class BodyMask:
    """Pixels to be filled in every image of one camera."""

    def __init__(self, hidden: MaskArray, *, name: str = 'mask', fill: str = '') -> None:
        """Keep a mask.

        Args:
            hidden: bool (H, W), True for the robot's own body.
            name: what to call it in an error.
            fill: one of :data:`FILLS`; '' takes :data:`DEFAULT_FILL`.

        Raises:
            ConfigError: it hides everything.
        """
        if hidden.all():
            raise ConfigError(f'{name} hides the whole image; white is what may be looked at, '
                              f'black the robot')
        self.hidden, self.name = hidden, name
        self._fill = FILLS[fill or DEFAULT_FILL]

    @classmethod
    def load(cls, path: Path | str) -> BodyMask:
        """Read a PNG (or any picture): black hides, white shows; half is the border.

        Raises:
            ConfigError: it is missing, no picture, or hides everything.
        """
        path = Path(path)
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise ConfigError(f'the mask {path} is larger than {MAX_FILE_BYTES} bytes')
            picture = decode_picture(path.read_bytes())
        except OSError as error:
            raise ConfigError(f'the mask {path} cannot be read ({error.strerror}); give a PNG of '
                              f"the image's size") from error
        except ImageError as error:
            raise ConfigError(f'the mask {path} is no picture ({error}); give a PNG of the '
                              f"image's size") from error
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        return cls(np.asarray(grey < 128), name=f'the mask {path}')

    def __call__(self, image: ImageArray) -> ImageArray:
        """Return a copy of an image, uint8 (H, W, 3), with the body filled.

        Raises:
            ConfigError: the image is of another size than the mask.
        """
        if image.shape[:2] != self.hidden.shape:
            height, width = self.hidden.shape
            raise ConfigError(
                f'images are {image.shape[1]}x{image.shape[0]} px but {self.name} is '
                f'{width}x{height}: draw the mask on an image of this camera')
        if not self.hidden.any():
            return image
        return self._fill(image, self.hidden)


def fill_black(image: ImageArray, hidden: MaskArray) -> ImageArray:
    """Black."""
    filled = image.copy()
    filled[hidden] = 0
    return filled


def fill_mean(image: ImageArray, hidden: MaskArray) -> ImageArray:
    """Return the mean colour of what is seen."""
    filled = image.copy()
    filled[hidden] = np.round(image[~hidden].mean(axis=0)).astype(np.uint8)
    return filled


def fill_smooth(image: ImageArray, hidden: MaskArray) -> ImageArray:
    """Draw the border's colours inwards: a small copy is inpainted and enlarged again."""
    height, width = hidden.shape
    scale = max(width / SMALL_PX, 1.0)
    size = max(round(width / scale), 1), max(round(height / scale), 1)
    weight = cv2.resize((~hidden).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    shown = np.where(hidden[..., None], 0, image).astype(np.float32)
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    small = np.round(small / np.maximum(weight, 1e-6)[..., None])
    small = np.clip(small, 0, 255).astype(np.uint8)
    inner = (weight < 0.5).astype(np.uint8)
    small = cv2.inpaint(small, inner, 3, cv2.INPAINT_TELEA)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    filled = image.copy()
    filled[hidden] = large[hidden]
    return filled


Fill = Callable[[ImageArray, MaskArray], ImageArray]
FILLS: dict[str, Fill] = {'black': fill_black, 'mean': fill_mean, 'smooth': fill_smooth}
DEFAULT_FILL = 'smooth'
