# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread in which a robot talks to the shared map, so that recognition never waits for it.

While the network is gone it tries again, after half a second first, then after twice as long each
time, ten seconds at most. Whatever was added meanwhile follows then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
import threading

from vpr_ros.errors import VprError
from vpr_ros.fleet.member import Member

FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 10.0
PATIENCE_S = 3.0  # at the end, for an answer that is under way; the thread ends alone after it


@dataclass(frozen=True)
class FleetState:
    """How it stands.

    Attributes:
        connected: the last exchange worked.
        waiting: places that are not pushed yet.
        uncompared: places that are not compared yet.
        pushed, matches: since the start.
        refused: rows of the shared map that were no places of this model.
        cached: places of other robots that are known without the network.
        problem: why the last exchange failed, '' when it worked.
    """

    connected: bool = False
    waiting: int = 0
    uncompared: int = 0
    pushed: int = 0
    matches: int = 0
    refused: int = 0
    cached: int = 0
    problem: str = ''


class Courier:
    """Runs a :class:`.member.Member`, made by ``join`` in the thread.

    Args:
        join: makes the member; what it raises is tried again, too.
        told: called in the thread with each new problem, and with '' when the link is back.
    """

    def __init__(self, join: Callable[[], Member], told: Callable[[str], None]) -> None:
        self._join, self._told = join, told
        self._changed = threading.Condition()
        self._added: list[int] = []
        self._poses = self._stopping = False
        self._state = FleetState()
        self._thread = threading.Thread(target=self._run, name='fleet', daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def added(self, place_id: int) -> None:
        """Take note that the map has a new place; return at once."""
        with self._changed:
            self._added.append(place_id)
            self._changed.notify_all()

    def changed(self) -> None:
        """Poses of the map were corrected; returns at once."""
        with self._changed:
            self._poses = True
            self._changed.notify_all()

    @property
    def state(self) -> FleetState:
        """How it stands."""
        with self._changed:
            return self._with(len(self._added))

    def stop(self, *, wait: bool = True) -> None:
        """End; what waits is pushed by the next start. A second call does nothing.

        Args:
            wait: a moment, for an answer that is under way.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if wait and self._thread.is_alive():
            self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        member: Member | None = None
        retry_s, problem, more = FIRST_RETRY_S, '', True
        while True:
            with self._changed:
                if problem:
                    self._changed.wait_for(lambda: self._stopping, retry_s)
                elif not more:
                    self._changed.wait_for(lambda: self._stopping or self._added or self._poses)
                if self._stopping:
                    break
            before = problem
            try:
                if member is None:
                    member = self._join()
                self._hand_over(member)
                more, problem = member.work(), ''
            except VprError as error:
                problem = str(error)
            except Exception as error:  # a defect must not end the robot's part in the fleet
                problem = f'internal error: {error!r}'
            retry_s = min(2 * retry_s, LONGEST_RETRY_S) if problem else FIRST_RETRY_S / 2
            self._note(member, problem)
            if problem != before and not self._stopping:  # a map that closes is no problem
                self._told(problem)
        if member is not None:
            member.close()

    def _hand_over(self, member: Member) -> None:
        with self._changed:
            added, self._added = self._added, []
            self._state = self._with(len(added))
            poses, self._poses = self._poses, False
        for place_id in added:
            member.added(place_id)
        if poses:
            member.changed()

    def _with(self, more: int) -> FleetState:
        """Return the state with so many places more that wait."""
        state = self._state
        return replace(state, waiting=state.waiting + more, uncompared=state.uncompared + more)

    def _note(self, member: Member | None, problem: str) -> None:
        state = FleetState(problem=problem)
        if member is not None:
            state = FleetState(
                member.connected, len(member.outbox), member.outbox.uncompared, member.pushed,
                member.matches, member.refused, len(member.cache), problem)
        with self._changed:
            self._state = state
