# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera: whether somebody publishes, and the node can hear it and read what comes."""

from __future__ import annotations

from collections.abc import Sequence
import os
from typing import Any

from rclpy.qos import qos_check_compatible, QoSCompatibility, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from vpr_ros.doctor import Finding, SetUp
from vpr_ros.doctor.finding import error, ok, warning
from vpr_ros.doctor.middleware import is_fast_dds, PROFILE
from vpr_ros.errors import ImageError
from vpr_ros.images.messages import rgb_of
from vpr_ros.ros import qos
from vpr_ros.ros.doctor_graph import DISCOVERY_S, Graph, in_words, name_of

TYPES = {'sensor_msgs/msg/Image': Image, 'sensor_msgs/msg/CompressedImage': CompressedImage}
LARGE_BYTES = 500_000  # a raw image of this size does not survive the default transport
OTHER_DOMAIN_S = 3.0


def check_publishers(graph: Graph, set_up: SetUp, topic: str) -> tuple[list[Finding], bool]:
    """Look at who publishes the image topic.

    Args:
        graph: the ROS graph.
        set_up: of the node.
        topic: resolved name.

    Returns:
        What was found, and whether images can be expected.
    """
    publishers = graph.publishers(topic, wait_s=DISCOVERY_S)
    if not publishers:
        return [_nobody(graph, set_up, topic)], False
    transport = str(set_up.values['image_transport'])
    expected = 'sensor_msgs/msg/' + ('CompressedImage' if transport == 'compressed' else 'Image')
    fitting = [p for p in publishers if p.topic_type == expected]
    if not fitting:
        return [_other_type(publishers[0], topic, transport)], False
    profile = qos.LOCKSTEP if set_up.values['lockstep'] else qos.SENSOR
    findings, heard = [], False
    for info in fitting:
        reliable = info.qos_profile.reliability == ReliabilityPolicy.RELIABLE
        how = 'reliable' if reliable else 'best effort'
        fits, why = qos_check_compatible(info.qos_profile, profile)
        if fits == QoSCompatibility.ERROR:
            findings.append(error(
                'image topic', f'{name_of(info)} publishes {topic} {how}, which the node cannot '
                f'hear: {in_words(why)}',
                'set lockstep: false, which takes any publisher, or publish reliably'))
        else:
            heard = True
            findings.append(ok('image topic', f'{name_of(info)} publishes {topic}, {how}'))
    if len(fitting) > 1:
        findings.append(warning(
            'image topic', f'{len(fitting)} publishers of {topic}: images of two cameras would '
            f'mix', 'give each camera a topic of its own'))
    return findings, heard


def _nobody(graph: Graph, set_up: SetUp, topic: str) -> Finding:
    for domain in set_up.other_domains:
        if domain == graph.domain:
            continue
        with Graph(domain) as other:
            found = other.publishers(topic, wait_s=OTHER_DOMAIN_S)
            if found:
                return error(
                    'image topic', f'nobody publishes {topic} in ROS_DOMAIN_ID {graph.domain}, '
                    f'but {name_of(found[0])} does in {domain}',
                    'export the same ROS_DOMAIN_ID for camera and node')
    images = sorted(name for name, kinds in graph.node.get_topic_names_and_types()
                    if set(kinds) & set(TYPES))
    return error(
        'image topic', f'nobody publishes {topic}; image topics there: '
        f'{", ".join(images) or "none"}',
        'start the camera, or set image_topic:=<its topic>; a camera on another machine needs the '
        'same ROS_DOMAIN_ID and no ROS_LOCALHOST_ONLY')


def _other_type(info: Any, topic: str, transport: str) -> Finding:
    found = f'{name_of(info)} publishes {topic} as {info.topic_type}'
    if info.topic_type == 'sensor_msgs/msg/CompressedImage':
        base = topic.removesuffix('/compressed')
        return error('image topic', f'{found}, and image_transport is {transport}',
                     f'image_transport:=compressed image_topic:={base}')
    if info.topic_type == 'sensor_msgs/msg/Image':
        return error('image topic', f'{found}, and image_transport is {transport}',
                     'image_transport:=raw')
    return error('image topic', found, 'give a topic of sensor_msgs/Image or CompressedImage')


def check_images(
    received: Sequence[tuple[float, Any]], set_up: SetUp, describe_ms: float
) -> list[Finding]:
    """Look at images that have come in.

    Args:
        received: with their times of arrival, seconds.
        set_up: of the node.
        describe_ms: milliseconds in which the model describes one; 0 when not known.
    """
    if not received:
        return [error(
            'images', f'none arrived in {set_up.listen_s:g} s although there is a publisher',
            'is the camera running? A large raw image needs the Fast DDS profile '
            '(config/fastdds_large_images.xml), or use image_transport:=compressed')]
    message = received[-1][1]
    try:
        image = rgb_of(message)
    except ImageError as problem:
        return [error('images', str(problem))]
    span_s = received[-1][0] - received[0][0]
    rate = (len(received) - 1) / span_s if span_s > 0 else 0.0
    kind = getattr(message, 'encoding', None) or message.format
    findings = [ok('images', f'{image.shape[1]}x{image.shape[0]} {kind} at {rate:.1f} Hz')]
    if image.max() - image.min() < 8:
        findings.append(warning('images', 'the last image shows nothing but one colour',
                                'take the cap off the lens, or look at the exposure'))
    return findings + _pace(rate, describe_ms, set_up) + _transport(len(message.data))


def _pace(rate: float, describe_ms: float, set_up: SetUp) -> list[Finding]:
    limit = float(set_up.values['max_rate_hz'])  # type: ignore[arg-type]
    wanted = min(rate, limit) if limit else rate
    if not describe_ms or wanted * describe_ms <= 1000.0:
        return []
    return [warning(
        'pace', f'the model describes {1000.0 / describe_ms:.1f} images a second here and '
        f'{wanted:.1f} come: the others are dropped',
        f'set max_rate_hz to {max(1, int(700 / describe_ms))}, so that the rest of the robot '
        f'keeps its cores; or a smaller model, or a GPU')]


def _transport(size: int) -> list[Finding]:
    if size < LARGE_BYTES or not is_fast_dds(os.environ):
        return []
    if os.environ.get(PROFILE):
        return [ok('dds', f'{PROFILE} is set')]
    return [warning(
        'dds', f'images are large ({size / 1e6:.1f} MB) and {PROFILE} is not set: most are lost',
        'set it to the profile that vpr_ros ships (config/fastdds_large_images.xml), for the '
        'camera as well; the launch files do it for the node')]
