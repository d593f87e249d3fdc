# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A long drive through the running node in little time: whether anything grows.

Images of a 30 Hz camera and odometry of a robot that circles are sent one after the other, the
next one as soon as the one before is answered, so that hours of stamps pass in minutes; or in real
time, when their stamps are due. Somebody looks at the markers and the diagnostics all the while.
Meanwhile the process is looked at from outside: memory, threads, open files, latency.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
import math
import os
from pathlib import Path
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Point
from nav_msgs.msg import Odometry
import numpy as np
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

from vpr_msgs.msg import MapInfo
from vpr_msgs.msg import Recognition as RecognitionMessage
from vpr_ros.errors import RosError
from vpr_ros.ros import qos
from vpr_ros.ros.bench_node import await_subscriber, image_message, resident_mb
from vpr_ros.ros.geometry import NANOSECONDS, stamp_from_message, stamp_to_message
from vpr_ros.ros.node_process import NodeProcess
from vpr_ros.ros.own_node import OwnNode
from vpr_ros.types import ImageArray

RATE_HZ = 30
SPEED_MPS = 5.0
RADIUS_M = 95.5  # a lap of 600 m, two minutes
PATIENCE_S = 1.0  # then the image was lost on the way, and the next one is sent
MOST_LOST = 60  # images in a row
SAMPLE_IMAGES = 150  # between two samples: 5 s of the drive
FEWEST_SAMPLES = 20


@dataclass(frozen=True)
class Sample:
    """The process at one moment of the drive.

    Attributes:
        drive_s: of stamps that have passed.
        wall_s: since the first image.
        memory_mb: resident.
        threads, handles: of the process.
        p50_ms, p99_ms: from publishing an image to its recognition, since the sample before.
        places: of the map.
    """

    drive_s: float
    wall_s: float
    memory_mb: float
    threads: int
    handles: int
    p50_ms: float
    p99_ms: float
    places: int


