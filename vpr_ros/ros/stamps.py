# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the stamps of successive images say: in order, late, standing still, or of another time.

A stamp far behind the one before means that time has jumped (a bag that loops, a clock that was
set), and the drive begins anew. Two cameras on one topic whose clocks differ would make it begin
anew with every image; so a jump soon after another one counts only when the next image confirms
it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

JUMP_NS = 1_000_000_000  # further back than this, time has jumped; less is an image out of order
FORWARD_NS = 60_000_000_000  # more than this beyond the time that passed is a clock that was set
SETTLED = 30  # images in order after which a jump back is believed at once
STANDING = 3  # images in a row with one stamp, or out of order, are worth a word


class Verdict(Enum):
    """What becomes of an image."""

    TAKE = 'take'
    ANEW = 'anew'  # take it as the first of a new drive
    LEAVE = 'leave'


class Judged(NamedTuple):
    """A verdict, and what is odd about the stamp ('' for nothing)."""

    verdict: Verdict
    oddity: str = ''
    sentence: str = ''


class StampJudge:
    """Judges one stamp after the other; :meth:`restart` forgets them."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.restart()

    def restart(self) -> None:
        """Take the next image, whatever its stamp."""
        self._last_ns: int | None = None
        self._last_arrival_s = 0.0
        self._candidate_ns: int | None = None
        self._in_order, self._late, self._equal = SETTLED, 0, 0

    def judge(self, stamp_ns: int, arrival_s: float) -> Judged:
        """Judge what becomes of the next image.

        Args:
            stamp_ns: of the image.
            arrival_s: when it came, monotonic seconds.
        """
        last_ns, passed_s = self._last_ns, arrival_s - self._last_arrival_s
        if last_ns is None:
            return self._take(stamp_ns, arrival_s)
        step_ns = stamp_ns - last_ns
        if step_ns < -JUMP_NS:
            return self._back(stamp_ns, arrival_s, step_ns)
        if step_ns < 0:
            self._late += 1
            if self._late < STANDING:
                return Judged(Verdict.LEAVE)
            return Judged(Verdict.LEAVE, 'order', (
                f'stamps run backwards: the last {self._late} images are older than the one '
                f'before them and were left out'))
        self._late, self._candidate_ns = 0, None
        if step_ns == 0:
            self._equal += 1
            if self._equal < STANDING:
                return Judged(Verdict.TAKE)
            return Judged(Verdict.TAKE, 'standing', (
                f'stamps stand still: {self._equal + 1} images carry the same one; let the driver '
                f'stamp its images'))
        self._equal = 0
        judged = self._take(stamp_ns, arrival_s)
        if step_ns - passed_s * 1e9 > FORWARD_NS:
            return judged._replace(oddity='forward', sentence=(
                f'stamps jumped forward by {step_ns / 1e9:.1f} s while {passed_s:.1f} s passed'))
        return judged

    def _back(self, stamp_ns: int, arrival_s: float, step_ns: int) -> Judged:
        settled = self._in_order >= SETTLED
        confirmed = self._candidate_ns is not None and stamp_ns >= self._candidate_ns
        if settled or confirmed:
            self._take(stamp_ns, arrival_s)
            self._in_order = self._late = 0
            return Judged(Verdict.ANEW, 'back', (
                f'time jumped back by {-step_ns / 1e9:.1f} s (a bag that loops?): what was just '
                f'seen is forgotten'))
        self._candidate_ns, self._in_order = stamp_ns, 0
        return Judged(Verdict.LEAVE, 'to and fro', (
            'stamps run backwards or jump to and fro (two cameras on one topic?): the older '
            'images are left out'))

    def _take(self, stamp_ns: int, arrival_s: float) -> Judged:
        self._last_ns, self._last_arrival_s = stamp_ns, arrival_s
        self._candidate_ns = None
        self._in_order += 1
        return Judged(Verdict.TAKE)
