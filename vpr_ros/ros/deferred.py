# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Services and an action whose answer comes later, without blocking the executor.

A coroutine that awaits would do the same, but rclpy's executor polls waiting coroutines without
pause, so a build of a minute would burn a core. Here the callback returns a future, and the answer
is sent by whoever completes it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from rclpy.action import ActionServer
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.node import Node

from vpr_ros.ros.qos import SERVICE


def create_deferred_service(
    node: Node, service_type: Any, name: str, start: Callable[[Any], Future[Any]]
) -> Any:
    """Create a service that answers when a future completes.

    Args:
        node: gets the service.
        service_type: of the service.
        name: of the service.
        start: takes the request, starts the work and returns a future of the response at once.

    Returns:
        The service, to be destroyed by the node as any other.
    """
    service: Any = node.create_service(
        service_type, name, lambda request, _: start(request), qos_profile=SERVICE
    )
    send = service.send_response
    logger = node.get_logger()

    def send_later(future: Any, header: Any) -> None:
        def answer(done: Future[Any]) -> None:
            if done.cancelled():
                return  # the node is going down; the client sees the service disappear
            error = done.exception()
            if error is not None:
                logger.error(f'{name} failed: {error!r}')
                response = service_type.Response(success=False, message=f'internal error: {error}')
            else:
                response = done.result()
            _send(send, response, header, logger, name)

        future.add_done_callback(answer)

    service.send_response = send_later
    return service


def _send(send: Any, response: Any, header: Any, logger: RcutilsLogger, name: str) -> None:
    try:
        send(response, header)
    except Exception as error:  # the client or this node has gone meanwhile
        logger.warning(f'{name}: the answer could not be sent ({error})')


class DeferredActionServer(ActionServer):
    """An action server whose goals run elsewhere; :meth:`start_goal` begins one.

    The goal is EXECUTING from the moment it is accepted, and the executor only comes in again to
    send the finished result.
    """

    def __init__(
        self,
        node: Node,
        action_type: Any,
        name: str,
        start_goal: Callable[[Any], Future[Callable[[Any], Any]]],
        **keywords: Any,
    ) -> None:
        """Make the server.

        Args:
            node: gets the server.
            action_type: of the action.
            name: of the action.
            start_goal: takes the goal handle, starts the work and returns a future of a function
                that sets the goal's final state and returns its result.
            keywords: goal_callback, cancel_callback and so on, as for ActionServer.
        """
        self.start_goal = start_goal
        super().__init__(node, action_type, name, lambda goal_handle: None, **keywords)

    def notify_execute(self, goal_handle: Any, execute_callback: Any) -> None:
        """Start the goal; its result is handed to the executor when it is there."""
        finish = super().notify_execute
        self.start_goal(goal_handle).add_done_callback(
            lambda done: None if done.cancelled() else finish(goal_handle, done.result())
        )
