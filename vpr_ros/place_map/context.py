# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the descriptors of a map were centred before they came into it.

On a drive, the mean of the last keyframes holds what they have in common: light, weather, camera,
kind of street. It is subtracted from each descriptor (:mod:`vpr_ros.context`), so that the rest
tells places apart and lets a rainy evening find a sunny noon. The map keeps over how many
keyframes that mean goes, because queries must do the same, and the mean of all those means, which
stands in for it where a single image is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpr_ros.errors import MapError
from vpr_ros.types import FloatArray

MAX_WINDOW = 10_000


@dataclass(frozen=True)
class MapContext:
    """The centring that the places of a map went through.

    Attributes:
        window: number of keyframes whose mean was subtracted; 0 when descriptors came as the
            model gave them.
        mean: float32 (D,), mean over the places of what was subtracted.
        count: number of places in that mean.
    """

    window: int
    mean: FloatArray
    count: int = 0

    @classmethod
    def empty(cls, window: int, dim: int) -> MapContext:
        """Of a map without places.

        Raises:
            MapError: the window is out of range.
        """
        if not 0 <= window <= MAX_WINDOW:
            raise MapError(f'the context of a map is {window} keyframes, expected 0 to '
                           f'{MAX_WINDOW}')
        return cls(window, np.zeros(dim, np.float32))

    def with_place(self, subtracted: FloatArray) -> MapContext:
        """After one more place, from whose descriptor ``subtracted`` (D,) was taken."""
        count = self.count + 1
        mean = self.mean + (np.asarray(subtracted, np.float32) - self.mean) / np.float32(count)
        return MapContext(self.window, mean.astype(np.float32), count)

    def joined(self, other: MapContext) -> MapContext:
        """Of the places of two maps together.

        Raises:
            MapError: they were centred over different windows.
        """
        if other.window != self.window:
            raise MapError(
                f'maps with contexts of {self.window} and {other.window} keyframes cannot be '
                f'merged; build them with the same context_keyframes'
            )
        count = max(1, self.count + other.count)
        mean = (self.mean * self.count + other.mean * other.count) / count
        return MapContext(self.window, mean.astype(np.float32), self.count + other.count)
