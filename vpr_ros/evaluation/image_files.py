# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image files of data sets as RGB arrays."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vpr_ros.errors import ImageError
from vpr_ros.images import decode_compressed
from vpr_ros.types import ImageArray

_CHECKED = ('.jpg', '.jpeg', '.png')


def read_image(path: Path) -> ImageArray:
    """Read an image file.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        ImageError: the file is missing, damaged or no image; the sentence names it.
    """
    try:
        data = path.read_bytes()
        if path.suffix.lower() in _CHECKED:
            return decode_compressed('', data)
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except OSError as error:
        raise ImageError(f'{path} cannot be read ({error.strerror})') from error
    except (ImageError, cv2.error) as error:
        raise ImageError(f'{path}: {error}') from error
    if pixels is None:
        raise ImageError(f'{path} is damaged or no image; remove it or write it again')
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
