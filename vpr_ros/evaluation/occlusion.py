# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which parts of an image its descriptor rests on: a grey square is slid over it.

After Zeiler and Fergus, as in figure 6 of NetVLAD: where hiding a part changes the descriptor
much, the network looks there. It needs descriptors only, so it works with any model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vpr_ros.errors import ConfigError
from vpr_ros.types import FloatArray, ImageArray

GREY = 128
SQUARE = 100 / 480  # of the shorter side: the paper hides 100 pixels of 480
OVERLAP = 4  # positions within a side of the square; the paper has 2, which shows less detail

# uint8 (H, W, 3) RGB of the model's size -> float32 (D,), L2-normalised
Describe = Callable[[ImageArray], FloatArray]


@dataclass(frozen=True)
class OcclusionMap:
    """What hiding each part does.

    Attributes:
        change: float32 (rows, columns) of square positions. Without a match the distance between
            the descriptors before and after, 0 to 2; with one the similarity that is lost: above 0
            where the hidden part spoke for the match, below where it spoke against it.
        tops: first row of pixels of each row of squares.
        lefts: first column of pixels of each column of squares.
        square_px: side of the square.
        height: of the image in pixels.
        width: of the image in pixels.
        similarity: to the match, nothing hidden; None without one.
    """

    change: FloatArray
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    square_px: int
    height: int
    width: int
    similarity: float | None

    def per_pixel(self) -> FloatArray:
        """Return the mean change of all squares that cover a pixel: float32 (height, width).

        Squares whose middle is near count more, so that their borders do not show.
        """
        window = np.hanning(self.square_px + 2)[1:-1].astype(np.float32)
        weights = np.outer(window, window)
        total = np.zeros((self.height, self.width), np.float32)
        covered = np.zeros_like(total)
        for row, top in enumerate(self.tops):
            for column, left in enumerate(self.lefts):
                inside = np.s_[top:top + self.square_px, left:left + self.square_px]
                total[inside] += self.change[row, column] * weights
                covered[inside] += weights
        return total / covered


def occlusion_map(describe: Describe, image: ImageArray, *, match: FloatArray | None = None,
                  square: float = SQUARE, overlap: int = OVERLAP,
                  progress: Callable[[int, int, str], None] | None = None) -> OcclusionMap:
    """Slide a grey square over an image and describe it each time.

    Args:
        describe: the model.
        image: uint8 (H, W, 3) RGB of the model's size.
        match: float32 (D,), descriptor of the image that it was matched with, or None.
        square: side of the square as a share of the shorter side of the image, above 0 up to 1.
        overlap: positions within one side of the square; the time grows with its square.
        progress: called with (squares done, squares in total, stage).

    Raises:
        ConfigError: the square or the overlap is out of range.
    """
    height, width = image.shape[:2]
    if not 0 < square <= 1 or overlap < 1:
        raise ConfigError(f'a square of {square:g} of the shorter side with {overlap} positions a '
                          f'side was asked for; expected more than 0 and up to 1, and 1 or more')
    side = max(1, round(square * min(height, width)))
    tops, lefts = (_starts(length, side, overlap) for length in (height, width))
    whole = describe(image)
    similarity = None if match is None else float(whole @ match)
    change = np.zeros((len(tops), len(lefts)), np.float32)
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            hidden = image.copy()
            hidden[top:top + side, left:left + side] = GREY
            found = describe(hidden)
            if match is None or similarity is None:
                change[row, column] = np.linalg.norm(found - whole)
            else:
                change[row, column] = similarity - float(found @ match)
            if progress is not None:
                progress(row * len(lefts) + column + 1, change.size, 'hiding parts')
    return OcclusionMap(change, tops, lefts, side, height, width, similarity)


def _starts(length: int, side: int, overlap: int) -> tuple[int, ...]:
    """First pixels of squares that reach from border to border, evenly spread."""
    count = 1 if side == length else -(-(length - side) * overlap // side) + 1
    return tuple(int(start) for start in np.linspace(0, length - side, count).round())
