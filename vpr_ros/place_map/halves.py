# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Descriptors as the map stores them: float16, little-endian."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def half_bytes(half: NDArray[np.float16]) -> bytes:
    """Return a descriptor, float16 (D,), as the store keeps it."""
    return half.astype('<f2').tobytes()


def half_matrix(blobs: Sequence[bytes], dim: int) -> NDArray[np.float16]:
    """Join descriptors, each 2 * D bytes, to float16 (n, D).

    Raises:
        ValueError: one has another length.
    """
    if any(len(blob) != 2 * dim for blob in blobs):
        raise ValueError('length')
    halves = np.frombuffer(b''.join(blobs), dtype='<f2').reshape(-1, dim)
    return halves.astype(np.float16, copy=False)
