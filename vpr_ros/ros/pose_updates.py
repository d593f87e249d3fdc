# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Corrected poses from the SLAM back end into the map: a service and two topics.

``~/update_poses`` and ``~/corrected_poses`` name places by id or stamp. ``slam_path`` takes the
nav_msgs/Path that most SLAM systems publish, for the places of this drive.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from nav_msgs.msg import Path
from rclpy.node import Node

from vpr_msgs.msg import PlacePoses
from vpr_msgs.srv import UpdatePoses
from vpr_ros.corrections import along, by_name, MOST_POSES
from vpr_ros.errors import MapError, VprError
from vpr_ros.ros import qos
from vpr_ros.ros.deferred import create_deferred_service
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.geometry import pose_from_message, stamp_from_message
from vpr_ros.ros.worker import Worker


class PoseUpdates:
    """The service and the subscriptions of one node; the work is done by its worker."""

    def __init__(
        self, node: Node, engine: Engine, worker: Worker[Any], changed: Callable[[], None]
    ) -> None:
        """Create them.

        Args:
            node: gets them.
            engine, worker: of the node.
            changed: called in the worker after poses have changed.
        """
        self._node, self._engine, self._worker, self._changed = node, engine, worker, changed
        self._service = create_deferred_service(
            node, UpdatePoses, '~/update_poses', lambda request: self._answer(request.places)
        )
        self._subscriptions = [
            node.create_subscription(
                PlacePoses, '~/corrected_poses', lambda message: self._take(message, self.places),
                qos.RESULT),
            node.create_subscription(
                Path, 'slam_path', lambda message: self._take(message, self.path), qos.PICTURE),
        ]
        self._told = ''

    def destroy(self) -> None:
        """Destroy the service and the subscriptions."""
        self._node.destroy_service(self._service)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def places(self, message: Any) -> tuple[int, int]:
        """Take a vpr_msgs/PlacePoses; (places changed, entries without a place).

        Raises:
            MapError: the map cannot be changed, or a pose is none; nothing was changed then.
        """
        _check_count(len(message.poses))
        place_map = self._engine.place_map
        session_id = None
        if message.session:
            ids = [s.session_id for s in place_map.sessions()
                   if self._engine.session_name(s.session_id) == message.session]
            if not ids:
                raise MapError(f'the map has no session {message.session!r}; see ~/get_map_info')
            session_id = ids[0]
        frame_id = message.header.frame_id
        entries = ((int(entry.place_id), stamp_from_message(entry.stamp),
                    pose_from_message(entry.pose, frame_id)) for entry in message.poses)
        poses, unknown = by_name(place_map, entries, session_id)
        return place_map.update_poses(poses), unknown

    def path(self, message: Any) -> tuple[int, int]:
        """Take a nav_msgs/Path of this drive; see :meth:`places`."""
        _check_count(len(message.poses))
        own = self._engine.own_session_id
        if not own:
            raise MapError('the node records no session, so that the path of this drive is of no '
                           'use; run it in mode mapping')
        frame_id = message.header.frame_id
        path = [(stamp_from_message(entry.header.stamp), pose_from_message(entry.pose, frame_id))
                for entry in message.poses]
        place_map = self._engine.place_map
        poses = along(path, place_map.places_of(own))
        return place_map.update_poses(poses), 0

    def _answer(self, message: Any) -> Future[Any]:
        def run() -> Any:
            response = UpdatePoses.Response()
            try:
                response.updated, response.unknown = self.places(message)
            except VprError as error:
                response.message = str(error)
                return response
            response.success = True
            response.message = (
                f'{response.updated} places have other poses now'
                + (f', {response.unknown} entries belong to no place' if response.unknown else '')
            )
            self._changed()
            return response

        return self._worker.submit(run)

    def _take(self, message: Any, take: Callable[[Any], tuple[int, int]]) -> None:
        def run() -> None:
            try:
                if take(message)[0]:
                    self._changed()
                self._told = ''
            except VprError as error:
                if str(error) != self._told:  # once, not with every message
                    self._told = str(error)
                    self._node.get_logger().warning(f'corrected poses were not taken: {error}')

        self._worker.submit(run)


def _check_count(count: int) -> None:
    if count > MOST_POSES:
        raise MapError(f'{count} poses came in one message, expected {MOST_POSES} at most')
