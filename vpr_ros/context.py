# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Take from a descriptor what the last keyframes have in common.

Light, weather, camera and kind of street change slowly along a drive; their share of a descriptor
is the mean over the last keyframes. Without it, a street in the rain resembles every street in the
rain more than itself in the sun. Only frames of the past are used, so the robot and the replay do
the same, and what is stored of a place never changes afterwards.

When the images pause (the camera was off, the robot slept, the next drive begins in the same
recording), the light may be another afterwards, and the mean of the keyframes before would be in
the way for as many keyframes as it holds: it begins anew.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from vpr_ros.types import FloatArray

PRIOR_KEYFRAMES = 2.0  # weight of a zero mean, which keeps the first descriptors as they are
PAUSE_S = 1.5  # without images, and ...
PAUSE_INTERVALS = 4.0  # ... so many times as long as between the images before: a pause
_NS = 1e-9


class PauseDetector:
    """Finds the first image after a pause: of no stream that is merely slow or has lost some."""

    def __init__(self) -> None:
        """Begin before the first image."""
        self._before_ns: int | None = None
        self._usual_s: float | None = None

    @property
    def state(self) -> tuple[int | None, float | None]:
        """Stamp of the last image and the usual interval, seconds; None before there is one."""
        return self._before_ns, self._usual_s

    def restore(self, before_ns: int | None, usual_s: float | None) -> None:
        """Remember what :attr:`state` said."""
        self._before_ns, self._usual_s = before_ns, usual_s

    def ended(self, stamp_ns: int) -> bool:
        """Return True when a pause came before the image of this stamp."""
        before_ns, self._before_ns = self._before_ns, stamp_ns
        if before_ns is None:
            return False
        interval_s, usual_s = (stamp_ns - before_ns) * _NS, self._usual_s
        if usual_s is not None and interval_s > max(PAUSE_S, PAUSE_INTERVALS * usual_s):
            return True
        self._usual_s = interval_s if usual_s is None else 0.9 * usual_s + 0.1 * interval_s
        return False


class Context:
    """The descriptors of the last keyframes; state is explicit and has ``reset``.

    Args:
        window: over how many keyframes the mean goes, the current frame among them; 0 leaves
            descriptors as they are.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self._last: deque[FloatArray] = deque(maxlen=max(window - 1, 0))
        self._pauses = PauseDetector()

    def reset(self) -> None:
        """Forget the keyframes: time jumped, or another drive begins."""
        self._last.clear()
        self._pauses = PauseDetector()

    def notice(self, stamp_ns: int) -> None:
        """Take in the stamp of an image, before :meth:`mean`; a pause forgets the keyframes."""
        if self._pauses.ended(stamp_ns):
            self._last.clear()

    @property
    def state(self) -> tuple[int, int | None, float | None]:
        """How many keyframes are remembered, and the state of the pause detector."""
        return len(self._last), *self._pauses.state

    def restore(self, count: int, before_ns: int | None, usual_s: float | None) -> None:
        """Remember what :attr:`state` said, with the last ``count`` of what was pushed since."""
        while len(self._last) > count:
            self._last.popleft()
        self._pauses.restore(before_ns, usual_s)

    def push(self, descriptor: FloatArray) -> None:
        """Remember a keyframe's descriptor, float32 (D,), as the model gave it."""
        self._last.append(descriptor)

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
