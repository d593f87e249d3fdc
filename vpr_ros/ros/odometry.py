# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Odometry messages between two threads: the executor adds them, the worker asks for a stamp."""

from __future__ import annotations

import threading
from typing import Any

from vpr_ros.odometry import OdometryTrack
from vpr_ros.ros.geometry import pose_from_message, stamp_from_message
from vpr_ros.types import Pose

JUMP_NS = 1_000_000_000  # further back than this, time has jumped; less is a message out of order


class OdometryBuffer:
    """An :class:`~vpr_ros.odometry.OdometryTrack` with a lock; it starts anew when time jumps."""

    def __init__(self) -> None:
        """Start without odometry."""
        self._track = OdometryTrack()
        self._last_ns: int | None = None
        self._frame_id = ''
        self._changed = threading.Condition()

    def add(self, message: Any) -> bool:
        """Take a nav_msgs/Odometry; False when it is out of order or holds no valid pose."""
        stamp_ns = stamp_from_message(message.header.stamp)
        pose = pose_from_message(message.pose.pose, message.header.frame_id)
        with self._changed:
            if pose is None:
                return False
            if self._last_ns is not None and stamp_ns <= self._last_ns:
                if stamp_ns > self._last_ns - JUMP_NS:
                    return False
                self._track = OdometryTrack()
            self._track.add(stamp_ns, pose)
            self._last_ns, self._frame_id = stamp_ns, pose.frame_id
            self._changed.notify_all()
        return True

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
                    lambda: self._last_ns is not None and self._last_ns >= stamp_ns, wait_s
                )
            found = self._track.at(stamp_ns, max_gap_s=timeout_s)
            return (None, None) if found is None else (found.pose, found.travelled_m)

    def describe(self) -> str:
        """In words."""
        with self._changed:
            if self._last_ns is None:
                return 'none received: distances are measured in time'
            return f'in frame {self._frame_id!r}'
