# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The small pictures that a map keeps of its places."""

from __future__ import annotations

import cv2

from vpr_ros.types import ImageArray

QUALITY = 80


def thumbnail(image: ImageArray, width_px: int) -> bytes:
    """Encode an image as a small JPEG.

    Args:
        image: uint8 (H, W, 3) RGB.
        width_px: width of the thumbnail; wider than the image keeps the image's size, 0 gives
            no thumbnail.

    Returns:
        JPEG bytes, empty for ``width_px`` 0.
    """
    if width_px <= 0:
        return b''
    height, width = image.shape[:2]
    if width_px < width:
        size = (width_px, max(1, round(height * width_px / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
