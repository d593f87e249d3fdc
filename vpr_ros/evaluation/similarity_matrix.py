# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The similarity of queries with places, thinned to what a screen can show.

Bright diagonals are stretches driven again; a bright row resembles everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map import PlaceMap
from vpr_ros.types import FloatArray

MOST = 160  # rows and columns


class SimilarityMatrix:
    """Keeps the descriptors of evenly spread queries and places."""

    def __init__(self, queries: int, places: int) -> None:
        """Choose which are kept.

        Args:
            queries, places: how many there will be.
        """
        self._wanted = [dict.fromkeys(_spread(count)) for count in (queries, places)]
        self._kept: list[dict[int, FloatArray]] = [{}, {}]

    def row(self, number: int, descriptor: FloatArray) -> None:
        """See query ``number``; float32 (D,)."""
        self._keep(0, number, descriptor)

    def column(self, number: int, descriptor: FloatArray) -> None:
        """See place ``number``; float32 (D,)."""
        self._keep(1, number, descriptor)

    def _keep(self, axis: int, number: int, descriptor: FloatArray) -> None:
        if number in self._wanted[axis]:
            self._kept[axis][number] = descriptor

    def to_json(self) -> dict[str, Any] | None:
        """``rows`` and ``columns`` (numbers of the kept ones) and ``values`` by row.

        Similarities are those of the kept places about their common mean, as the map takes
        them; None without both.
        """
        if not self._kept[0] or not self._kept[1]:
            return None
        rows, columns = (np.stack(list(kept.values())) for kept in self._kept)
        mean = columns.mean(axis=0)
        values = _unit(rows - mean) @ _unit(columns - mean).T
        return {'rows': list(self._kept[0]), 'columns': list(self._kept[1]),
                'values': [[round(float(v), 3) for v in row] for row in values]}


def matrix_of_map(place_map: PlaceMap, place_ids: Sequence[int]) -> dict[str, Any] | None:
    """Compare the places of a drive with each other; None for fewer than two."""
    kept = [place_id for place_id in place_ids if place_map.has(place_id)]
    if len(kept) < 2:
        return None
    matrix = SimilarityMatrix(len(kept), len(kept))
    for number in _spread(len(kept)):
        descriptor = place_map.descriptor(kept[number])
        matrix.row(number, descriptor)
        matrix.column(number, descriptor)
    return matrix.to_json()


def _spread(count: int) -> list[int]:
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, MOST)).astype(int)).tolist()


def _unit(table: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(table / np.maximum(length, 1e-9), np.float32)
