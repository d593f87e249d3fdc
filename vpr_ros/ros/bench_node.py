# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure the running node: rate, end-to-end latency and memory under a camera's load."""

from __future__ import annotations

import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
import threading
import time

import numpy as np
from rclpy.qos import qos_profile_sensor_data, QoSProfile
from sensor_msgs.msg import Image

from vpr_msgs.msg import Recognition as RecognitionMessage
from vpr_ros.errors import RosError
from vpr_ros.ros.geometry import stamp_from_message, stamp_to_message
from vpr_ros.ros.node_process import NodeProcess
from vpr_ros.ros.own_node import OwnNode
from vpr_ros.types import ImageArray

START_TIMEOUT_S = 60.0
WARM_UP_S = 5.0
MEGABYTE = 1024.0


@dataclass
class NodeLoad:
    """What was measured.

    Attributes:
        seconds: measured time, after the warm-up.
        sent: images sent in that time.
        latencies_ms: from the call to publish until the recognition arrived, one per answer.
        memory_mb: resident memory of the node, sampled once a second.
    """

    seconds: float = 0.0
    sent: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, float]:
        """Return the figures of the table."""
        p50, p99 = np.percentile(self.latencies_ms or [np.nan], [50, 99])
        tenth = max(1, len(self.memory_mb) // 10)
        return {
            'seconds': round(self.seconds, 1),
            'sent': self.sent,
            'recognitions_per_s': round(len(self.latencies_ms) / max(self.seconds, 1e-9), 2),
            'latency_p50_ms': round(float(p50), 1),
            'latency_p99_ms': round(float(p99), 1),
            'memory_start_mb': round(float(np.median(self.memory_mb[:tenth])), 1),
            'memory_end_mb': round(float(np.median(self.memory_mb[-tenth:])), 1),
        }


def measure(
    process: NodeProcess,
    images: Sequence[ImageArray],
    *,
    rate_hz: float,
    seconds: float,
    progress: Callable[[int, int, str], None] | None = None,
) -> NodeLoad:
    """Send raw images at a steady rate and measure the answers.

    Args:
        process: the node, started with the parameters to be measured.
        images: uint8 (H, W, 3) RGB, sent in turn, over and over.
        rate_hz: images per second.
        seconds: measured time; the warm-up comes on top.
        progress: called with (seconds done, seconds in total, stage).

    Raises:
        RosError: the node ended or never answered.
    """
    own = OwnNode('vpr_bench')
    node, executor = own.node, own.executor
    sent_at: dict[int, float] = {}
    load, lock = NodeLoad(), threading.Lock()
    measuring = threading.Event()

    def take(message: RecognitionMessage) -> None:
        now = time.perf_counter()
        with lock:
            start = sent_at.pop(stamp_from_message(message.header.stamp), None)
        if start is not None and measuring.is_set():
            load.latencies_ms.append((now - start) * 1000.0)

    node.create_subscription(
        RecognitionMessage, process.topic('~/recognition'), take, QoSProfile(depth=100)
    )
    publisher = node.create_publisher(Image, process.topic('image'), qos_profile_sensor_data)
    stop = threading.Event()
    messages = [image_message(image) for image in images]

    def send() -> None:
        period, number = 1.0 / rate_hz, 0
        due = time.perf_counter()
        while not stop.is_set():
            message = messages[number % len(messages)]
            stamp_ns = time.time_ns()
            message.header.stamp = stamp_to_message(stamp_ns)
            with lock:
                sent_at[stamp_ns] = time.perf_counter()
                if len(sent_at) > 10 * rate_hz:
                    sent_at.pop(next(iter(sent_at)))
            publisher.publish(message)
            load.sent += measuring.is_set()
            number += 1
            due = max(due + period, time.perf_counter() - period)
            stop.wait(max(0.0, due - time.perf_counter()))

    try:
        await_subscriber(publisher, executor, process)
        sender = threading.Thread(target=send, name='camera', daemon=True)
        sender.start()
        begin = time.perf_counter() + WARM_UP_S
        next_sample = begin
        while (now := time.perf_counter()) < begin + seconds:
            executor.spin_once(timeout_sec=0.05)
            if now >= next_sample:
                measuring.set()
                process.check()
                load.memory_mb.append(resident_mb(process.pid))
                next_sample += 1.0
                if progress is not None:
                    progress(int(now - begin), int(seconds), 'measuring the node')
        load.seconds = time.perf_counter() - begin
        stop.set()
        sender.join()
    finally:
        stop.set()
        own.close()
    if not load.latencies_ms:
        raise RosError('the node answered no image; run `vpr doctor` to see why')
    return load


def image_message(image: ImageArray) -> Image:
    """Make an rgb8 message of an image, its stamp still to be set."""
    height, width = image.shape[:2]
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(image).tobytes())
    message = Image(height=height, width=width, encoding='rgb8', step=3 * width, data=data)
    message.header.frame_id = 'camera'
    return message


def await_subscriber(publisher, executor, process: NodeProcess) -> None:
    """Wait until the node listens."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while publisher.get_subscription_count() == 0:
        process.check()
        if time.monotonic() > deadline:
            raise RosError(
                f'the node did not subscribe to its image topic within {START_TIMEOUT_S:g} s; '
                f'run `vpr doctor` to see why'
            )
        executor.spin_once(timeout_sec=0.1)


def resident_mb(pid: int) -> float:
    """Memory of a process that is in use, NaN where it cannot be told."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return float(line.split()[1]) / MEGABYTE
    return float('nan')
