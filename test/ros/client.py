# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A client of one node process: sends images, collects what the node says, calls its services."""

from __future__ import annotations

import array
from collections.abc import Callable
import signal
import threading
import time
from typing import Any

import numpy as np
import rclpy
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from vpr_msgs.msg import MapInfo, Recognition
from vpr_ros.ros import qos
from vpr_ros.ros.geometry import stamp_from_message, stamp_to_message
from vpr_ros.ros.node_process import NodeProcess

PATIENCE_S = 60.0  # for anything that must happen; generous, the machine may be busy
SECOND = 1_000_000_000


def image_message(image: np.ndarray, stamp_ns: int, *, encoding: str = 'rgb8', padding: int = 0,
                  is_bigendian: bool = False) -> Image:
    """Make an image message of any array (H, W) or (H, W, C), with padded rows on demand."""
    rows = np.ascontiguousarray(image).view(np.uint8).reshape(image.shape[0], -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    data = array.array('B')
    data.frombytes(rows.tobytes())
    message = Image(height=image.shape[0], width=image.shape[1], encoding=encoding,
                    step=rows.shape[1], is_bigendian=is_bigendian, data=data)
    message.header.stamp, message.header.frame_id = stamp_to_message(stamp_ns), 'camera'
    return message


class Inbox:
    """Messages of one topic, awaited rather than polled."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self._arrived = threading.Condition()

    def put(self, message: Any) -> None:
        with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    def find(self, wanted: Callable[[Any], bool], timeout_s: float) -> Any | None:
        """Wait for the first message that is wanted; None when it does not come."""
        with self._arrived:
            self._arrived.wait_for(lambda: any(map(wanted, self.messages)), timeout_s)
            return next(filter(wanted, self.messages), None)

    def get(self, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """Return the first message that is wanted; fail the test when it does not come."""
        found = self.find(wanted, PATIENCE_S)
        assert found is not None, f'not among the {len(self.messages)} messages'
        return found


class Client:
    """A node process and a client node in this process; a context manager that ends both."""

    def __init__(self, process: NodeProcess) -> None:
        self.process, namespace = process, process.namespace
        self.now_ns = 1_000 * SECOND
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node('client', namespace=namespace, context=self._context,
                                      start_parameter_services=False)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._publishers: dict[str, Any] = {}
        self._running = True
        self._last_words = ''
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()
        self.recognitions = self.collect(Recognition, '~/recognition')
        self.map_info = self.collect(MapInfo, '~/map_info', qos.STATUS)

    # -- topics ---------------------------------------------------------------------------------

    def collect(self, message_type: Any, name: str, profile: QoSProfile = qos.RESULT) -> Inbox:
        """Subscribe; ``~/`` is below the node under test."""
        inbox = Inbox()
        inbox.subscription = self.node.create_subscription(  # type: ignore[attr-defined]
            message_type, self.process.topic(name) if not name.startswith('/') else name,
            inbox.put, profile,
        )
        return inbox

    def publisher(self, message_type: Any, name: str) -> Any:
        """Return a publisher that the node under test has subscribed to."""
        if name not in self._publishers:
            self._publishers[name] = self.node.create_publisher(
                message_type, self.process.topic(name), qos.RESULT
            )
        publisher, end_s = self._publishers[name], time.monotonic() + PATIENCE_S
        while publisher.get_subscription_count() == 0:
            self.process.check()
            assert time.monotonic() < end_s, f'nobody subscribes to {name}: {self.log()}'
            time.sleep(0.02)  # rclpy has no event for a subscription that appears
        self.map_info.get()  # the node's own publishers have found us as well
        answers = self.process.topic('~/recognition')  # volatile: what comes before is lost
        while self.node.count_publishers(answers) == 0:
            assert time.monotonic() < end_s, f'nobody publishes {answers}: {self.log()}'
            time.sleep(0.02)
        return publisher

    def wait_until_active(self) -> None:
        """Wait until the node listens to the camera."""
        self.publisher(Image, 'image')

    def advance(self, seconds: float) -> int:
        """Let time pass for the camera; returns the new stamp."""
        self.now_ns += int(seconds * SECOND)
        return self.now_ns

    def ask(self, image: np.ndarray, *, after_s: float = 1.0, **keywords: Any) -> Recognition:
        """Send an image and wait for its recognition."""
        return self.send(image_message(image, self.advance(after_s), **keywords))

    def send(self, message: Any, name: str = 'image') -> Recognition:
        """Send an image message and wait for its recognition; best effort is tried again."""
        stamp_ns = stamp_from_message(message.header.stamp)
        publisher = self.publisher(type(message), name)
        for _ in range(20):
            publisher.publish(message)
            found = self.recognitions.find(
                lambda r: stamp_from_message(r.header.stamp) == stamp_ns, PATIENCE_S / 20
            )
            if found is not None:
                return found
        raise AssertionError(f'no answer to the image at {stamp_ns}: {self.log()}')

    # -- services, actions, parameters ----------------------------------------------------------

    def call_async(self, service_type: Any, service: str, /, **fields: Any) -> Any:
        """Start a service call; returns a future."""
        client = self.node.create_client(service_type, self.process.topic(service))
        assert client.wait_for_service(PATIENCE_S), self.log()
        return client.call_async(service_type.Request(**fields))

    def call(self, service_type: Any, service: str, /, **fields: Any) -> Any:
        """Call a service and wait for its answer."""
        return self.wait(self.call_async(service_type, service, **fields))

    def wait(self, future: Any, timeout_s: float = PATIENCE_S) -> Any:
        """Wait for a future that the client's thread completes."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        assert done.wait(timeout_s), f'no answer in time: {self.log()}'
        return future.result()

    def action(self, action_type: Any, name: str) -> ActionClient:
        """Return an action client that is connected."""
        action = ActionClient(self.node, action_type, self.process.topic(name))
        assert action.wait_for_server(PATIENCE_S), self.log()
        return action

    # -- the process ----------------------------------------------------------------------------

    def log(self) -> str:
        """Return what the node has printed, also after :meth:`stop`."""
        return self._last_words or self.process.log()

    def stop(self, *signals: int) -> int:
        """End the node with signals, one shortly after the other; returns its exit status."""
        for number in signals or (signal.SIGINT,):
            self.process._process.send_signal(number)
            time.sleep(0.05)  # so that each is a signal of its own
        status = self.process._process.wait(PATIENCE_S)
        self._last_words = self.process.log() or 'nothing'
        return status

    def _spin(self) -> None:
        while self._running:
            self._executor.spin_once(timeout_sec=0.1)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()
        self._running = False
        self._thread.join()
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)
