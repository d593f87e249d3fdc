# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A look at the running ROS graph: a node that listens and asks, and ends without a trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import time
from typing import Any

from rclpy.qos import QoSProfile

from vpr_ros.ros.own_node import OwnNode

DISCOVERY_S = 3.0  # longest time in which nodes and topics are expected to be discovered
SETTLE_S = 0.3  # after what was looked for was found: others may follow
ANSWER_S = 3.0
WAKE_S = 0.05


class Graph(OwnNode):
    """A node that listens and asks; a context manager that ends it."""

    def __init__(self, domain: int | None = None) -> None:
        """Join a domain.

        Args:
            domain: None takes that of the environment.
        """
        super().__init__('vpr_doctor', domain=domain, rosout=False)

    def spin_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Let messages and discoveries come in; returns whether ``done`` became true."""
        end_s = time.monotonic() + seconds
        while not done():
            if time.monotonic() >= end_s:
                return False
            self.executor.spin_once(timeout_sec=WAKE_S)
        return True

    def spin(self, seconds: float) -> None:
        """Let messages and discoveries come in for a while."""
        self.spin_until(lambda: False, seconds)

    def publishers(self, topic: str, *, wait_s: float = 0.0) -> Sequence[Any]:
        """Endpoints that publish a topic, waiting for the first to be discovered."""
        name = self.node.resolve_topic_name(topic)
        if self.spin_until(lambda: self.node.count_publishers(name) > 0, wait_s) and wait_s:
            self.spin(SETTLE_S)
        return self.node.get_publishers_info_by_topic(name)

    def call(self, service_type: Any, name: str, request: Any) -> Any | None:
        """Call a service; None when it does not answer in time."""
        client: Any = self.node.create_client(service_type, name)
        try:
            if not self.spin_until(client.service_is_ready, ANSWER_S):
                return None
            future = client.call_async(request)
            self.spin_until(future.done, ANSWER_S)
            return future.result() if future.done() else None
        finally:
            self.node.destroy_client(client)

    def listen(self, wanted: Sequence[tuple[Any, str, QoSProfile]], seconds: float,
               enough: int = 0) -> list[list[tuple[float, Any]]]:
        """Receive several topics at once.

        Args:
            wanted: type, topic and quality of service of each.
            seconds: to listen.
            enough: stop when each that has a publisher has so many messages; 0 listens to the end.

        Returns:
            For each topic its messages with the time of arrival, seconds of a steady clock.
        """
        received: list[list[tuple[float, Any]]] = [[] for _ in wanted]

        def into(box: list[tuple[float, Any]]) -> Callable[[Any], None]:
            return lambda message: box.append((time.monotonic(), message))

        subscriptions = [
            self.node.create_subscription(kind, topic, into(box), profile)
            for (kind, topic, profile), box in zip(wanted, received, strict=True)
        ]
        expected = [box for (_, topic, _), box in zip(wanted, received, strict=True)
                    if self.node.count_publishers(topic)]
        self.spin_until(
            lambda: enough > 0 and all(len(box) >= enough for box in expected), seconds)
        for subscription in subscriptions:
            self.node.destroy_subscription(subscription)
        return received

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def name_of(endpoint: Any) -> str:
    """Fully qualified name of the node behind an endpoint."""
    return f'{endpoint.node_namespace.rstrip("/")}/{endpoint.node_name}'


def in_words(reason: str) -> str:
    """Why two qualities of service do not fit, as rclpy says it, without its level."""
    return reason.strip().rstrip(';').removeprefix('ERROR: ').lower()
