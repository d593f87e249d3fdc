# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which frames become places of the map: by distance, by time, and when the view is new."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vpr_ros.settings import Settings
from vpr_ros.types import FloatArray, Frame

MIN_INTERVAL_S = 0.1  # novelty alone never adds places faster than this ...
NOVELTY_MIN_SHARE = 0.1  # ... nor, with odometry, closer than this share of the distance
NO_IMAGE = np.zeros((0, 0, 3), np.uint8)  # a remembered frame does not keep its pixels
_NS = 1e-9


@dataclass
class KeyframeSelector:
    """Remembers the last keyframe; ``wants`` says whether a frame should be the next one.

    With odometry the travelled distance decides, without it the time; in both cases a view that
    differs enough from the last keyframe's is taken earlier, and a robot that stands still adds
    nothing.
    """

    _last: Frame | None = None
    _descriptor: FloatArray | None = None

    @property
    def last(self) -> tuple[Frame, FloatArray] | None:
        """The last keyframe, without its pixels, and its descriptor."""
        if self._last is None or self._descriptor is None:
            return None
        return self._last, self._descriptor

    def wants(self, frame: Frame, descriptor: FloatArray, settings: Settings) -> bool:
        """Return True when ``frame`` should be added to the map.

        Args:
            frame: the frame; its stamp must not lie before the last keyframe's.
            descriptor: float32 (D,), its global descriptor, L2-normalised.
            settings: the pipeline's settings (``keyframe_*``).
        """
        last = self._last
        if last is None or self._descriptor is None:
            return True
        elapsed_s = (frame.stamp_ns - last.stamp_ns) * _NS
        similarity = float(np.dot(descriptor, self._descriptor))
        new_view = elapsed_s >= MIN_INTERVAL_S and similarity < 1.0 - settings.keyframe_novelty
        if frame.travelled_m is not None and last.travelled_m is not None:
            moved_m = abs(frame.travelled_m - last.travelled_m)
            return moved_m >= settings.keyframe_distance_m or (
                new_view and moved_m >= NOVELTY_MIN_SHARE * settings.keyframe_distance_m
            )
        stands_still = similarity > 1.0 - settings.keyframe_standstill
        return new_view or (elapsed_s >= settings.keyframe_interval_s and not stands_still)

    def added(self, frame: Frame, descriptor: FloatArray) -> None:
        """Remember that ``frame`` is in the map now."""
        self._last, self._descriptor = replace(frame, image=NO_IMAGE), descriptor

    def reset(self) -> None:
        """Forget the last keyframe."""
        self._last = self._descriptor = None
