# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much a map may hold while it grows, so that a drive of any length fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vpr_ros.place_map.pruning import PrunePolicy

SHARE = 0.9  # a map that is full is brought down to this share, so that forgetting is rare
PROTECTED_PLACES = 64  # the last ones: what the robot has only just left is compared with them


@dataclass(frozen=True)
class Budget:
    """The most that a map may hold; 0 for no limit.

    Attributes:
        places: number of places.
        file_bytes: bytes of the file in use.
    """

    places: int = 0
    file_bytes: int = 0

    def goal(self, places: int, used_bytes: Callable[[], int]) -> PrunePolicy | None:
        """Return what to prune to; None while everything fits.

        Args:
            places: number of places now.
            used_bytes: gives the bytes in use; asked only where they are limited.
        """
        most = int(self.places * SHARE) if 0 < self.places < places else None
        size = None
        if self.file_bytes and used_bytes() > self.file_bytes:
            size = int(self.file_bytes * SHARE)
        if most is None and size is None:
            return None
        protected = min(PROTECTED_PLACES, places // 2)
        return PrunePolicy(
            max_places=None if most is None else max(1, most), max_bytes=size,
            protect_last=protected,
        )
