# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The executable ``place_recognition``: runs the node, brings it to active, ends it cleanly.

With the parameter ``autostart`` (the default) the node goes through configure and activate by
itself, so it works the same from ``ros2 launch``, ``ros2 run`` and a plain shell, on every
distribution. With ``autostart:=false`` a lifecycle manager does that.

SIGINT and SIGTERM end the process with exit code 0 after the map is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
import sys
from typing import Any

from vpr_ros.ros.executable import run, StopRequest


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until it is told to end; see :func:`vpr_ros.ros.executable.run`."""
    return run('place_recognition', _make, argv, begin=_begin, close=lambda node: node.close())


def _make() -> Any:
    from vpr_ros.ros.node import PlaceRecognitionNode  # noqa: PLC0415

    return PlaceRecognitionNode()


def _begin(node: Any, stop: StopRequest) -> bool:
    if not node.get_parameter('autostart').value:
        node.get_logger().info('unconfigured, since autostart is false; a lifecycle manager, '
                               f'or ros2 lifecycle set {node.get_fully_qualified_name()} '
                               'configure, goes on from here')
        return True
    return bool(stop) or start(node)


def start(node: Any) -> bool:
    """Bring the node to active; False when it cannot, which the node has logged."""
    from rclpy.lifecycle import TransitionCallbackReturn  # noqa: PLC0415

    success = TransitionCallbackReturn.SUCCESS
    return node.trigger_configure() == success and node.trigger_activate() == success


if __name__ == '__main__':
    sys.exit(main())
