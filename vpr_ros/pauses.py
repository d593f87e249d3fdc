# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""After a pause of the images, what comes is judged without what came before.

The camera was off, the robot slept, or the next drive begins in the same recording: the light may
be another. The mean over keyframes of both lights is that of neither, and the frames before lead
to no place where the robot is now. What was remembered would be in the way for as long as its
windows last.
"""

from __future__ import annotations

PAUSE_S = 60.0  # light stays what it is for a while; lost images and slow cameras are no pause
_NS = 1e-9


class Pauses:
    """Finds the first moment after a pause.

    Attributes:
        before_ns: stamp of the last moment; None before the first.
    """

    def __init__(self) -> None:
        """Begin before the first moment."""
        self.before_ns: int | None = None

    def reset(self) -> None:
        """Forget the moments: time jumped."""
        self.before_ns = None

    def ended(self, stamp_ns: int) -> bool:
        """Take in the next moment's stamp; return whether it is the first after a pause."""
        before_ns, self.before_ns = self.before_ns, stamp_ns
        return before_ns is not None and (stamp_ns - before_ns) * _NS > PAUSE_S
