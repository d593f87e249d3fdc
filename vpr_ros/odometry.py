# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the robot was at a stamp, and how far it had travelled, from a stream of odometry poses.

Real odometry jitters while the robot stands, holds NaN, jumps when a localisation behind it
corrects itself, and starts again when a bag loops. None of that may count as distance travelled.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
import math

import numpy as np

from vpr_ros.types import Pose

NANOSECONDS = 1_000_000_000
UNIT_TOLERANCE = 1e-6


class Added(Enum):
    """What became of a pose that was added."""

    TAKEN = 'taken'
    JUMPED = 'jumped'  # taken, but the way to it is no distance travelled
    RESTARTED = 'restarted'  # taken as the first of a new history: time or frame changed
    LATE = 'late'  # rejected: not newer than the pose before
    INVALID = 'invalid'  # rejected: NaN, infinite, or a zero quaternion


@dataclass(frozen=True)
class Whereabouts:
    """Where the robot was at a stamp.

    Attributes:
        pose: in the odometry's frame.
        travelled_m: since the odometry began, metres, never decreasing; a multiple of movements
            longer than the dead band.
        interpolated: False when the nearest pose stands for the stamp.
    """

    pose: Pose
    travelled_m: float
    interpolated: bool


@dataclass(frozen=True)
class _Sample:
    pose: Pose
    travelled_m: float
    after_jump: bool


class OdometryTrack:
    """A history of poses that is asked for stamps between them.

    Attributes:
        travelled_m: distance travelled up to the last pose, metres.
        jumps, restarts, late, invalid: how often each of :class:`Added` happened.
    """

    def __init__(
        self,
        *,
        dead_band_m: float = 0.1,
        max_speed_mps: float = 60.0,
        min_jump_m: float = 1.0,
        restart_after_s: float = 1.0,
        history_s: float | None = 120.0,
    ) -> None:
        """Start without a pose.

        Args:
            dead_band_m: movements count once the robot is this far from where distance was
                counted last, so that the jitter of a standing robot adds nothing.
            max_speed_mps: a step that needs a higher speed is a jump ...
            min_jump_m: ... if it is longer than this; noise at a high rate looks fast, too.
            restart_after_s: a stamp further back than this starts a new history; less is a
                message out of order and is dropped.
            history_s: how long poses are kept; None for ever.
        """
        self._dead_band_m, self._max_speed_mps = dead_band_m, max_speed_mps
        self._min_jump_m, self._restart_ns = min_jump_m, int(restart_after_s * NANOSECONDS)
        self._history_ns = None if history_s is None else int(history_s * NANOSECONDS)
        self._stamps: list[int] = []
        self._samples: list[_Sample] = []
        self._anchor: Pose | None = None
        self.reset()

    def reset(self) -> None:
        """Forget everything, the distance travelled as well."""
        self.travelled_m = 0.0
        self.jumps = self.restarts = self.late = self.invalid = 0
        self._forget()

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def last_ns(self) -> int | None:
        """Stamp of the newest pose, or None."""
        return self._stamps[-1] if self._stamps else None

    def add(self, stamp_ns: int, pose: Pose) -> Added:
        """Take the next pose.

        Args:
            stamp_ns: of the odometry message.
            pose: pose of the robot; the quaternion need not be of unit length.
        """
        unit = normalized(pose)
        if unit is None:
            self.invalid += 1
            return Added.INVALID
        result = Added.TAKEN
        if self._samples:
            last, elapsed_ns = self._samples[-1].pose, stamp_ns - self._stamps[-1]
            if elapsed_ns < -self._restart_ns or last.frame_id != unit.frame_id:
                self._forget()
                self.restarts += 1
                result = Added.RESTARTED
            elif elapsed_ns <= 0:
                self.late += 1
                return Added.LATE
            elif self._is_jump(last, unit, elapsed_ns):
                self.jumps += 1
                result = Added.JUMPED
        if self._anchor is None or result is Added.JUMPED:
            self._anchor = unit
        elif self._anchor.distance_m(unit) > self._dead_band_m:
            self.travelled_m += self._anchor.distance_m(unit)
            self._anchor = unit
        self._stamps.append(stamp_ns)
        self._samples.append(_Sample(unit, self.travelled_m, result is Added.JUMPED))
        self._prune()
        return result

    def at(self, stamp_ns: int, *, max_gap_s: float = 1.0) -> Whereabouts | None:
        """Where the robot was at a stamp.

        Between two poses that are at most ``max_gap_s`` apart, position and travelled distance
        are interpolated linearly and the orientation on the great arc; not across a jump.
        Otherwise the nearest pose within ``max_gap_s`` stands for the stamp.

        Args:
            stamp_ns: for example of an image.
            max_gap_s: no pose further away than this is used.

        Returns:
            None when there is no pose near enough.
        """
        max_gap_ns = int(max_gap_s * NANOSECONDS)
        after = bisect_right(self._stamps, stamp_ns)
        before = after - 1
        if before >= 0 and self._stamps[before] == stamp_ns:
            return self._exactly(before)
        gaps = [(abs(self._stamps[i] - stamp_ns), i) for i in (before, after)
                if 0 <= i < len(self._stamps)]
        if len(gaps) == 2 and gaps[0][0] + gaps[1][0] <= max_gap_ns:
            a, b = self._samples[before], self._samples[after]
            if b.after_jump:
                return self._exactly(before)
            part = gaps[0][0] / (gaps[0][0] + gaps[1][0])
            travelled_m = a.travelled_m + part * (b.travelled_m - a.travelled_m)
            return Whereabouts(interpolate(a.pose, b.pose, part), travelled_m, True)
        gap_ns, nearest = min(gaps, default=(0, -1))
        return self._exactly(nearest) if nearest >= 0 and gap_ns <= max_gap_ns else None

    def _exactly(self, index: int) -> Whereabouts:
        sample = self._samples[index]
        return Whereabouts(sample.pose, sample.travelled_m, False)

    def _is_jump(self, last: Pose, pose: Pose, elapsed_ns: int) -> bool:
        distance_m = last.distance_m(pose)
        return (distance_m > self._min_jump_m
                and distance_m * NANOSECONDS > self._max_speed_mps * elapsed_ns)

    def _forget(self) -> None:
        self._stamps, self._samples, self._anchor = [], [], None

    def _prune(self) -> None:
        if self._history_ns is None or self._stamps[0] >= self._stamps[-1] - 2 * self._history_ns:
            return
        keep = bisect_right(self._stamps, self._stamps[-1] - self._history_ns)
        del self._stamps[:keep], self._samples[:keep]


