# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading and resizing images, the same way everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from vpr_ros.errors import ImageError
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.model.session import resize as card_resize
from vpr_ros.types import ImageArray


def read_rgb(path: Path) -> ImageArray:
    """Read an image file: uint8 (H, W, 3) RGB; a frame of a rendered world is drawn when missing.

    Raises:
        ImageError: the file is missing, cut off or no image; training never goes on with another.
    """
    if not path.is_file():
        from training.world_source import draw  # noqa: PLC0415 - only rendered worlds need it

        draw(path)
    try:
        return read_image(path)
    except ImageError as error:
        why = str(error).removeprefix(str(path)).removeprefix(' cannot be read').strip(' :()')
        raise ImageError(f'image {path} cannot be read ({why}); remove it from the data set or '
                         f'mend it') from error


def resize(image: ImageArray, height: int, width: int) -> ImageArray:
    """Resize as the robot does for a card that says ``area``."""
    return card_resize(image, height, width, 'area')


def batches(paths: Sequence[Path], height: int, width: int, size: int = 16
            ) -> Iterator[ImageArray]:
    """Read and resize images in batches: uint8 (n, height, width, 3) RGB."""
    for start in range(0, len(paths), size):
        yield np.stack([
            resize(read_rgb(path), height, width) for path in paths[start:start + size]
        ])


def load_all(paths: Iterable[Path], height: int, width: int) -> list[ImageArray]:
    """Read and resize many images to keep in memory (height * width * 3 bytes each)."""
    return [resize(read_rgb(path), height, width) for path in paths]
