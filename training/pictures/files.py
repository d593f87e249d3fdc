# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures as files."""

from __future__ import annotations

from pathlib import Path

import cv2

from vpr_ros.errors import DataError
from vpr_ros.types import ImageArray


def write_picture(path: Path, picture: ImageArray) -> None:
    """Write uint8 (H, W, 3) RGB and say where; folders are made.

    Raises:
        DataError: the folder cannot be written to, or the ending is of no image.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written = cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    except (cv2.error, OSError):
        written = False
    if not written:
        raise DataError(f'{path} cannot be written; name a .png in a folder that can be written '
                        f'to')
    print(f'wrote {path}')