def normalized(pose: Pose) -> Pose | None:
    """Return the pose with a unit quaternion; None when its values are no pose."""
    norm = math.hypot(*pose.quaternion_xyzw)
    if not math.isfinite(norm) or norm < UNIT_TOLERANCE:
        return None
    if not all(map(math.isfinite, pose.position_m)):
        return None
    x, y, z, w = (float(value) / norm for value in pose.quaternion_xyzw)
    px, py, pz = (float(value) for value in pose.position_m)
    return Pose((px, py, pz), (x, y, z, w), pose.frame_id)


def interpolate(a: Pose, b: Pose, part: float) -> Pose:
    """Interpolate two poses: linear in position, on the shorter great arc in orientation.

    Args:
        a, b: unit quaternions, one frame.
        part: 0 for ``a``, 1 for ``b``.
    """
    position = (1 - part) * np.array(a.position_m) + part * np.array(b.position_m)
    p, q = np.array(a.quaternion_xyzw), np.array(b.quaternion_xyzw)
    cosine = float(p @ q)
    if cosine < 0:
        q, cosine = -q, -cosine
    angle = math.acos(min(cosine, 1.0))
    if angle < UNIT_TOLERANCE:
        mixed = (1 - part) * p + part * q
    else:
        mixed = (math.sin((1 - part) * angle) * p + math.sin(part * angle) * q) / math.sin(angle)
    x, y, z, w = (mixed / np.linalg.norm(mixed)).tolist()
    px, py, pz = position.tolist()
    return Pose((px, py, pz), (x, y, z, w), a.frame_id)
