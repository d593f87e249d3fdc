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

from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock

from vpr_msgs.msg import Recognition as RecognitionMessage
from vpr_ros.bags import BagReader
from vpr_ros.bags.moments import RigTopics
from vpr_ros.building import BagTopics, Cameras
from vpr_ros.errors import RosError
from vpr_ros.ros.conversions import recognition_from_message
from vpr_ros.ros.geometry import stamp_to_message
from vpr_ros.ros.node_process import NodeProcess
from vpr_ros.ros.own_node import OwnNode
from vpr_ros.settings import Settings
from vpr_ros.types import Recognition

START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 10.0
MOST_SILENCE = 5  # images in a row without an answer, then the replay gives up
DEPTH = 1000
PAUSE_NS = 1_000_000_000
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
        self._own = OwnNode('vpr_replay')
        self._node, self._executor = self._own.node, self._own.executor
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
        topics: BagTopics | None = None,
        settings: Settings | None = None,
        rate: float = 0.0,
        progress: Callable[[int, int, str], None] | None = None,
    ) -> list[Recognition]:
        """Send a bag's images, odometry and what else the settings ask for to the node.

        Args:
            bag: a rosbag2 folder or file.
            topics: in the bag; None takes what is there.
            settings: of the node: its cameras, and whether it takes calibrations and depth.
            rate: 0 for lockstep, else the speed as a multiple of the recorded one.
            progress: called with (images sent of the leading camera, in total, stage).

        Returns:
            The node's recognitions, in the order of their stamps.

        Raises:
            DataError, ConfigError: the bag cannot be read, or a topic must be named.
            RosError: the node ended, or does not listen.
        """
        cameras = Cameras(settings or Settings())
        with BagReader(bag) as reader:
            rig = cameras.topics(reader, topics or BagTopics())
            names = {topic: name for name, topic in rig.images.items()}
            targets = node_topics(rig, stereo=(settings or Settings()).stereo)
            leading = next(iter(names))
            total = sum(info.count for info in reader.topics() if info.name == leading)
            grouping, sent, waiting = cameras.set.grouping(), 0, None
            sent_ns = 0  # log time of the last image
            start_s, first_ns = time.monotonic(), None
            for message in reader.messages(rig.all()):
                image = message.topic in names
                publisher = self._publisher(message.type, targets[message.topic], image=image)
                if rate > 0:
                    first_ns = message.log_time_ns if first_ns is None else first_ns
                    self._spin_until_s(start_s + (message.log_time_ns - first_ns) * _NS / rate)
                elif waiting is not None and (
                        image or message.log_time_ns - sent_ns > PAUSE_NS):
                    # after a pause odometry begins anew and says nothing of the image before it
                    self._await_answer(waiting)
                    waiting = None
                self._clock.publish(Clock(clock=stamp_to_message(message.log_time_ns)))
                publisher.publish(message.raw)
                if not image:
                    continue
                # answered only when the next image is due: odometry as new as this one comes first
                stamp_ns, sent_ns = stamp_of(message.raw), message.log_time_ns
                for moment in grouping.add(names[message.topic], stamp_ns, stamp_ns):
                    waiting = tuple(moment.values())
                    self._sent.append(waiting[0])
                sent += message.topic == leading
                if progress is not None:
                    progress(sent, total, 'replaying through the node')
            if waiting is not None:
                self._await_answer(waiting)
        return sorted(self.recognitions, key=lambda recognition: recognition.stamp_ns)

    def close(self) -> None:
        """Disconnect."""
        self._own.close()

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

    def _publisher(self, kind: str, target: str, *, image: bool) -> Any:
        """Return the publisher of a topic, made and matched with the node at its first use."""
        if target not in self._publishers:
            compressed = image and kind.endswith('CompressedImage')
            topic = self._process.topic(f'{target}/compressed' if compressed else target)
            package, _, name = kind.split('/')
            message_type = getattr(importlib.import_module(f'{package}.msg'), name)
            publisher = self._node.create_publisher(message_type, topic, QoSProfile(depth=DEPTH))
            self._publishers[target] = publisher
            self._await_match(publisher, topic)
        return self._publishers[target]

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

    def _await_answer(self, stamps_ns: tuple[int, ...]) -> None:
        """Wait for the answer to a moment; it carries the stamp of one of its images."""
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while self._answered.isdisjoint(stamps_ns):
            if time.monotonic() > deadline:
                self._process.check()
                self.unanswered.append(stamps_ns[0])
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


def node_topics(rig: RigTopics, *, stereo: bool) -> dict[str, str]:
    """Map each topic of a bag to the node's topic that takes it."""
    targets = {topic: f'{name}/image'.lstrip('/') for name, topic in rig.images.items()}
    targets |= {topic: f'{name}/camera_info'.lstrip('/') for name, topic in rig.infos.items()}
    targets |= dict.fromkeys(rig.beside, 'right/image' if stereo else 'depth')
    if rig.right_info:
        targets[rig.right_info] = 'right/camera_info'
    if rig.odometry:
        targets[rig.odometry] = 'odom'
    return targets


def stamp_of(raw: bytes | memoryview) -> int:
    """Read the stamp of a serialised image or other message that begins with a header, ns."""
    seconds, nanoseconds = _CDR_STAMP.unpack_from(raw)
    return seconds * 1_000_000_000 + nanoseconds
