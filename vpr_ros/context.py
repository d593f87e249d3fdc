# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Take from a descriptor what the last keyframes have in common.

Light, weather, camera and kind of street change slowly along a drive; their share of a descriptor
is the mean over the last keyframes. Without it, a street in the rain resembles every street in the
rain more than itself in the sun. Only frames of the past are used, so the robot and the replay do
the same, and what is stored of a place never changes afterwards.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from vpr_ros.types import FloatArray

PRIOR_KEYFRAMES = 2.0  # weight of a zero mean, which keeps the first descriptors as they are


class Context:
    """The descriptors of the last keyframes; state is explicit and has ``reset``.

    Args:
        window: over how many keyframes the mean goes, the current frame among them; 0 leaves
            descriptors as they are.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self._last: deque[FloatArray] = deque(maxlen=max(window - 1, 0))

    def reset(self) -> None:
        """Forget the keyframes: time jumped, or another drive begins."""
        self._last.clear()

    def push(self, descriptor: FloatArray) -> None:
        """Remember a keyframe's descriptor, float32 (D,), as the model gave it."""
        self._last.append(descriptor)

    def __len__(self) -> int:
        """Count the keyframes that are remembered."""
        return len(self._last)

    @property
    def newest(self) -> FloatArray | None:
        """The descriptor that was pushed last; None while there is none."""
        return self._last[-1] if self._last else None

    def mean(self, descriptor: FloatArray) -> FloatArray:
        """Return (x + sum of the last keyframes) / (n + 1 + PRIOR_KEYFRAMES), float32 (D,)."""
        if self.window == 0:
            return np.zeros_like(descriptor)
        total = descriptor + sum(self._last)
        return np.asarray(total / (len(self._last) + 1 + PRIOR_KEYFRAMES), np.float32)


def centred(descriptor: FloatArray, mean: FloatArray) -> FloatArray:
    """(x - m) / ||x - m||, float32 (D,); zeros stay zeros."""
    difference = np.asarray(descriptor - mean, np.float32)
    length = float(np.linalg.norm(difference))
    return difference / np.float32(length) if length > 1e-6 else difference
