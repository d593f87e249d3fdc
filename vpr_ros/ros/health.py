# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Looks after one configured node: gathers what the diagnostics tell.

:meth:`Health.statuses` runs in the executor's thread, :meth:`Health.look_at_map` in the worker's.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from vpr_ros.file_watch import FileWatch
from vpr_ros.ros.camera import calibration_in_words, calibration_mismatch, mismatch
from vpr_ros.ros.cameras import Cameras
from vpr_ros.ros.check_list import CheckList
from vpr_ros.ros.diagnostics import Facts, FOREIGN_CLOCK_MS, statuses
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.localization import in_words, is_lost
from vpr_ros.ros.map_news import MapNews
from vpr_ros.ros.odometry import OdometryBuffer
from vpr_ros.ros.outputs import Outputs
from vpr_ros.ros.statistics import Statistics
from vpr_ros.ros.stream import Stream


class Health:
    """The facts about a node, kept together.

    Attributes:
        active: the life cycle is in the state active.
        camera_info: the last one received.
        foreign_clock: stamps are from a clock that is not the node's.
    """

    def __init__(
        self, node: Node, engine: Engine, statistics: Statistics, odometry: OdometryBuffer | None,
        outputs: Outputs, *, cameras: Cameras, image_topic: str, transport: str, lockstep: bool,
        building: Callable[[], str],
    ) -> None:
        """Take the parts of the node.

        Args:
            node: for the graph, the clock and the log.
            engine, statistics, odometry, outputs: of the node.
            cameras: of the node.
            image_topic: the resolved topic of the leading one.
            transport, lockstep: the parameters of these names.
            building: progress of a map being built, '' for none.
        """
        self._node, self._engine, self._statistics = node, engine, statistics
        self._cameras = cameras
        self._odometry, self._outputs, self._building = odometry, outputs, building
        self._topic, self._transport, self._lockstep = image_topic, transport, lockstep
        self.active = False
        self.camera_info: CameraInfo | None = None
        self.foreign_clock = False
        self._map_facts: dict[str, Any] = {}
        self._map_news, self._check_list = MapNews(), CheckList()
        self._model_file = FileWatch(engine.model.card.file_path, content=True)

    def statuses(self, stream: Stream) -> dict[str, DiagnosticStatus]:
        """Return what the diagnostics tell, and print the check-list when its time has come."""
        now_s = time.monotonic()
        figures, facts = self._statistics.snapshot(now_s), self._facts(stream, now_s)
        text = self._check_list.due(figures, facts, now_s)
        if text:
            self._node.get_logger().info(text)
        return statuses(figures, facts)

    def look_at_map(self) -> None:
        """Publish the map's facts if they have changed, and keep them for the diagnostics."""
        engine = self._engine
        self._outputs.publish_map()
        place_map, model = engine.place_map, engine.model
        self._map_facts = {
            'map_path': str(place_map.path), 'map_uuid': place_map.uuid,
            'places': len(place_map), 'sessions': len(place_map.sessions()),
            'model': model.card.name, 'provider': model.provider,
            'provider_warning': model.warning or '',
            'forgotten': place_map.forgotten, 'map_problem': engine.map_problem,
            'patch_problem': engine.patch_problem,
            'localization': in_words(engine.recognizer.localization),
            'lost': is_lost(engine.recognizer.localization),
            'map_file': place_map.fate, 'model_file': self._model_file.fate(),
        }
        for sentence in self._map_news.of(engine):
            self._node.get_logger().warning(sentence)

    def age_ms(self, stamp_ns: int) -> float | None:
        """From a stamp to now on the node's clock; None when they are of different clocks."""
        age_ms = (self._node.get_clock().now().nanoseconds - stamp_ns) / 1e6
        self.foreign_clock = abs(age_ms) > FOREIGN_CLOCK_MS
        return None if self.foreign_clock else age_ms

    def _facts(self, stream: Stream, now_s: float) -> Facts:
        node, odometry = self._node, self._odometry
        publishers = node.get_publishers_info_by_topic(self._topic)
        namesakes = [n for n in node.get_node_names_and_namespaces()
                     if f'{n[1].rstrip("/")}/{n[0]}' == node.get_fully_qualified_name()]
        facts = Facts(
            node=node.get_fully_qualified_name(), active=self.active,
            mode=self._engine.mode, lockstep=self._lockstep, image_topic=self._topic,
            publishers=len(publishers), publisher_names=tuple(
                f'{p.node_namespace.rstrip("/")}/{p.node_name}' for p in publishers),
            mismatch=mismatch(publishers, self._transport, lockstep=self._lockstep),
            odometry='off' if odometry is None else odometry.describe(),
            odometry_silence_s=0.0 if odometry is None else odometry.silence_s(now_s),
            camera=calibration_in_words(self.camera_info),
            camera_mismatch=calibration_mismatch(self.camera_info, stream.image_format),
            foreign_clock=self.foreign_clock, problem=stream.problem, building=self._building(),
            camera_problem=self._cameras.problem, incomplete=self._cameras.incomplete,
            image_format=stream.image_format, namesakes=max(0, len(namesakes) - 1),
        )
        return dataclasses.replace(facts, **self._map_facts)
