# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The running node: whether it is there, once, active, heard by others; its parameters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import parameter_value_to_python
from rclpy.qos import qos_check_compatible, QoSCompatibility

from vpr_ros.doctor import Finding, SetUp
from vpr_ros.doctor.finding import error, ok, warning
from vpr_ros.parameters import BY_NAME
from vpr_ros.ros.doctor_graph import DISCOVERY_S, Graph, in_words, name_of, SETTLE_S
from vpr_ros.ros.node_process import NODE_NAME

IMAGES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')


@dataclass(frozen=True)
class RunningNode:
    """A node that was found.

    Attributes:
        name: fully qualified; '' when none runs.
        state: of its life cycle; '' when it did not say.
        values: its parameters.
        image_topics: what it subscribes to for images; empty unless it is active.
        topics: its odometry and camera_info topics, by the names of :class:`SetUp`.
    """

    name: str = ''
    state: str = ''
    values: dict[str, Any] = field(default_factory=dict)
    image_topics: tuple[str, ...] = ()
    topics: dict[str, str] = field(default_factory=dict)

    def set_up(self, given: SetUp) -> SetUp:
        """Return what is looked at: what the node runs with, where nothing else was given."""
        changes: dict[str, Any] = {
            name: topic for name, topic in self.topics.items() if not getattr(given, name)
        }
        if not given.image_topic and self.image_topics:
            changes['image_topic'] = self.image_topics[0]
        if self.values.get('use_sim_time'):
            changes['use_sim_time'] = True
        return replace(given, **changes).with_values(self.values)


def find_node(graph: Graph, wanted: str = '') -> tuple[list[Finding], RunningNode]:
    """Look for the node.

    Args:
        graph: the ROS graph.
        wanted: fully qualified name; '' takes the first named ``place_recognition``.
    """
    def names() -> list[str]:
        found = [f'{space.rstrip("/")}/{name}'
                 for name, space in graph.node.get_node_names_and_namespaces()]
        return sorted(name for name in found
                      if name == wanted or (not wanted and name.endswith(f'/{NODE_NAME}')))

    if graph.spin_until(lambda: bool(names()), DISCOVERY_S):
        graph.spin(SETTLE_S)
    found = names()
    if not found:
        text = f'no node named {wanted or NODE_NAME} is running'
        fix = 'ros2 launch vpr_ros place_recognition.launch.py'
        return [error('node', text, fix) if wanted else warning('node', text, fix)], RunningNode()
    findings = []
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        findings.append(error(
            'node', f'{twice[0]} is running {found.count(twice[0])} times',
            'stop one, or start each in a namespace of its own (namespace:=...)'))
    node = _ask(graph, found[0])
    others = sorted(set(found) - {node.name})
    if others:
        findings.append(ok('node', f'also there: {", ".join(others)}; --node looks at one'))
    if not node.state:
        findings.append(warning('node', f'{node.name} does not answer', 'look at its log; it may '
                                'still be loading its model and map'))
    elif node.state != 'active':
        findings.append(error('node', f'{node.name} is {node.state}',
                              f'ros2 lifecycle set {node.name} configure, then activate; its log '
                              f'says why it could not start by itself'))
    elif not twice:
        findings.append(ok('node', f'{node.name} is active'))
    return findings, node


def _ask(graph: Graph, name: str) -> RunningNode:
    state = graph.call(GetState, f'{name}/get_state', GetState.Request())
    known = [*BY_NAME, 'use_sim_time']
    answer = None
    if state is not None:
        answer = graph.call(
            GetParameters, f'{name}/get_parameters', GetParameters.Request(names=known))
    values: dict[str, Any] = {}
    if answer is not None:
        for parameter, value in zip(known, answer.values, strict=False):
            plain = parameter_value_to_python(value)
            if plain is not None:
                values[parameter] = (
                    tuple(v for v in plain if v) if isinstance(plain, list) else plain)
    space, _, base = name.rpartition('/')
    subscribed = graph.node.get_subscriber_names_and_types_by_node(base, space or '/')
    by_type = {kind: topic for topic, kinds in subscribed for kind in kinds}
    return RunningNode(
        name, '' if state is None else state.current_state.label, values,
        tuple(topic for topic, kinds in subscribed if set(kinds) & set(IMAGES)),
        {parameter: by_type[kind] for parameter, kind in (
            ('odom_topic', 'nav_msgs/msg/Odometry'),
            ('camera_info_topic', 'sensor_msgs/msg/CameraInfo')) if kind in by_type},
    )


def check_outputs(graph: Graph, node: RunningNode) -> list[Finding]:
    """Look for subscribers of the node's topics that its quality of service leaves deaf."""
    space, _, base = node.name.rpartition('/')
    findings, heard = [], 0
    for topic, _ in graph.node.get_publisher_names_and_types_by_node(base, space or '/'):
        own = [p for p in graph.node.get_publishers_info_by_topic(topic)
               if name_of(p) == node.name]
        for subscriber in graph.node.get_subscriptions_info_by_topic(topic):
            if not own or subscriber.topic_type != own[0].topic_type:
                continue
            heard += 1
            fits, why = qos_check_compatible(own[0].qos_profile, subscriber.qos_profile)
            if fits == QoSCompatibility.ERROR:
                findings.append(error(
                    'outputs', f'{name_of(subscriber)} cannot hear {topic}: '
                    f'{in_words(why)}',
                    'subscribe with reliability reliable or best effort and durability volatile'))
    return findings or [ok('outputs', f'all {heard} subscriptions of its topics fit')]
