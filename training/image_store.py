# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training images, kept in memory or read each time, made into a batch by several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from training.images import read_rgb, resize
from vpr_ros.types import ImageArray

T = TypeVar('T')


class ImageStore:
    """Images by their index, uint8 (height, width, 3) RGB.

    Args:
        paths: of all of them.
        height: that they are resized to.
        width: that they are resized to.
        keep: hold all in memory; an unreadable one is found at the beginning then.
        workers: threads that read and change images; 0 uses the caller's own.

    Raises:
        ImageError: an image cannot be read; its name is in the sentence.
    """

    def __init__(self, paths: Sequence[Path], height: int, width: int, *, keep: bool = True,
                 workers: int = 0) -> None:
        self.paths, self.height, self.width = paths, height, width
        self._pool = ThreadPoolExecutor(workers) if workers else None
        self._kept: list[ImageArray] | None = None
        if keep:
            self._kept = list(self.apply(self.read, paths))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> ImageArray:
        return self._kept[index] if self._kept is not None else self.read(self.paths[index])

    def read(self, path: Path) -> ImageArray:
        """Read and resize one file."""
        return resize(read_rgb(path), self.height, self.width)

    def apply(self, make: Callable[[T], ImageArray], items: Iterable[T]) -> Iterable[ImageArray]:
        """Apply a function to each item, in order, by the threads."""
        return self._pool.map(make, items) if self._pool else map(make, items)

    def stack(self, make: Callable[[int], ImageArray], items: Iterable[int]) -> ImageArray:
        """Return the images that a function makes, as one array uint8 (n, H, W, 3)."""
        return np.stack(list(self.apply(make, items)))
