# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The two ways to publish diagnostics, over real topics: by diagnostic_updater, and without it.

What needs the library is skipped where it is not installed; a folder of PYTHONPATH that holds
its package will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import importlib.util
import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import pytest
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter
from ros.client import PATIENCE_S

from vpr_ros.errors import ConfigError
from vpr_ros.ros import qos
from vpr_ros.ros.doctor_graph import Graph
from vpr_ros.ros.updater import Diagnostics, PERIOD, PlainUpdater, USE_FQN

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
SAID = {
    'images': DiagnosticStatus(level=WARN, message='no image yet', values=[
        KeyValue(key='topic', value='/image'), KeyValue(key='received', value='0')]),
    'recognition': DiagnosticStatus(level=OK, message='OK'),
    'map': DiagnosticStatus(level=ERROR, message='deleted', values=[
        KeyValue(key='places', value='7')]),
}
WAYS = ('diagnostic_updater', 'plain')
Make = Callable[..., Node]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Publish by the library or, as if it were missing, without it."""
    return use(request.param, monkeypatch)


def use(way: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let diagnostic_updater be imported, or not."""
    if way == 'plain':
        monkeypatch.setitem(sys.modules, 'diagnostic_updater', None)
    elif importlib.util.find_spec('diagnostic_updater') is None:
        pytest.skip('diagnostic_updater is not installed')
    else:
        monkeypatch.delitem(sys.modules, 'diagnostic_updater', raising=False)
    return way


@pytest.fixture
def graph(domain: None) -> Iterator[Graph]:
    """Return what listens, in its own context, and spins the nodes under test as well."""
    with Graph() as graph:
        yield graph


@pytest.fixture
def make(graph: Graph) -> Iterator[Make]:
    """Make nodes with parameters given at their start."""
    nodes = []

    def make_node(namespace: str = '/anna', **given: Any) -> Node:
        node = rclpy.create_node(
            'camera', namespace=namespace, context=graph.node.context,
            parameter_overrides=[Parameter(name, value=value) for name, value in given.items()])
        graph.executor.add_node(node)
        nodes.append(node)
        return node

    yield make_node
    for node in nodes:
        graph.executor.remove_node(node)
        node.destroy_node()


def diagnose(node: Node, *, hardware_id: str = 'anna') -> Diagnostics:
    """Make the diagnostics of a node, twenty times a second."""
    return Diagnostics(node, period_s=0.05, hardware_id=hardware_id)


def heard(graph: Graph, wanted: Callable[[DiagnosticArray], bool]) -> DiagnosticArray:
    """Wait for the first message that is wanted, of a node of this module."""
    found: list[DiagnosticArray] = []

    def take(message: DiagnosticArray) -> None:
        ours = all(s.name.partition(':')[0].endswith('camera') for s in message.status)
        if ours and wanted(message):
            found.append(message)

    subscription = graph.node.create_subscription(
        DiagnosticArray, '/diagnostics', take, qos.RESULT)
    try:
        assert graph.spin_until(lambda: bool(found), PATIENCE_S)
    finally:
        graph.node.destroy_subscription(subscription)
    return found[0]


def said(message: DiagnosticArray) -> list[tuple[Any, ...]]:
    """All that a message says, but for its time."""
    return [(s.name, s.level, s.message, s.hardware_id, [(v.key, v.value) for v in s.values])
            for s in message.status]


def complete(message: DiagnosticArray) -> bool:
    """Tell whether it is about all parts, not only about one that starts up."""
    return len(message.status) == len(SAID)


