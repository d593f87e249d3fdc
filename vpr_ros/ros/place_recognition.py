# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The executable ``place_recognition``: runs the node, brings it to active, ends it cleanly.

With the parameter ``autostart`` (the default) the node goes through configure and activate by
itself, so it works the same from ``ros2 launch``, ``ros2 run`` and a plain shell, on every
distribution. With ``autostart:=false`` a lifecycle manager does that.

SIGINT and SIGTERM end the process with exit code 0 after the map is closed. The handlers are
Python's own and rclpy installs none: the context stays valid while the node cleans up, and further
signals meanwhile (Ctrl-C reaches a launched node twice) change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
import signal
import sys
from types import FrameType

WAKE_S = 0.1  # longest time from a signal to the end of waiting


class StopRequest:
    """Set by SIGINT and SIGTERM."""

    def __init__(self) -> None:
        """Install the handlers; nothing is interrupted, the loop asks."""
        self.signal: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def ignore_further(self) -> None:
        """From now on signals do nothing; while the interpreter ends, the default would kill."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = number

    def __bool__(self) -> bool:
        return self.signal is not None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until it is told to end.

    Args:
        argv: command line with the ROS arguments, without the program; None takes the process's.

    Returns:
        Exit code: 0, or 1 when the node could not start (one sentence says why).
    """
    stop = StopRequest()  # before the slow imports, so that an early Ctrl-C is no traceback

    import rclpy  # noqa: PLC0415
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: PLC0415
    from rclpy.signals import SignalHandlerOptions  # noqa: PLC0415

    from vpr_ros.errors import VprError  # noqa: PLC0415
    from vpr_ros.ros.node import PlaceRecognitionNode  # noqa: PLC0415

    arguments = None if argv is None else [sys.argv[0], *argv]
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    node = None
    executor = SingleThreadedExecutor()
    try:
        node = PlaceRecognitionNode()
        executor.add_node(node)
        if not node.get_parameter('autostart').value:
            node.get_logger().info('unconfigured, since autostart is false; a lifecycle manager, '
                                   f'or ros2 lifecycle set {node.get_fully_qualified_name()} '
                                   'configure, goes on from here')
        elif not stop and not start(node):
            return 1
        while rclpy.ok() and not stop:
            executor.spin_once(timeout_sec=WAKE_S)
    except VprError as error:
        print(f'place_recognition: {error}', file=sys.stderr)
        return 1
    except ExternalShutdownException:
        pass
    finally:
        if node is not None:
            node.close()
            executor.remove_node(node)
            node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()
        stop.ignore_further()
    return 0


def start(node) -> bool:
    """Bring the node to active; False when it cannot, which the node has logged."""
    from rclpy.lifecycle import TransitionCallbackReturn  # noqa: PLC0415

    success = TransitionCallbackReturn.SUCCESS
    return node.trigger_configure() == success and node.trigger_activate() == success


if __name__ == '__main__':
    sys.exit(main())
