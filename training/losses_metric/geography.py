# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Geo-classification: place recognition as classification of map cells (Vo et al. 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
import torch
from torch import nn, Tensor
from torch.nn import functional

from vpr_ros.errors import ConfigError

CELL_M = 25.0  # SARE's comparison: the radius within which an answer counts as right


def geographic_cells(positions: NDArray[np.floating], cell: float = CELL_M
                     ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give numbers to the square cells of the plane in which there are images.

    Args:
        positions: (N, 2), in metres.
        cell: side of a cell, metres.

    Returns:
        Labels (N,), 0 to C - 1, and the cells (C, 2) as indices along x and y; a cell without
        an image has no label.

    Raises:
        ConfigError: the side is not positive.
    """
    if not cell > 0:
        raise ConfigError(f'the side of a geographic cell is {cell}, expected more than 0 m')
    indices = np.floor(np.asarray(positions, np.float64) / cell).astype(np.int64)
    cells, labels = np.unique(indices, axis=0, return_inverse=True)
    return labels.reshape(-1).astype(np.int64), cells


class GeoClassification(nn.Module):
    """A linear layer on descriptors that tells the cell; its loss is the cross-entropy.

    Args:
        dim: D.
        cells: C.
    """

    def __init__(self, dim: int, cells: int) -> None:
        super().__init__()
        self.classify = nn.Linear(dim, cells)
        nn.init.normal_(self.classify.weight, std=0.01)
        nn.init.zeros_(self.classify.bias)

    def forward(self, descriptors: Tensor, labels: Tensor) -> Tensor:
        """Descriptors (N, D) and labels int64 (N,) -> scalar, the mean over images."""
        return functional.cross_entropy(self.classify(descriptors), labels)

    @torch.no_grad()
    def predict(self, descriptors: Tensor) -> Tensor:
        """Return the likeliest cell of every descriptor (N, D): int64 (N,)."""
        return self.classify(descriptors).argmax(1)
