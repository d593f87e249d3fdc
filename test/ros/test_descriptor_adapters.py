# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Descriptors from the real node, over its real topic, to RTAB-Map and to Swarm-SLAM.

What they receive is decoded with their own definitions, from its CDR bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import struct
from typing import Any
import zlib

from helpers import place_image
import numpy as np
import pytest
from rclpy.parameter import Parameter
from ros.client import Client, SECOND
from slam.receivers import header, Receiver

from vpr_ros.assembly import model_of
from vpr_ros.ros.adapters.node import SlamAdapter
from vpr_ros.ros.doctor_graph import Graph
from vpr_ros.settings import Settings
from vpr_ros.slam.closure import stamp_ns
from vpr_ros.slam.rtabmap import IMAGES
from vpr_ros.slam.swarm_slam import KEYFRAMES

TRIES = 40  # images until the node has found the subscriber, which takes them best effort
Make = Callable[..., tuple[SlamAdapter, Receiver, Callable[[], bool]]]


@pytest.fixture
def beside(client: Client) -> Iterator[Make]:
    """Start an adapter beside the node, on the same topics; it is spun by what it returns."""
    with Graph() as graph:
        adapters = []

        def make(**values: Any) -> tuple[SlamAdapter, Receiver, Callable[[], bool]]:
            receiver = Receiver()
            adapter = SlamAdapter(
                make=receiver.make, connect=False, context=graph.node.context,
                namespace=client.process.namespace,
                parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])
            adapter.send = receiver.take
            adapters.append(adapter)
            graph.executor.add_node(adapter)
            return adapter, receiver, lambda: graph.spin_until(
                lambda: bool(receiver.received), 0.5)

        yield make
        for adapter in adapters:
            graph.executor.remove_node(adapter)
            adapter.destroy_node()


def described(model: str) -> np.ndarray:
    """Describe place 5 without the node."""
    opened = model_of(Settings(model=model, provider='cpu', threads=1))
    return np.asarray(opened.describe(opened.prepare(place_image(5))).global_descriptor)


def test_rtabmap_gets_its_images_with_the_nodes_descriptor(
    client: Client, beside: Make, model: str,
) -> None:
    adapter, receiver, came = beside(system='rtabmap_descriptor')
    shown = {}
    for _ in range(TRIES):
        stamp = client.now_ns + SECOND
        shown[stamp] = receiver.make(IMAGES.type_name, header=header(receiver.make, stamp))
        adapter.heard(IMAGES, shown[stamp])
        client.ask(place_image(5))
        if came():
            break
    port, image = receiver.received[0]
    assert port.name == 'rgbd_image_described'
    assert stamp_ns(image.header.stamp) in shown  # the image's own, of the image that was shown
    found = image.global_descriptor
    assert (found.type, found.header.frame_id) == (1, 'camera')
    assert stamp_ns(found.header.stamp) == stamp_ns(image.header.stamp)
    data = found.data.tobytes()
    rows, columns, kind = struct.unpack('<iii', data[-12:])
    row = np.frombuffer(zlib.decompress(data[:-12]), np.float32)
    assert (rows, columns, kind) == (1, len(row), 5)
    np.testing.assert_allclose(row, described(model), atol=1e-5)


def test_swarm_slam_gets_the_descriptors_of_its_key_frames(
    client: Client, beside: Make, model: str,
) -> None:
    adapter, receiver, came = beside(
        system='swarm_slam', robot='anna', robots=['berta:0', 'anna:1'])
    numbers = {}
    for number in range(TRIES):
        stamp = client.now_ns + SECOND
        if number % 2:  # every other image is a key frame
            image = receiver.make('sensor_msgs/msg/Image', header=header(receiver.make, stamp))
            adapter.heard(KEYFRAMES, receiver.make(KEYFRAMES.type_name, id=number, image=image))
            numbers[number] = stamp
        client.ask(place_image(5))
        if came():
            break
    port, message = receiver.received[0]
    [one] = message.descriptors
    assert port.name == '/cslam/global_descriptors'
    assert one.robot_id == 1 and one.keyframe_id in numbers
    np.testing.assert_allclose(one.descriptor, described(model), atol=1e-5)
