# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Three nodes in three processes share a map; the link of one is cut and restored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
import importlib.util
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from helpers import place_image, ROOT
from nav_msgs.msg import Odometry
import pytest

from vpr_msgs.msg import LoopClosureCandidates
from vpr_ros.assembly import model_identity
from vpr_ros.fleet import SharedMap
from vpr_ros.model import load_model
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros.geometry import stamp_to_message

ROBOTS = ('anna', 'bert', 'carl')


def link_class() -> Any:
    """Load the network that can be cut, of the tests of the fleet."""
    spec = importlib.util.spec_from_file_location('link', ROOT / 'test' / 'fleet' / 'link.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Link


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """URI of an empty shared map."""
    pytest.importorskip('pymilvus', reason='the extra fleet is not installed')
    pytest.importorskip('milvus_lite', reason='the extra fleet is not installed')
    from vpr_ros.fleet.server import LiteServer

    with LiteServer(tmp_path / 'milvus', port=0) as lite:
        yield lite.uri


class Robot:
    """A node of the fleet with its camera and odometry."""

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name, self._x_m = client, name, 0.0
        client.wait_until_active()
        self._odometry = client.publisher(Odometry, 'odom')
        self.closures = client.collect(LoopClosureCandidates, 'fleet_loop_closures')
        self.diagnostics = client.collect(DiagnosticArray, '/diagnostics')

    def see(self, spot: int) -> Any:
        """Drive on to a spot and look at it; returns the recognition."""
        self._x_m += 20.0
        stamp_ns = self.client.now_ns + 2_000_000_000  # ask advances by as much
        message = Odometry()
        message.header.stamp = stamp_to_message(stamp_ns)
        message.header.frame_id, message.child_frame_id = f'{self.name}/odom', 'base_link'
        message.pose.pose.position.x, message.pose.pose.orientation.w = self._x_m, 1.0
        self._odometry.publish(message)
        return self.client.ask(place_image(spot), after_s=2.0)

    def wait_for(self, key: str, value: str) -> None:
        """Wait until the status of the fleet says something, after all that came before."""
        name = f'{self.client.process.namespace}/place_recognition: fleet'
        self.diagnostics.messages.clear()
        self.diagnostics.get(lambda message: any(
            status.name == name and {v.key: v.value for v in status.values}.get(key) == value
            for status in message.status))


def test_three_nodes_share_a_map(
    start: Callable[..., Any], server: str, model: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        link = stack.enter_context(link_class()(server))
        robots = {}
        for name in ROBOTS:
            client = stack.enter_context(start(
                map_path=str(tmp_path / f'{name}.vprmap'), robot=name, session=f'{name}_monday',
                fleet_uri=link.uri if name == 'bert' else server, fleet_timeout_s=20.0,
                context_keyframes=0))
            robots[name] = Robot(client, name)
        anna, bert, carl = robots.values()
        for spot in range(4):
            assert anna.see(700 + spot).added_to_map
        anna.wait_for('pushed', '4')

        bert.see(800)
        bert.wait_for('pushed', '1')
        link.cut()
        places = [bert.see(700 + spot) for spot in range(4)]  # recognition goes on alone
        assert all(place.added_to_map for place in places)
        bert.wait_for('connected', 'False')
        bert.wait_for('waiting', '4')
        carl.see(701)
        closure = carl.closures.get().candidates[0]
        assert closure.match_robot == 'anna'

        link.restore()
        bert.wait_for('pushed', '5')
        bert.wait_for('uncompared', '0')
        found = {}
        for spot in range(4):
            query_id = places[spot].query_id
            message = bert.closures.get(lambda m, i=query_id: m.candidates[0].query_id == i)
            found[spot] = message.candidates[0]
        for spot, candidate in found.items():
            assert candidate.header.stamp == places[spot].header.stamp
            assert candidate.query_robot == 'bert'
            assert candidate.match_robot in ('anna', 'carl')
            assert candidate.match_session == f'{candidate.match_robot}_monday'
            assert candidate.has_map_pose
            assert candidate.map_frame_id == f'{candidate.match_robot}/odom'
            assert candidate.match_frame_id == 'camera'
            path = tmp_path / f'{candidate.match_robot}.vprmap'
            with PlaceMap.open(path, read_only=True) as place_map:
                match = place_map.place(candidate.match_id)
            assert stamp_to_message(match.stamp_ns) == candidate.match_stamp
            assert match.pose is not None
            assert candidate.match_pose_in_map.pose.position.x == match.pose.position_m[0]
        for robot in robots.values():
            assert robot.client.stop() == 0, robot.client.log()
    shared = SharedMap(server, model_identity(load_model(model)), centred=False)
    rows = {(place.robot, place.place.place_id) for place in shared.places()}
    expected = set()
    for name in ROBOTS:
        with PlaceMap.open(tmp_path / f'{name}.vprmap', read_only=True) as place_map:
            expected |= {(name, place.place_id) for place in place_map.places()}
    assert len(shared.places()) == len(rows) == 10
    assert rows == expected
    shared.close()


@pytest.mark.parametrize(
    ('parameters', 'sentence'),
    [
        ({'fleet_uri': 'ftp://somewhere', 'robot': 'anna'}, 'expected a Milvus server'),
        ({'fleet_uri': 'http://127.0.0.1:1', 'robot': ''}, 'every robot needs a name'),
        ({'fleet_uri': 'http://127.0.0.1:1', 'robot': 'anna', 'mode': 'localization'},
         'mode localization'),
        ({'fleet_uri': 'http://127.0.0.1:1', 'robot': 'anna', 'fleet_collection': 'a b'},
         'fleet_collection'),
    ],
)
def test_a_wrong_parameter_is_one_sentence(parameters: dict[str, str], sentence: str) -> None:
    pytest.importorskip('pymilvus', reason='the extra fleet is not installed')
    from vpr_ros.errors import ConfigError
    from vpr_ros.parameters import PARAMETERS
    from vpr_ros.ros.fleet import fleet_settings

    values = {parameter.name: parameter.default for parameter in PARAMETERS} | parameters
    with pytest.raises(ConfigError, match=sentence):
        fleet_settings(values)
