# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every SLAM system's adapter is: ports, and what it does with a loop closure.

A system that needs ids keeps a loop closure until the back end has told the ids of both ends, or
until the back end is ``PATIENCE_NS`` further without having told them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vpr_ros.slam.closure import Closure, NotPassedOn
from vpr_ros.slam.messages import Make
from vpr_ros.slam.stamps import StampIndex

PATIENCE_NS = 5_000_000_000
MOST_WAITING = 100
DESCRIPTOR = 'place_recognition/descriptor'
RECOGNITION = 'place_recognition/recognition'
LOCALIZATION = 'place_recognition/localization'


class Port(NamedTuple):
    """A topic or service of the back end.

    Attributes:
        name: relative to the adapter's namespace, to be remapped.
        type_name: such as ``std_msgs/msg/Float64MultiArray`` or ``package/srv/Name``.
    """

    name: str
    type_name: str

    @property
    def is_service(self) -> bool:
        """Whether it is called rather than published."""
        return '/srv/' in self.type_name


class Outgoing(NamedTuple):
    """Something to be sent.

    Attributes:
        port: where to.
        message: what; for a service its request.
    """

    port: Port
    message: Any


@dataclass(frozen=True)
class Setup:
    """What adapters are told.

    Attributes:
        robot: name of this robot.
        robots: name -> number that the back end gives it; robots without names are number 0.
        within_ns: a back end's frame is that of an image when their stamps differ no more.
        map_frame: frame of the poses for systems that take poses in a map.
        path: file to write, for systems that read one.
    """

    robot: str = ''
    robots: Mapping[str, int] = field(default_factory=dict)
    within_ns: int = 100_000_000
    map_frame: str = 'map'
    path: str = ''

    def number(self, robot: str) -> int:
        """Return the number of a robot.

        Raises:
            NotPassedOn: it has none.
        """
        robot = robot or self.robot
        if robot in self.robots:
            return self.robots[robot]
        if not robot or not self.robots:
            return 0
        raise NotPassedOn(f'robot {robot!r} has no number; add {robot}:NUMBER to robots')


class System(ABC):
    """Base of the adapters.

    Attributes:
        outputs, inputs: the ports of the back end.
        needs_pose: whether a loop closure without a metric pose is of no use.
        types: further message types that outputs are made of, loaded at start.
        problems: sentences about loop closures that were given up, until somebody takes them.
    """

    outputs: tuple[Port, ...] = ()
    inputs: tuple[Port, ...] = ()
    types: tuple[str, ...] = ()
    needs_pose = False

    def __init__(self, make: Make, setup: Setup) -> None:
        """Take the maker of messages and what the user said."""
        self.make, self.setup = make, setup
        self.problems: list[str] = []
        self._waiting: deque[Closure] = deque()

    @abstractmethod
    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Return what the back end is to be told of a loop closure, now.

        Raises:
            NotPassedOn: it cannot be told.
        """

    def heard(self, port: Port, message: Any) -> list[Outgoing]:
        """Take a message of an input; returns what can be told since."""
        return []

    def take_problems(self) -> list[str]:
        """Return the sentences since the last call."""
        taken, self.problems = self.problems, []
        return taken

    # -- for systems that need ids ---------------------------------------------------------------

    def wait_for(self, closure: Closure) -> None:
        """Keep a loop closure for :meth:`retry`."""
        self._waiting.append(closure)
        if len(self._waiting) > MOST_WAITING:
            self._give_up(self._waiting.popleft())

    def retry(self, newest_ns: int | None) -> list[Outgoing]:
        """Try the kept loop closures again.

        Args:
            newest_ns: how far the back end is.
        """
        kept, self._waiting = self._waiting, deque()
        told: list[Outgoing] = []
        for closure in kept:
            try:
                told += self.pass_on(closure)  # one that still lacks an id waits again
            except NotPassedOn as error:
                self.problems.append(str(error))
        if newest_ns is not None:
            for closure in list(self._waiting):
                if newest_ns > closure.query_stamp_ns + PATIENCE_NS:
                    self._waiting.remove(closure)
                    self._give_up(closure)
        return told

    def ids(
        self, closure: Closure, query: StampIndex, match: StampIndex
    ) -> tuple[int, int] | None:
        """Return the back end's ids of query and match; None: keep the closure until they come."""
        within = self.setup.within_ns
        first = query.nearest(closure.query_stamp_ns, within_ns=within)
        second = match.nearest(closure.match_stamp_ns, within_ns=within)
        if first is None or second is None:
            self.wait_for(closure)
            return None
        return first, second

    def _give_up(self, closure: Closure) -> None:
        self.problems.append(
            f'the back end has no frame within {self.setup.within_ns / 1e9:g} s of the images of '
            f'{closure.query_stamp_ns / 1e9:.3f} and {closure.match_stamp_ns / 1e9:.3f}; make '
            'key frames closer, raise max_stamp_difference_s, or, if the match is of another '
            'drive, load that drive in the back end')
