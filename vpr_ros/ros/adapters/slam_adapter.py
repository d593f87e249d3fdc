# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The executable ``slam_adapter``: runs the node until SIGINT or SIGTERM, ends with 0.

By hand::

    ros2 run vpr_ros slam_adapter --ros-args -p system:=lio_sam
"""

from __future__ import annotations

from collections.abc import Sequence
import sys

from vpr_ros.ros.place_recognition import StopRequest, WAKE_S


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node.

    Args:
        argv: command line with the ROS arguments, without the program; None takes the process's.

    Returns:
        Exit code: 0, or 1 when the node could not start (one sentence says why).
    """
    stop = StopRequest()

    import rclpy  # noqa: PLC0415
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: PLC0415
    from rclpy.signals import SignalHandlerOptions  # noqa: PLC0415

    from vpr_ros.errors import VprError  # noqa: PLC0415
    from vpr_ros.ros.adapters.node import SlamAdapter  # noqa: PLC0415

    rclpy.init(args=None if argv is None else [sys.argv[0], *argv],
               signal_handler_options=SignalHandlerOptions.NO)
    executor, node = SingleThreadedExecutor(), None
    try:
        node = SlamAdapter()
        executor.add_node(node)
        while rclpy.ok() and not stop:
            executor.spin_once(timeout_sec=WAKE_S)
    except VprError as error:
        print(f'slam_adapter: {error}', file=sys.stderr)
        return 1
    except ExternalShutdownException:
        pass
    finally:
        if node is not None:
            executor.remove_node(node)
            node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()
        stop.ignore_further()
    return 0


if __name__ == '__main__':
    sys.exit(main())
