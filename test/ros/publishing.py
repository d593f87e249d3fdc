# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real publishers in a thread of their own: a camera, odometry, a clock."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time
from typing import Any

import rclpy
from rclpy.qos import QoSProfile
from ros.client import PATIENCE_S

from vpr_ros.ros import qos


class Publishing:
    """Publishes what ``make`` returns for 0, 1, 2, ... until the end; a context manager."""

    def __init__(self, kind: Any, topic: str, make: Callable[[int], Any], *, rate_hz: float = 50.0,
                 profile: QoSProfile = qos.RESULT, domain: int | None = None,
                 name: str = 'camera') -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = rclpy.create_node(name, context=self._context, enable_rosout=False,
                                       start_parameter_services=False)
        self._publisher = self._node.create_publisher(kind, topic, profile)
        self._make, self._period_s = make, 1.0 / rate_hz
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def wait_until_heard(self, log: Callable[[], str]) -> None:
        """Wait until somebody subscribes, which a node does when it becomes active."""
        end_s = time.monotonic() + PATIENCE_S
        while self._publisher.get_subscription_count() == 0:
            assert time.monotonic() < end_s, log()
            time.sleep(0.02)  # rclpy has no event for a subscription that appears

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(self._period_s):
            self._publisher.publish(self._make(number))
            number += 1

    def __enter__(self) -> Publishing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)


def now_ns(number: int) -> int:
    """Read a stamp off the system's clock."""
    return time.time_ns()
