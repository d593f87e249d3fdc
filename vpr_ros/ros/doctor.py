# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong in a running ROS graph: publishers, QoS, types, encodings, rates, clocks."""

from __future__ import annotations

from nav_msgs.msg import Odometry
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo

from vpr_ros.doctor import Finding, SetUp
from vpr_ros.errors import ConfigError
from vpr_ros.ros import qos
from vpr_ros.ros.doctor_graph import Graph
from vpr_ros.ros.doctor_images import check_images, check_publishers, TYPES
from vpr_ros.ros.doctor_motion import (
    check_calibration,
    check_clock,
    check_odometry,
    check_stamps,
)
from vpr_ros.ros.doctor_node import check_outputs, RunningNode

ENOUGH = 60  # messages of each topic, after which listening ends


def check_topics(
    graph: Graph, set_up: SetUp, node: RunningNode, *, describe_ms: float, map_frame: str
) -> list[Finding]:
    """Look at everything that goes into the node, and at who hears what comes out.

    Args:
        graph: the ROS graph.
        set_up: of the node, running or planned.
        node: the running one, or none.
        describe_ms: milliseconds in which the model describes an image; 0 when not known.
        map_frame: frame of the map's poses, '' without.

    Raises:
        ConfigError: a topic's name is none.
    """
    image_topic, odom_topic, info_topic = (
        _resolved(graph, topic) for topic in (
            _image_topic(set_up), set_up.odom_topic or 'odom',
            set_up.camera_info_topic or 'camera_info'))
    findings, expected = check_publishers(graph, set_up, image_topic)
    clock, now_ns = check_clock(graph, set_up)
    kind = TYPES['sensor_msgs/msg/' + (
        'CompressedImage' if set_up.values['image_transport'] == 'compressed' else 'Image')]
    wanted = [
        (kind, image_topic, qos_profile_sensor_data), (Odometry, odom_topic, qos.ODOMETRY),
        (CameraInfo, info_topic, qos.SENSOR),
    ]
    if expected:
        images, odometry, infos = graph.listen(wanted, set_up.listen_s, enough=ENOUGH)
    else:
        images, (odometry, infos) = [], graph.listen(wanted[1:], 0.0)
    if expected:
        findings += check_images(images, set_up, describe_ms) + check_stamps(images, now_ns)
    findings += clock
    findings += check_odometry(graph, odom_topic, odometry, images, set_up, map_frame)
    findings += check_calibration(infos, images)
    return findings + (check_outputs(graph, node) if node.name else [])


def _resolved(graph: Graph, topic: str) -> str:
    try:
        return str(graph.node.resolve_topic_name(topic))
    except (RuntimeError, ValueError) as error:  # rclpy's RCLError has no public name
        raise ConfigError(f'{topic!r} is no name of a topic; expected letters, digits, '
                          f'underscores and slashes, as in /camera/image_raw') from error


def _image_topic(set_up: SetUp) -> str:
    topic = set_up.image_topic or 'image'
    compressed = set_up.values['image_transport'] == 'compressed'
    return f'{topic}/compressed' if compressed and not topic.endswith('/compressed') else topic
