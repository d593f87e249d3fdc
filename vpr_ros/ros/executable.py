# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the executables share: one node runs until SIGINT or SIGTERM, then exit code 0.

The signal handlers are Python's own and rclpy installs none: the context stays valid while the
node cleans up, and further signals change nothing then (Ctrl-C reaches a launched node twice).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import signal
import sys
from types import FrameType
from typing import Any

WAKE_S = 0.1  # longest time from a signal to the end of waiting


class StopRequest:
    """Set by SIGINT and SIGTERM."""

    def __init__(self) -> None:
        """Install the handlers; nothing is interrupted, the loop asks."""
        self.signal: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def ignore_further(self) -> None:
        """From now on let signals do nothing; the default would kill an ending interpreter."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = number

    def __bool__(self) -> bool:
        return self.signal is not None


def run(
    name: str, make: Callable[[], Any], argv: Sequence[str] | None, *,
    begin: Callable[[Any, StopRequest], bool] = lambda node, stop: True,
    close: Callable[[Any], None] = lambda node: None,
) -> int:
    """Run a node until the process is told to end.

    Args:
        name: of the executable, for what it says when it cannot start.
        make: imports and makes the node; slow imports belong into it, so that an early Ctrl-C is
            no traceback.
        argv: command line with the ROS arguments, without the program; None takes the process's.
        begin: called once with the node; False ends the process with 1.
        close: called before the node is destroyed.

    Returns:
        Exit code: 0, or 1 when the node could not start (one sentence says why).
    """
    stop = StopRequest()

    import rclpy  # noqa: PLC0415
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: PLC0415
    from rclpy.signals import SignalHandlerOptions  # noqa: PLC0415

    from vpr_ros.errors import VprError  # noqa: PLC0415

    rclpy.init(args=None if argv is None else [sys.argv[0], *argv],
               signal_handler_options=SignalHandlerOptions.NO)
    executor, node = SingleThreadedExecutor(), None
    try:
        node = make()
        executor.add_node(node)
        if not begin(node, stop):
            return 1
        while rclpy.ok() and not stop:
            executor.spin_once(timeout_sec=WAKE_S)
    except VprError as error:
        print(f'{name}: {error}', file=sys.stderr)
        return 1
    except ExternalShutdownException:
        pass
    finally:
        if node is not None:
            close(node)
            executor.remove_node(node)
            node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()
        stop.ignore_further()
    return 0
