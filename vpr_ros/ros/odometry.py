# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Odometry messages between two threads: the executor adds them, the worker asks for a stamp."""

from __future__ import annotations

import threading
import time
from typing import Any

from vpr_ros.odometry import Added, OdometryTrack
from vpr_ros.ros.geometry import pose_from_message, stamp_from_message
from vpr_ros.types import Pose

ODDITIES = {
    Added.INVALID: 'odometry holds NaN, infinity or no rotation; such poses are left out',
    Added.JUMPED: 'odometry jumped; the way of the jump does not count as travelled',
    Added.RESTARTED: 'odometry began anew, its stamps or its frame are others',
}


class OdometryBuffer:
    """An :class:`~vpr_ros.odometry.OdometryTrack` with a lock, and a way to wait for news."""

    def __init__(self) -> None:
        """Start without odometry."""
        self._track = OdometryTrack()
        self._frame_id = ''
        self._heard_s: float | None = None
        self._changed = threading.Condition()

    def add(self, message: Any) -> Added:
        """Take a nav_msgs/Odometry; returns what became of it."""
        pose = pose_from_message(message.pose.pose, message.header.frame_id)
        with self._changed:
            added = self._track.add(stamp_from_message(message.header.stamp), pose)
            self._frame_id = message.header.frame_id
            self._heard_s = time.monotonic()
            self._changed.notify_all()
        return added

    def at(
        self, stamp_ns: int, *, timeout_s: float, wait_s: float = 0.0
    ) -> tuple[Pose | None, float | None]:
        """Where the robot was when an image was taken.

        Args:
            stamp_ns: of the image.
            timeout_s: odometry further than this from the stamp is not used.
            wait_s: wait so long for odometry that is as new as the image.

        Returns:
            The pose and the distance travelled since the odometry began; None without odometry.
        """
        with self._changed:
            if wait_s > 0:
                self._changed.wait_for(
                    lambda: (self._track.last_ns or -1) >= stamp_ns, wait_s
                )
            found = self._track.at(stamp_ns, max_gap_s=timeout_s)
            return (None, None) if found is None else (found.pose, found.travelled_m)

    def silence_s(self, now_s: float) -> float:
        """Seconds since the last message, 0 while none has come yet."""
        with self._changed:
            return 0.0 if self._heard_s is None else now_s - self._heard_s

    def describe(self) -> str:
        """In words."""
        with self._changed:
            track = self._track
            if not len(track):
                return 'none received, so time stands in for distance'
            faults = (
                f'{count} {what}' for what, count in (
                    ('jumps', track.jumps), ('restarts', track.restarts), ('late', track.late),
                    ('invalid', track.invalid),
                ) if count
            )
            words = [f'in frame {self._frame_id!r}', f'{track.travelled_m:.1f} m travelled']
            return ', '.join([*words, *faults])
