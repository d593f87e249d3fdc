# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Publishes the diagnostics: by diagnostic_updater where it is installed, else in its form.

Both ways honour the parameters of that library, ``diagnostic_updater.period`` and
``diagnostic_updater.use_fqn``, and publish the same statuses; ``make test`` compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import functools
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.node import Node

from vpr_ros.errors import ConfigError
from vpr_ros.parameters import BY_NAME

PERIOD, USE_FQN = 'diagnostic_updater.period', 'diagnostic_updater.use_fqn'
Task = Callable[[Any], Any]
Gather = Callable[[], Mapping[str, DiagnosticStatus]]


class PlainUpdater:
    """What this package uses of ``diagnostic_updater.Updater``, for where that is missing.

    Attributes:
        node_name: begins the name of each status.
    """

    def __init__(self, node: Node, period: float) -> None:
        """Declare the period, and create the publisher as the library does."""
        node.declare_parameter(PERIOD, period)
        self._node, self._hardware_id = node, ''
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._tasks: dict[str, Task] = {}
        self.node_name = node.get_name()

    def setHardwareID(self, hwid: str) -> None:
        """Set what each status says of the hardware."""
        self._hardware_id = hwid

    def add(self, name: str, task: Task) -> None:
        """Add a task, and say that it starts up."""
        self._tasks[name] = task
        self._publish({name: DiagnosticStatus(message='Node starting up')})

    def removeByName(self, name: str) -> None:
        """Remove a task."""
        del self._tasks[name]

    def force_update(self) -> None:
        """Run all tasks and publish what they say."""
        self._publish({
            name: task(DiagnosticStatus(hardware_id=self._hardware_id))
            for name, task in self._tasks.items()
        })

    def _publish(self, statuses: Mapping[str, DiagnosticStatus]) -> None:
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for name, status in statuses.items():
            status.name = f'{self.node_name}: {name}'
            message.status.append(status)
        self._publisher.publish(message)


def make_updater(node: Node, period_s: float) -> Any:
    """Return the library's Updater, without its timer, or one that does the same."""
    try:
        import diagnostic_updater  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415
    except ImportError:
        return PlainUpdater(node, period_s)
    updater = diagnostic_updater.Updater(node, period_s)
    node.destroy_timer(updater.timer)  # it stands while simulated time does
    return updater


class Diagnostics:
    """The diagnostics of one node: silent until :meth:`begin`."""

    def __init__(self, node: Node, *, period_s: float, hardware_id: str) -> None:
        """Declare the parameters of diagnostic_updater.

        Args:
            node: that the diagnostics are about.
            period_s: the period, unless ``diagnostic_updater.period`` gives one.
            hardware_id: of each status; '' becomes ``none``, as the library wants it.

        Raises:
            ConfigError: one of the two parameters has a bad value.
        """
        self._node = node
        try:
            qualified = bool(node.declare_parameter(USE_FQN, True).value)
            self._period_s = _checked(node.declare_parameter(PERIOD, period_s).value)
            node.undeclare_parameter(PERIOD)  # by the updater in a moment
            self._updater = make_updater(node, period_s)
        except InvalidParameterTypeException as error:
            raise ConfigError(f'{error}; write 2.0 rather than 2 for {PERIOD}, and true or false '
                              f'for {USE_FQN}') from error
        # set rather than left to the library, which makes //name in the root namespace of ROS
        self._updater.node_name = (
            node.get_fully_qualified_name() if qualified else node.get_name())
        self._updater.setHardwareID(hardware_id or 'none')
        self._found: Mapping[str, DiagnosticStatus] = {}

    def begin(self, parts: Sequence[str], gather: Gather) -> None:
        """Publish every period.

        Args:
            parts: names of the statuses.
            gather: returns the statuses by these names.
        """
        for part in parts:
            self._updater.add(part, functools.partial(self._fill, part))
        self._parts, self._gather = parts, gather
        # a steady clock: silence must be noticed while simulated time stands still, too
        self._timer = self._node.create_timer(
            self._period_s, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Publish now."""
        self._found = self._gather()
        self._updater.force_update()

    def end(self) -> None:
        """Be silent."""
        self._node.destroy_timer(self._timer)
        for part in self._parts:
            self._updater.removeByName(part)

    def _fill(self, part: str, status: Any) -> Any:
        found = self._found[part]
        status.level, status.message, status.values = found.level, found.message, found.values
        return status


def _checked(value: float) -> float:
    limits = BY_NAME['diagnostics_period_s']
    if not limits.minimum <= value <= limits.maximum:  # type: ignore[operator]
        raise ConfigError(f'{PERIOD}: {value} found, expected {limits.minimum:g} to '
                          f'{limits.maximum:g}')
    return value
