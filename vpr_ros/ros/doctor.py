# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong in a running ROS graph: publishers, QoS, types, encodings, rates."""

from __future__ import annotations

from collections.abc import Sequence
import os
import time
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image

from vpr_ros.doctor import Finding, Level
from vpr_ros.errors import ImageError
from vpr_ros.images import decode_compressed, to_rgb
from vpr_ros.ros.node_process import DDS_PROFILE, NODE_NAME

DISCOVERY_S = 2.0
LISTEN_S = 3.0
LARGE_BYTES = 500_000  # a raw image of this size does not survive the default transport
TYPES = {'sensor_msgs/msg/Image': Image, 'sensor_msgs/msg/CompressedImage': CompressedImage}


def check_graph(image_topic: str) -> list[Finding]:
    """Look for the node, the image topic and its images.

    Args:
        image_topic: the camera's topic as the node would subscribe to it.
    """
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('vpr_doctor', context=context, start_parameter_services=False)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        _spin(executor, DISCOVERY_S)
        findings = [_node_finding(node)]
        topic = node.resolve_topic_name(image_topic)
        publishers = node.get_publishers_info_by_topic(topic)
        findings += _topic_findings(node, topic, publishers)
        kinds = {info.topic_type for info in publishers} & set(TYPES)
        if kinds:
            findings += _listen(node, executor, topic, kinds.pop())
        return findings
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)


def _spin(executor: SingleThreadedExecutor, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.1)


def _node_finding(node: Node) -> Finding:
    names = [f'{namespace.rstrip("/")}/{name}'
             for name, namespace in node.get_node_names_and_namespaces() if name == NODE_NAME]
    if not names:
        return Finding(Level.WARNING, 'node', f'no node named {NODE_NAME} is running',
                       'ros2 launch vpr_ros place_recognition.launch.py')
    if len(set(names)) < len(names):
        return Finding(Level.ERROR, 'node', f'{names[0]} is running {len(names)} times',
                       'stop one, or start each in a namespace of its own (namespace:=...)')
    return Finding(Level.OK, 'node', ', '.join(names))


def _topic_findings(node: Node, topic: str, publishers: Sequence[Any]) -> list[Finding]:
    if not publishers:
        images = sorted(
            name for name, kinds in node.get_topic_names_and_types() if set(kinds) & set(TYPES)
        )
        there = ', '.join(images) or 'none'
        return [Finding(
            Level.ERROR, 'image topic', f'nobody publishes {topic}; image topics there: {there}',
            'start the camera, or set image_topic:=<its topic>; a camera on another machine needs '
            'the same ROS_DOMAIN_ID')]
    findings = []
    for info in publishers:
        who = f'{info.node_namespace.rstrip("/")}/{info.node_name}'
        if info.topic_type not in TYPES:
            findings.append(Finding(
                Level.ERROR, 'image topic', f'{who} publishes {topic} as {info.topic_type}',
                'give a topic of sensor_msgs/Image or CompressedImage'))
        else:
            reliable = info.qos_profile.reliability == ReliabilityPolicy.RELIABLE
            findings.append(Finding(
                Level.OK, 'image topic',
                f'{who} publishes {topic}, {"reliable" if reliable else "best effort"}; the node '
                f'takes both'))
    return findings


def _listen(
    node: Node, executor: SingleThreadedExecutor, topic: str, kind: str
) -> list[Finding]:
    received: list[Any] = []
    profile = QoSProfile(depth=5, reliability=qos_profile_sensor_data.reliability)
    node.create_subscription(TYPES[kind], topic, received.append, profile)
    start = time.monotonic()
    _spin(executor, LISTEN_S)
    rate = len(received) / (time.monotonic() - start)
    if not received:
        return [Finding(
            Level.ERROR, 'images', f'none arrived in {LISTEN_S:g} s although there is a publisher',
            'a large raw image needs the Fast DDS profile (see dds below), or use '
            'image_transport:=compressed'), *_dds(None)]
    message = received[-1]
    try:
        if kind.endswith('CompressedImage'):
            image = decode_compressed(message.format, message.data)
        else:
            image = to_rgb(
                encoding=message.encoding, height=message.height, width=message.width,
                step=message.step, data=message.data, is_bigendian=bool(message.is_bigendian))
    except ImageError as error:
        return [Finding(Level.ERROR, 'images', str(error))]
    findings = [Finding(
        Level.OK, 'images', f'{image.shape[1]}x{image.shape[0]} {message_encoding(message)} at '
                            f'{rate:.1f} Hz')]
    if message.header.stamp.sec == 0 and message.header.stamp.nanosec == 0:
        findings.append(Finding(
            Level.ERROR, 'stamps', 'the images have no stamp',
            'let the driver stamp its images; loop closures are keyed by that stamp'))
    return findings + _dds(len(message.data))


def message_encoding(message: Any) -> str:
    """The encoding of an Image, or the format of a CompressedImage."""
    return str(getattr(message, 'encoding', None) or message.format)


def _dds(size: int | None) -> list[Finding]:
    if size is not None and size < LARGE_BYTES:
        return []
    if os.environ.get('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp') != 'rmw_fastrtps_cpp':
        return []
    if os.environ.get(DDS_PROFILE):
        return [Finding(Level.OK, 'dds', f'{DDS_PROFILE} is set')]
    return [Finding(
        Level.WARNING, 'dds', f'images are large and {DDS_PROFILE} is not set: most are lost',
        'set it to the profile that vpr_ros ships (config/fastdds_large_images.xml), for the '
        'camera as well; the launch files do')]