@dataclass
class Soak:
    """What came of it: counts and samples."""

    sent: int = 0
    lost: int = 0
    markers: int = 0
    diagnostics: int = 0
    samples: tuple[Sample, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the figures, and how the last quarter differs from the second one."""
        return {
            'format': 1, 'rate_hz': RATE_HZ, 'sent': self.sent, 'lost': self.lost,
            'markers': self.markers, 'diagnostics': self.diagnostics,
            'drive_s': self.samples[-1].drive_s, 'wall_s': self.samples[-1].wall_s,
            **{f'{name}_{quarter}': value for name in ('memory_mb', 'threads', 'handles', 'p50_ms')
               for quarter, value in zip(('second_quarter', 'last_quarter'),
                                         self._quarters(name), strict=True)},
            'samples': [asdict(sample) for sample in self.samples],
        }

    def _quarters(self, name: str) -> tuple[float, float]:
        values = [float(getattr(sample, name)) for sample in self.samples]
        quarter = max(1, len(values) // 4)
        second, last = values[quarter:2 * quarter] or values, values[-quarter:]
        return round(float(np.median(second)), 3), round(float(np.median(last)), 3)


class _Client:
    """Sends one image after the other to a node, and waits for each answer."""

    def __init__(self, process: NodeProcess) -> None:
        self._process = process
        self._own = OwnNode('vpr_soak')
        self._executor = self._own.executor
        create = self._own.node.create_subscription
        create(RecognitionMessage, process.topic('~/recognition'), self._take, qos.RESULT)
        create(MapInfo, process.topic('~/map_info'), self._take_map, qos.STATUS)
        create(MarkerArray, process.topic('~/markers'), self._take_markers, qos.PICTURE)
        create(DiagnosticArray, '/diagnostics', self._take_diagnostics, qos.RESULT)
        publisher = self._own.node.create_publisher
        self._images = publisher(Image, process.topic('image'), QoSProfile(depth=5))
        self._odometry = publisher(Odometry, process.topic('odom'), QoSProfile(depth=5))
        self._answered = -1
        self.places, self.markers, self.diagnostics = 0, 0, 0
        await_subscriber(self._images, self._executor, process)

    def send(self, image: Image, stamp_ns: int, travelled_m: float) -> float | None:
        """Send an image with the odometry of its stamp; ms to its answer, None when it is lost."""
        angle = travelled_m / RADIUS_M
        odometry = Odometry()
        odometry.header.stamp, odometry.header.frame_id = stamp_to_message(stamp_ns), 'odom'
        odometry.pose.pose.position = Point(
            x=RADIUS_M * math.cos(angle), y=RADIUS_M * math.sin(angle))
        odometry.pose.pose.orientation.w = 1.0
        self._odometry.publish(odometry)
        image.header.stamp = odometry.header.stamp
        start_s = time.perf_counter()
        self._images.publish(image)
        while self._answered != stamp_ns:
            if time.perf_counter() - start_s > PATIENCE_S:
                self._process.check()
                return None
            self._executor.spin_once(timeout_sec=0.1)
        return (time.perf_counter() - start_s) * 1000.0

    def listen(self, until_s: float) -> None:
        """Take messages until a moment of the monotonic clock."""
        while (left_s := until_s - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left_s)

    def close(self) -> None:
        """Disconnect."""
        self._own.close()

    def _take(self, message: RecognitionMessage) -> None:
        self._answered = stamp_from_message(message.header.stamp)

    def _take_markers(self, _: MarkerArray) -> None:
        self.markers += 1

    def _take_diagnostics(self, _: DiagnosticArray) -> None:
        self.diagnostics += 1

    def _take_map(self, message: MapInfo) -> None:
        self.places = message.place_count


def soak(
    process: NodeProcess, images: Sequence[ImageArray], *, drive_s: float,
    most_s: float = math.inf, real_time: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> Soak:
    """Drive through a node.

    Args:
        process: the node, started with the parameters to be looked at.
        images: uint8 (H, W, 3) RGB, sent in turn, over and over.
        drive_s: length of the drive by its stamps.
        most_s: end after so much time, however far the drive has come.
        real_time: send each image when its stamp is due, not once the one before is answered.
        progress: called with (images sent, images in total, stage).

    Raises:
        RosError: the node ended, or answers no more.
    """
    total = max(1, round(drive_s * RATE_HZ))
    every = max(1, min(SAMPLE_IMAGES, total // FEWEST_SAMPLES))
    result, client = Soak(), _Client(process)
    messages, samples, latencies_ms, in_a_row = [image_message(i) for i in images], [], [], 0
    start_s, start_ns = time.monotonic(), time.time_ns()
    try:
        for number in range(total):
            stamp_ns = start_ns + number * NANOSECONDS // RATE_HZ
            if real_time:
                client.listen(start_s + number / RATE_HZ)
            taken_ms = client.send(
                messages[number % len(messages)], stamp_ns, number * SPEED_MPS / RATE_HZ)
            result.sent += 1
            in_a_row = 0 if taken_ms is not None else in_a_row + 1
            if taken_ms is None:
                result.lost += 1
            else:
                latencies_ms.append(taken_ms)
            if in_a_row >= MOST_LOST:
                raise RosError(f'the node has answered none of the last {MOST_LOST} images; it '
                               f'says: {process.last_words()}')
            late = time.monotonic() - start_s > most_s
            if latencies_ms and (late or number % every == every - 1 or number == total - 1):
                p50, p99 = np.percentile(latencies_ms, [50, 99])
                samples.append(Sample(
                    (number + 1) / RATE_HZ, round(time.monotonic() - start_s, 2),
                    round(resident_mb(process.pid), 1), _entries(process.pid, 'task'),
                    _entries(process.pid, 'fd'), round(float(p50), 2), round(float(p99), 2),
                    client.places))
                latencies_ms = []
                if progress is not None:
                    progress(number + 1, total, 'soaking the node')
            if late:
                break
    finally:
        client.close()
    result.samples = tuple(samples)
    result.markers, result.diagnostics = client.markers, client.diagnostics
    return result


def _entries(pid: int, what: str) -> int:
    return len(os.listdir(Path('/proc') / str(pid) / what))
