# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""R-MAC: maxima over regions of several sizes (Tolias et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn, Tensor
from torch.nn import functional

OVERLAP = 0.4  # wanted of neighbouring regions, along the longer side
_LONGER_SIDE_REGIONS = range(2, 8)


@dataclass(frozen=True)
class Region:
    """A square of the feature map: its first row and column, and its side, in cells."""

    row: int
    column: int
    side: int


def regions(height: int, width: int, levels: int = 3) -> list[Region]:
    """Squares at every level, row-major; at level l the shorter side holds l of them.

    Their side is 2 / (l + 1) of the shorter side. Along the longer side there are more: as many as
    make the overlap of the largest squares come nearest to 40 %.
    """
    short, extra = min(height, width), 0
    if height != width:
        gaps = [(max(height, width) - short) / (count - 1) for count in _LONGER_SIDE_REGIONS]
        misses = [abs((short * short - short * gap) / short**2 - OVERLAP) for gap in gaps]
        extra = misses.index(min(misses)) + 1
    more_rows, more_columns = (extra if height > width else 0), (extra if width > height else 0)
    found = []
    for level in range(1, levels + 1):
        side = 2 * short // (level + 1)
        if side:
            rows = _starts(height, side, level + more_rows)
            columns = _starts(width, side, level + more_columns)
            found += [Region(row, column, side) for row in rows for column in columns]
    return found


def _starts(length: int, side: int, count: int) -> list[int]:
    """First cells of ``count`` squares spread evenly, rounded down."""
    return [0] if count == 1 else [i * (length - side) // (count - 1) for i in range(count)]


class RMAC(nn.Module):
    """Sum of the L2-normalised maxima of all regions and of the whole map.

    Args:
        levels: of region sizes.
        epsilon: added to the norms, as the released codes do.
    """

    def __init__(self, levels: int = 3, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.levels, self.epsilon = levels, epsilon

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, D), not normalised."""
        height, width = int(x.shape[2]), int(x.shape[3])
        maxima = [x.flatten(2).amax(2)]
        by_side: dict[int, list[Region]] = {}
        for region in regions(height, width, self.levels):
            by_side.setdefault(region.side, []).append(region)
        for side, squares in by_side.items():
            pooled = functional.max_pool2d(x, side, 1)  # the maxima of all squares at once
            maxima += [pooled[:, :, square.row, square.column] for square in squares]
        stacked = torch.stack(maxima)
        return (stacked / (stacked.norm(dim=2, keepdim=True) + self.epsilon)).sum(0)
