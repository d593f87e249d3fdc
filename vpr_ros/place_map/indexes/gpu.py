# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An exact scan on a graphics card, where a FAISS that can do it is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.indexes.faiss_kinds import FaissRows, one_thread
from vpr_ros.types import FloatArray

MOST_WANTED = 2048  # FAISS's limit of one search on a graphics card


def why_not() -> str:
    """Say in one sentence why nothing can be scanned on a graphics card here; '' where it can."""
    if hasattr(faiss, 'StandardGpuResources') and faiss.get_num_gpus() > 0:
        return ''
    built = 'sees no graphics card' if hasattr(faiss, 'StandardGpuResources') else (
        'is built for the CPU only')
    return (f'this FAISS {built}; install one for CUDA (faiss-gpu) on a machine with an NVIDIA '
            f'card, or choose auto')


def to_first_card(index: Any) -> Any:
    """Copy an index to the first graphics card."""
    resources = faiss.StandardGpuResources()
    copy: Any = faiss.index_cpu_to_gpu(resources, 0, index)
    copy.referenced_resources = resources  # FAISS does not keep them itself
    return copy


class GpuRows(FaissRows):
    """float32 rows on a graphics card, and in main memory for files and for what it cannot do.

    Args:
        dim: length D of the rows.
        to_card: copies an index to the card.
    """

    def __init__(self, dim: int, *, to_card: Callable[[Any], Any] = to_first_card) -> None:
        super().__init__('flat', dim)
        self._on_card = to_card(self.index)

    def add(self, rows: FloatArray) -> None:
        """Append unit rows, float32 (n, D)."""
        super().add(rows)
        with one_thread():
            self._on_card.add(rows)

    def search(self, query: FloatArray, wanted: int, below: int, dead: int) -> NDArray[np.int64]:
        """Slots below ``below`` nearest to a unit row; see :meth:`.SignBits.search`."""
        asked = min(below, wanted + dead)
        if asked + len(self) - below > MOST_WANTED:
            return super().search(query, wanted, below, dead)
        return self._search_all(self._on_card, query, asked, below)
