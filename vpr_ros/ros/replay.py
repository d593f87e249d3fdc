# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Play a bag into the running node over real topics and collect its recognitions.

In lockstep every image is answered before the next one is sent, so that the node sees what the
offline pipeline sees and the two can be compared frame by frame. At a rate, messages are sent when
their time has come, and the node takes what it can.
"""

from __future__ import annotations

from collections.abc import Callable
import importlib
from pathlib import Path
import struct
import time
from types import TracebackType
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock

from vpr_msgs.msg import Recognition as RecognitionMessage
from vpr_ros.bags import BagReader
from vpr_ros.errors import RosError
from vpr_ros.ros.conversions import recognition_from_message
from vpr_ros.ros.geometry import stamp_to_message
from vpr_ros.ros.node_process import NodeProcess
from vpr_ros.types import Recognition

START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 10.0
MOST_SILENCE = 5  # images in a row without an answer, then the replay gives up
DEPTH = 1000
_NS = 1e-9
_CDR_STAMP = struct.Struct('<4xiI')  # encapsulation header, then header.stamp of every image


class NodeReplay:
    """A client of one running node: sends the messages of a bag, collects recognitions.

    Attributes:
        recognitions: what the node has said so far, in order.
        unanswered: images that the node did not answer in time, with their stamps.
    """

    def __init__(self, process: NodeProcess) -> None:
        """Connect to the node; it may still be starting."""
        self.recognitions: list[Recognition] = []
        self.unanswered: list[int] = []
        self._process = process
        self._answered: set[int] = set()
        self._sent: list[int] = []
        self._publishers: dict[str, Any] = {}
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node(
            'vpr_replay', context=self._context, start_parameter_services=False
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._topic = process.topic('~/recognition')
        self._node.create_subscription(
            RecognitionMessage, self._topic, self._take, QoSProfile(depth=DEPTH)
        )
        self._clock = self._node.create_publisher(
            Clock, '/clock', QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        )

    def play(
        self,
        bag: Path,
        *,
        image_topic: str | None = None,
        odometry_topic: str | None = None,
        rate: float = 0.0,
        progress: Callable[[int, int, str], None] | None = None,
    ) -> list[Recognition]:
        """Send a bag's images and odometry to the node's ``image`` and ``odom`` topics.

        Args:
            bag: a rosbag2 folder or file.
            image_topic, odometry_topic: topics in the bag; None takes the only ones, '' as
                ``odometry_topic`` sends none.
            rate: 0 for lockstep, else the speed as a multiple of the recorded one.
            progress: called with (images sent, images in total, stage).

        Returns:
            The node's recognitions, in the order of their stamps.

        Raises:
            DataError: the bag cannot be read.
            RosError: the node ended, or does not listen.
        """
        with BagReader(bag, image_topic=image_topic) as reader:
            camera, odometry = reader.image_topic, reader.odometry_topic(odometry_topic)
            total, sent, waiting = reader.image_count, 0, None
            start_s, first_ns = time.monotonic(), None
            for message in reader.messages([camera, odometry] if odometry else [camera]):
                publisher = self._publisher(message.type, image=message.topic == camera)
                if rate > 0:
                    first_ns = message.log_time_ns if first_ns is None else first_ns
                    self._spin_until_s(start_s + (message.log_time_ns - first_ns) * _NS / rate)
                elif message.topic == camera and waiting is not None:
                    self._await_answer(waiting)
                self._clock.publish(Clock(clock=stamp_to_message(message.log_time_ns)))
                publisher.publish(message.raw)
                if message.topic != camera:
                    continue
                # answered only when the next image is due: odometry as new as this one comes first
                waiting, sent = stamp_of(message.raw), sent + 1
                self._sent.append(waiting)
                if progress is not None:
                    progress(sent, total, 'replaying through the node')
            if waiting is not None:
                self._await_answer(waiting)
        return sorted(self.recognitions, key=lambda recognition: recognition.stamp_ns)

    def close(self) -> None:
        """Disconnect."""
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def __enter__(self) -> NodeReplay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self, message: RecognitionMessage) -> None:
        recognition = recognition_from_message(message)
        self.recognitions.append(recognition)
        self._answered.add(recognition.stamp_ns)

    def _publisher(self, kind: str, *, image: bool) -> Any:
        """Return the publisher of a type, made and matched with the node at its first use."""
        if kind not in self._publishers:
            if image:
                compressed = kind.endswith('CompressedImage')
                topic = self._process.topic('image/compressed' if compressed else 'image')
            else:
                topic = self._process.topic('odom')
            package, _, name = kind.split('/')
            message_type = getattr(importlib.import_module(f'{package}.msg'), name)
            publisher = self._node.create_publisher(message_type, topic, QoSProfile(depth=DEPTH))
            self._publishers[kind] = publisher
            self._await_match(publisher, topic)
        return self._publishers[kind]

    def _await_match(self, publisher: Any, topic: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        node = self._node
        while not (publisher.get_subscription_count() and node.count_publishers(self._topic)):
            self._process.check()
            if time.monotonic() > deadline:
                raise RosError(
                    f'the node does not listen to {topic} after {START_TIMEOUT_S:g} s; check its '
                    f'image_transport and use_odometry, or run `vpr doctor`'
                )
            self._executor.spin_once(timeout_sec=0.05)

    def _await_answer(self, stamp_ns: int) -> None:
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while stamp_ns not in self._answered:
            if time.monotonic() > deadline:
                self._process.check()
                self.unanswered.append(stamp_ns)
                if self.unanswered[-MOST_SILENCE:] == self._sent[-MOST_SILENCE:]:
                    raise RosError(
                        f'the node has answered none of the last {MOST_SILENCE} images; it says: '
                        f'{self._process.last_words()}'
                    )
                return
            self._executor.spin_once(timeout_sec=0.1)

    def _spin_until_s(self, due_s: float) -> None:
        while (left := due_s - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left)


def stamp_of(raw: bytes | memoryview) -> int:
    """Read the stamp of a serialised image or other message that begins with a header, ns."""
    seconds, nanoseconds = _CDR_STAMP.unpack_from(raw)
    return seconds * 1_000_000_000 + nanoseconds
