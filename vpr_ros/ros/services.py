# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The services and the action of the node: requests in, sentences out.

Each answers when the work is done, and with one sentence when it cannot be done.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from rclpy.action import CancelResponse, GoalResponse
from rclpy.node import Node

from vpr_msgs.action import MapBuilding
from vpr_msgs.srv import BuildMap, GetMapInfo, LoadMap, NewSession, Recognize, SaveMap
from vpr_ros.errors import VprError
from vpr_ros.images.messages import rgb_of
from vpr_ros.ros.builder import Builder, Built
from vpr_ros.ros.conversions import recognition_to_message
from vpr_ros.ros.deferred import create_deferred_service, DeferredActionServer
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.outputs import Outputs
from vpr_ros.ros.worker import Worker


class Services:
    """The services of one node. What touches the recogniser runs as a job of the worker."""

    def __init__(
        self, node: Node, engine: Engine, worker: Worker[Any], outputs: Outputs,
        map_changed: Callable[[], None],
    ) -> None:
        """Create the services.

        Args:
            node: gets them.
            engine, worker, outputs: of the node.
            map_changed: called in the worker after another map or session has begun.
        """
        self._node, self._engine, self._worker, self._outputs = node, engine, worker, outputs
        self._map_changed = map_changed
        self.builder = Builder(engine)
        self._services = [
            create_deferred_service(node, service_type, f'~/{name}', start)
            for service_type, name, start in (
                (BuildMap, 'build_map', self._build_map),
                (SaveMap, 'save_map', self._job(SaveMap.Response, self._save_map)),
                (LoadMap, 'load_map', self._job(LoadMap.Response, self._load_map)),
                (GetMapInfo, 'get_map_info', self._job(GetMapInfo.Response, self._get_map_info)),
                (Recognize, 'recognize', self._job(Recognize.Response, self._recognize)),
                (NewSession, 'new_session', self._job(NewSession.Response, self._new_session)),
            )
        ]
        self._action = DeferredActionServer(
            node, MapBuilding, '~/map_building', self._build_goal,
            goal_callback=lambda _: GoalResponse.ACCEPT, cancel_callback=self._cancel_goal,
        )
        self._goal_id: bytes = b''
        self._ending = False

    def destroy(self) -> None:
        """Cancel a build and destroy the services."""
        self._ending = True
        self.builder.stop()
        for service in self._services:
            self._node.destroy_service(service)
        self._action.destroy()

    # -- jobs of the worker ---------------------------------------------------------------------

    def _job(
        self, response_type: Any, work: Callable[[Any, Any], None]
    ) -> Callable[[Any], Future[Any]]:
        """Make a service callback that runs ``work(request, response)`` in the worker."""

        def run(request: Any) -> Any:
            response = response_type()
            try:
                work(request, response)
                response.success = True
            except VprError as error:
                response.message = str(error)
            return response

        return lambda request: self._worker.submit(lambda: run(request))

    def _save_map(self, request: Any, response: Any) -> None:
        path = self._engine.save(request.path, overwrite=request.overwrite)
        response.info = self._outputs.map_info()
        response.info.path = str(path)
        response.message = f'saved {response.info.place_count} places to {path}'

    def _load_map(self, request: Any, response: Any) -> None:
        try:
            self._engine.load(request.path)
        except VprError:
            response.info = self._outputs.map_info()
            raise
        self._map_changed()
        response.info = self._outputs.map_info()
        response.message = f'{response.info.place_count} places from {response.info.path}'

    def _get_map_info(self, _: Any, response: Any) -> None:
        response.info = self._outputs.map_info()

    def _recognize(self, request: Any, response: Any) -> None:
        message = request.compressed_image if request.compressed else request.image
        count = request.max_matches or self._engine.settings.max_matches
        found = self._engine.recognizer.recognize(rgb_of(message), max_matches=count)
        response.recognition = recognition_to_message(found, self._outputs.context())
        response.recognition.header = message.header

    def _new_session(self, request: Any, response: Any) -> None:
        session = self._engine.new_session(request.name)
        self._map_changed()
        response.session_id = session.session_id
        response.session = self._engine.session_name(session.session_id)

    # -- building -------------------------------------------------------------------------------

    def _build_map(self, request: Any) -> Future[Any]:
        """Serve the service: return a future of its response."""
        answer: Future[Any] = Future()
        self.builder.start(request).add_done_callback(
            lambda built: answer.set_result(self._built(built, BuildMap.Response()))
        )
        return answer

    def _build_goal(self, goal_handle: Any) -> Future[Callable[[Any], Any]]:
        """Serve the action: return a future of what ends the goal."""

        def feedback(done: int, total: int, stage: str, seconds_left: float) -> None:
            goal_handle.publish_feedback(MapBuilding.Feedback(
                done=done, total=total, stage=stage, seconds_left=seconds_left
            ))

        def finish(built: Future[Built]) -> None:
            if self._ending:
                answer.cancel()  # there is no server left that could send the result
                return

            def end(handle: Any) -> Any:
                result = self._built(built, MapBuilding.Result())
                if result.success:
                    handle.succeed()
                elif handle.is_cancel_requested:
                    handle.canceled()
                else:
                    handle.abort()
                return result

            answer.set_result(end)

        answer: Future[Callable[[Any], Any]] = Future()
        if not self.builder.busy:
            self._goal_id = bytes(goal_handle.goal_id.uuid)
        self.builder.start(goal_handle.request, feedback).add_done_callback(finish)
        return answer

    def _cancel_goal(self, goal_handle: Any) -> CancelResponse:
        if bytes(goal_handle.goal_id.uuid) != self._goal_id:
            return CancelResponse.REJECT
        self.builder.cancel()
        return CancelResponse.ACCEPT

    def _built(self, future: Future[Built], response: Any) -> Any:
        """Fill the response of a build."""
        error = future.exception()
        if error is None:
            built = future.result()
            response.success = True
            response.info = built.info
            response.info.header.stamp = self._node.get_clock().now().to_msg()
            count = len(built.info.sessions)
            response.message = (
                f'{built.info.place_count} places in {count} session{"s" if count != 1 else ""} '
                f'written to {built.path} in {built.seconds:.1f} s'
            )
            self._node.get_logger().info(response.message)
            return response
        response.message = str(error)
        if isinstance(error, VprError):
            self._node.get_logger().warning(f'no map was built: {error}')
        else:
            response.message = f'internal error: {error!r}'
            self._node.get_logger().error(f'building a map failed: {error!r}')
        return response
