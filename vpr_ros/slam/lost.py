# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the robot knows where it is in the map: lost, or found, with hysteresis.

Found takes several recognitions in a row that agree with the distance driven between them; lost
takes a longer way (or time) without any. One wrong match therefore changes nothing, and neither
does one corner that nobody mapped.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
import math

from vpr_ros.types import Recognition

TOLERANCE_M = 3.0  # beside the distance driven, between two matches that agree
SLACK = 1.3  # of the distance driven: the map's keyframes lie beside the robot's way


@dataclass
class LostFlag:
    """Follows the recognitions of a robot in a stored map.

    Attributes:
        found_after: accepted recognitions in a row, agreeing with each other, that end being lost.
        lost_after_m: distance driven without an accepted recognition that begins it; 0 is never.
        lost_after_s: the same in time, used without odometry; 0 is never.
        lost: the answer; a robot that wakes is lost.
    """

    found_after: int = 3
    lost_after_m: float = 30.0
    lost_after_s: float = 60.0
    lost: bool = True
    _row: deque[Recognition] = field(default_factory=deque)
    _last: Recognition | None = None

    def update(self, recognition: Recognition) -> bool:
        """Take the recognition of the next image; True when the robot has just been found."""
        if not recognition.accepted:
            if not self.lost and self._last is not None and self._far(self._last, recognition):
                self.forget()
            return False
        self._last = recognition
        if not all(_agree(earlier, recognition) for earlier in self._row):
            self._row.clear()
        self._row.append(recognition)
        while len(self._row) > self.found_after:
            self._row.popleft()
        found = self.lost and len(self._row) >= self.found_after
        self.lost = self.lost and not found
        return found

    def forget(self) -> None:
        """Forget where the robot is: it was carried, or somebody says that it is lost."""
        self.lost, self._last = True, None
        self._row.clear()

    @property
    def confidence(self) -> float:
        """How far the evidence has come since the robot was lost, in [0, 1]; it grows with motion.

        One minus the chance that all recognitions in the row are wrong, each as likely as its
        probability says.
        """
        return 1.0 - math.prod(1.0 - recognition.probability for recognition in self._row)

    def _far(self, last: Recognition, now: Recognition) -> bool:
        if last.travelled_m is not None and now.travelled_m is not None:
            return 0 < self.lost_after_m < now.travelled_m - last.travelled_m
        return 0 < self.lost_after_s < (now.stamp_ns - last.stamp_ns) / 1e9


def _agree(a: Recognition, b: Recognition) -> bool:
    """Whether two matches lie as far apart as the robot may have driven between them."""
    if a.best is None or b.best is None:
        return False
    first, second = a.best.place.pose, b.best.place.pose
    if first is None or second is None or a.travelled_m is None or b.travelled_m is None:
        return True
    driven = abs(b.travelled_m - a.travelled_m)
    return first.distance_m(second) <= SLACK * driven + TOLERANCE_M
