# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spatial non-maximum suppression: each spot stands once in a ranking.

The protocol of Tokyo 24/7: its database holds twelve views from each spot, and without this all
first predictions may be views from one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def suppressed(
    ranking: Sequence[int], positions_m: NDArray[np.float64], radius_m: float,
    most: int | None = None,
) -> list[int]:
    """Positions in the ranking that are kept: none lies near a better one that was kept.

    Args:
        ranking: database indices, best first.
        positions_m: float64 (N, 2), of the database; NaN is near nothing.
        radius_m: nearer than or at this distance, the worse one is dropped.
        most: stop when so many are kept; None keeps going.

    Returns:
        Ascending positions in ``ranking``.
    """
    places = positions_m[np.asarray(ranking, np.int64)].reshape(-1, 2)
    kept: list[int] = []
    near = np.zeros(len(places), bool)
    for row, place in enumerate(places):
        if near[row]:
            continue
        if most is not None and len(kept) >= most:
            break
        kept.append(row)
        near[row + 1:] |= np.hypot(*(places[row + 1:] - place).T) <= radius_m
    return kept
