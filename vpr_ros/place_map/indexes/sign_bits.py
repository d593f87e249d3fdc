# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One bit a dimension: the signs of rotated descriptors, scanned by Hamming distance.

A scan reads 64 bytes a place of 512 dimensions: a million places are 64 MB. The best of the scan
are ordered by sum_i q_i sign(x_i), which uses the query's own numbers and halves the error of
comparing two signs; the map then ranks what is left exactly.
"""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.indexes.rotation import Rotation
from vpr_ros.types import FloatArray

SCAN_FACTOR = 8  # rows of the scan for each row that is proposed
MOST_COUNTER_BYTES = 1 << 27  # FAISS sets aside a list for each distance; beyond this, a heap
Codes = NDArray[np.uint8]


class SignBits:
    """The codes of a map, growing; or codes of a file, mapped, until one is added.

    Args:
        dim: length D of the rows.
        codes: uint8 (n, ceil(D / 8)), those there are already; taken as they are.
    """

    trained = True

    def __init__(self, dim: int, codes: Codes | None = None) -> None:
        self._dim = dim
        self._rotate = Rotation(dim)
        self._codes = np.empty((0, (dim + 7) // 8), np.uint8) if codes is None else codes
        self._count = len(self._codes)

    def __len__(self) -> int:
        return self._count

    @property
    def codes(self) -> Codes:
        """uint8 (n, ceil(D / 8))."""
        return self._codes[: self._count]

    def train(self, rows: FloatArray) -> None:
        """Nothing has to be learned."""

    def add(self, rows: FloatArray) -> None:
        """Append unit rows, float32 (n, D)."""
        needed = self._count + len(rows)
        if needed > len(self._codes):
            grown = np.empty((max(needed, 5 * len(self._codes) // 4), self._codes.shape[1]),
                             np.uint8)
            grown[: self._count] = self.codes
            self._codes = grown
        self._codes[self._count:needed] = np.packbits(self._rotate(rows) > 0, axis=1)
        self._count = needed

    def search(self, query: FloatArray, wanted: int, below: int, dead: int) -> NDArray[np.int64]:
        """Slots below ``below`` whose signs agree best with a unit row, float32 (D,), unordered.

        Args:
            query: what is looked for.
            wanted: how many slots.
            below: only slots below this number.
            dead: how many of them may have to be thrown away.
        """
        turned = self._rotate(query[np.newaxis])
        bits = np.packbits(turned > 0, axis=1)
        scanned = min(below, SCAN_FACTOR * wanted + dead)
        counted = 8 * scanned * (self._dim + 1) <= MOST_COUNTER_BYTES
        _, found = faiss.knn_hamming(bits, self._codes[:below], scanned,
                                     variant='mc' if counted else 'hc')
        slots: NDArray[np.int64] = found[0].astype(np.int64)
        if scanned <= wanted + dead:
            return slots
        signs = np.unpackbits(self._codes[slots], axis=1, count=self._dim).astype(np.float32)
        agreement = signs @ turned[0]  # the constant sum of the query is left out
        return slots[np.argpartition(-agreement, wanted + dead - 1)[: wanted + dead]]
