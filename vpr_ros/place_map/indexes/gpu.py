# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scans on a graphics card, where a FAISS that can do it is installed."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.indexes.faiss_kinds import FaissRows
from vpr_ros.types import FloatArray

GPU_KINDS = ('flat', 'ivf')  # what FAISS can move there
MOST_WANTED = 2048  # FAISS's limit of one search on a graphics card


class GpuScan:
    """A copy of an index on the first graphics card."""

    def __init__(self, index: Any, resources: Any) -> None:
        self._index, self._resources = index, resources

    def search(self, query: FloatArray, wanted: int) -> NDArray[np.int64]:
        """Slots nearest to a unit row, float32 (D,)."""
        _, found = self._index.search(query[np.newaxis], min(wanted, MOST_WANTED))
        slots: NDArray[np.int64] = found[0][found[0] >= 0]
        return slots


def scan_of(kind: str, rows: Any) -> tuple[GpuScan | None, str]:
    """Copy an index to the graphics card; None and one sentence why where it stays on the CPU."""
    if not hasattr(faiss, 'StandardGpuResources') or faiss.get_num_gpus() == 0:
        return None, ('this FAISS sees no graphics card, so the index stays on the CPU; '
                      'install a FAISS that is built for CUDA to search there')
    if kind not in GPU_KINDS or not isinstance(rows, FaissRows):
        return None, (f'FAISS has no {kind} index for graphics cards, so it stays on the CPU; '
                      f'choose {" or ".join(GPU_KINDS)}')
    resources = faiss.StandardGpuResources()
    return GpuScan(faiss.index_cpu_to_gpu(resources, 0, rows.index), resources), ''
