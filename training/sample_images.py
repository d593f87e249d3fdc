# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A few images of a folder, spread evenly: to check an export on, or to calibrate it."""

from __future__ import annotations

from pathlib import Path

from training.images import read_rgb
from vpr_ros.errors import DataError
from vpr_ros.model.session import resize
from vpr_ros.types import ImageArray

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')


def sample_images(folder: Path, count: int, height: int, width: int, interpolation: str = 'area'
                  ) -> list[ImageArray]:
    """Read up to ``count`` images from a folder and those below it.

    Args:
        folder: with image files.
        count: at least 1.
        height: to resize to.
        width: to resize to.
        interpolation: as model cards name it.

    Returns:
        uint8 (height, width, 3) RGB each, in the order of their paths.

    Raises:
        DataError: the folder is missing or has no image.
        ImageError: an image cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f'there is no folder {folder} to take images from; check the path')
    paths = sorted(path for path in folder.rglob('*') if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise DataError(f'{folder} has no images ({", ".join(SUFFIXES)}), not in its folders '
                        f'either; give one with some')
    chosen = [paths[index * len(paths) // count] for index in range(min(count, len(paths)))] \
        if len(paths) > count else paths
    return [resize(read_rgb(path), height, width, interpolation) for path in chosen]