@pytest.mark.parametrize(('namespace', 'given', 'name'), [
    ('/anna', {}, '/anna/camera'),
    ('/', {}, '/camera'),
    ('/anna', {USE_FQN: False}, 'camera'),
])
def test_names_levels_and_values(
    way: str, graph: Graph, make: Make, namespace: str, given: dict[str, Any], name: str,
) -> None:
    node = make(namespace, **given)
    diagnostics = diagnose(node)
    diagnostics.begin(list(SAID), lambda: SAID)
    message = heard(graph, complete)
    assert said(message) == [
        (f'{name}: {part}', status.level, status.message, 'anna',
         [(v.key, v.value) for v in status.values])
        for part, status in SAID.items()
    ]
    assert message.header.stamp.sec > 0
    diagnostics.end()


def test_the_two_ways_publish_the_same(
    graph: Graph, make: Make, monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for way in WAYS:
        with monkeypatch.context() as patch:
            use(way, patch)
            diagnostics = diagnose(make())
        assert isinstance(diagnostics._updater, PlainUpdater) == (way == 'plain')
        diagnostics.begin(list(SAID), lambda: SAID)
        starting = heard_at_begin(graph, diagnostics)
        found.append((said(heard(graph, complete)), starting))
        diagnostics.end()
    assert found[0] == found[1]


def heard_at_begin(graph: Graph, diagnostics: Diagnostics) -> list[tuple[Any, ...]]:
    """Listen first, begin again, and return what the parts say when they start up."""
    found: list[DiagnosticArray] = []
    diagnostics.end()
    subscription = graph.node.create_subscription(
        DiagnosticArray, '/diagnostics', found.append, qos.RESULT)
    publisher = diagnostics._updater
    publisher = getattr(publisher, 'publisher', None) or publisher._publisher
    assert graph.spin_until(lambda: publisher.get_subscription_count() > 0, PATIENCE_S)
    diagnostics.begin(['images'], lambda: SAID)
    assert graph.spin_until(lambda: any('starting up' in m.status[0].message for m in found),
                            PATIENCE_S)
    diagnostics.end()
    graph.node.destroy_subscription(subscription)
    diagnostics.begin(list(SAID), lambda: SAID)
    return said(found[0])


def test_a_robot_without_a_name_has_no_hardware(way: str, graph: Graph, make: Make) -> None:
    diagnose(make(), hardware_id='').begin(list(SAID), lambda: SAID)
    assert {s.hardware_id for s in heard(graph, complete).status} == {'none'}


def test_the_period_is_that_of_the_library_where_it_is_given(
    way: str, graph: Graph, make: Make,
) -> None:
    node = make(**{PERIOD: 3600.0})
    diagnostics, asked = diagnose(node), iter(range(10))
    diagnostics.begin(list(SAID), lambda: SAID if next(asked) == 0 else {})
    assert node.get_parameter(PERIOD).value == 3600.0
    assert [timer.timer_period_ns for timer in node.timers] == [3600 * 10**9]
    diagnostics.publish()  # does not wait for it
    assert next(asked) == 1
    diagnostics.end()
    assert list(node.timers) == []


def test_the_period_is_ours_where_none_is_given(way: str, make: Make) -> None:
    node = make()
    diagnose(node)
    assert node.get_parameter(PERIOD).value == 0.05
    assert node.get_parameter(USE_FQN).value is True


def test_time_may_stand_still(way: str, graph: Graph, make: Make) -> None:
    """Simulated time that never begins; the diagnostics go on."""
    node = make(use_sim_time=True)
    diagnose(node).begin(list(SAID), lambda: SAID)
    assert heard(graph, complete).header.stamp.sec == 0


@pytest.mark.parametrize(('name', 'value', 'words'), [
    (PERIOD, 2, 'write 2.0 rather than 2'),
    (PERIOD, -1.0, '-1.0 found, expected 0.05 to 3600'),
    (PERIOD, float('nan'), 'nan found'),
    (USE_FQN, 'yes', 'true or false'),
])
def test_bad_values_are_refused_in_one_sentence(
    way: str, make: Make, name: str, value: Any, words: str,
) -> None:
    with pytest.raises(ConfigError, match=words):
        diagnose(make(**{name: value}))
