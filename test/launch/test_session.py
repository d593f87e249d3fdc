# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two robots at work, watched and led with the real tools of ROS 2, in the order of a working day.

The tests share two launches and build on each other; run the whole module. With the environment
variable VPR_SESSION_PAGE what was typed and printed becomes that page (docs/ros2_session.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
import itertools
import os
from pathlib import Path
import re
import time
from typing import Any

import pytest
from ros.client import image_message, SECOND
from ros.publishing import now_ns, Publishing
from ros2_tools.commands import Launched, PATIENCE_S, ros2
from ros2_tools.page import head, PATH, VARIABLE
from ros2_tools.transcript import commands_of, HOME, Transcript
from sensor_msgs.msg import Image
import yaml

from vpr_ros.bags import write_drive  # noqa: I100
from vpr_ros.parameters import BY_NAME
from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.checking import check
from vpr_ros.settings import load_parameters
from vpr_ros.world import Conditions, Drive, World
from vpr_ros.world.drive import START_STAMP_NS

pytestmark = pytest.mark.timeout(1800)
ANNA, BERTA = '/anna/place_recognition', '/berta/place_recognition'
ROBOTS = {'anna': 'fast', 'berta': 'accurate'}
FRAMES_HZ, PLACES, SHOWN = 2.0, 40, 32  # images a second, of the first lap and of the second


class Part:
    """The beginning of a drive around the town, at 5 m/s."""

    def __init__(self, conditions: Conditions, seed: int, count: int) -> None:
        self._drive = Drive(World(seed=201, kind='town'), conditions, seed=seed,
                            rate_hz=FRAMES_HZ, speed_mps=5.0)
        self.camera, self._count = self._drive.camera, count

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(self._drive, self._count)


class Shell:
    """Types commands in the robots' folder and writes down what they print."""

    def __init__(self, environment: dict[str, str], folder: Path, transcript: Transcript) -> None:
        self.environment, self.folder, self.transcript = environment, folder, transcript

    def __call__(self, *words: str, keep: str = '', until: str = '', refused: bool = False,
                 shown: bool = True) -> str:
        """Run ``ros2`` with these words; see :func:`ros2_tools.commands.ros2`.

        A refused command ends with 0 or 1, which differs among the distributions. What is not
        shown is not written down.
        """
        found, output = ros2(self.environment, *words, folder=self.folder, until=until)
        assert found == 0 or until or refused, f'{words} ended with {found}: {output}'
        assert 'Traceback' not in output, output
        if words[:2] == ('service', 'call'):
            keep = 'Response'
        if shown:
            self.transcript.add(('ros2', *words), output, keep)
        return output

    def find(self, node: str) -> None:
        """Wait until the tools know a node: it says that it is up before its news has arrived."""
        end_s = time.monotonic() + PATIENCE_S
        while node not in ros2(self.environment, 'lifecycle', 'nodes')[1].split():
            assert time.monotonic() < end_s, f'{node} is not found'

    def launch(self, namespace: str, *words: str) -> Launched:
        """Start the launch file; what it prints is written down with :meth:`show`."""
        return Launched(self.environment, self.folder / f'{namespace}_{len(words)}.log',
                        f'/{namespace}', 'place_recognition.launch.py', f'namespace:={namespace}',
                        *words)

    def show(self, launched: Launched, pattern: str) -> str:
        """Wait until a launch has printed a pattern, and write down all up to that line."""
        log = launched.wait_for(pattern)
        # a slow machine has printed more: the check-list, for want of a camera
        (shown,) = re.findall(rf'\A(?s:.*?){pattern}.*', log)
        self.transcript.add(('ros2', *launched.words), shown)
        return log


@pytest.fixture(scope='module')
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of maps and bags, with a bag of a drive."""
    folder = tmp_path_factory.mktemp('home')
    (folder / 'maps').mkdir()
    write_drive(folder / 'bags' / 'monday', [Part(Conditions.day(traffic_seed=1), 1, PLACES)])
    return folder


@pytest.fixture(scope='module')
def pictures() -> list[Any]:
    """Render RGB images of the same streets on another day, in other light."""
    return [frame.image for frame in Part(Conditions.overcast(traffic_seed=2), 2, SHOWN)]


@pytest.fixture(scope='module')
def shell(environment: dict[str, str], home: Path,
          request: pytest.FixtureRequest) -> Iterator[Shell]:
    """Open the shell; its transcript becomes the page in the end, when that is asked for."""
    failed = request.session.testsfailed
    shell = Shell(environment, home, Transcript({home: HOME, Path(environment['ROS_LOG_DIR']):
                                                 f'{HOME}/.ros/log'}))
    yield shell
    wanted = os.environ.get(VARIABLE)
    if wanted and request.session.testsfailed == failed:
        Path(wanted).write_text(shell.transcript.markdown(head()), encoding='utf-8')


@pytest.fixture(scope='module')
def robots(shell: Shell, home: Path) -> Iterator[dict[str, Launched]]:
    """Start both robots, active at the same time."""
    shell.transcript.section(
        'Start', 'Two launches, a namespace each; `preset` chooses the parameters to start from. '
        '`directories` lets services read and write there.')
    with ExitStack() as stack:
        found = {}
        for name, preset in ROBOTS.items():
            topic = ['image_topic:=front/image'] if name == 'anna' else []
            found[name] = shell.launch(
                name, f'preset:={preset}', *topic, f'map:={home}/maps/{name}.vprmap',
                f'directories:={home}')
            stack.callback(found[name].stop)
        for name, launched in found.items():
            log = shell.show(launched, 'waiting for Image')
            assert 'mapping with model default on ' in log and f'/maps/{name}.vprmap' in log
            shell.find(f'/{name}/place_recognition')
        yield found


class Cameras:
    """The robots' cameras; from :meth:`begin` on they show the second drive, over and over."""

    def __init__(self, pictures: list[Any]) -> None:
        self._pictures, self._begun = pictures, ExitStack()
        self._number_at: dict[int, int] = {}  # stamp -> number of the picture
        self._running = False

    def begin(self) -> None:
        """Run from now on."""
        if not self._running:
            self._running = True
            for topic in ('/anna/front/image', '/berta/image'):
                self._begun.enter_context(Publishing(
                    Image, topic, self._make, rate_hz=FRAMES_HZ,
                    name=topic.split('/')[1] + '_camera'))

    def number_at(self, stamp_ns: int) -> int:
        """Which picture of the drive, this one or that of the bag, has the stamp."""
        of_the_bag = round((stamp_ns - START_STAMP_NS) / 1e9 * FRAMES_HZ)
        return self._number_at.get(stamp_ns, of_the_bag)

    def end(self) -> None:
        """Stop."""
        self._begun.close()

    def _make(self, number: int) -> Image:
        stamp_ns = now_ns(number)
        self._number_at[stamp_ns] = number % SHOWN
        return image_message(self._pictures[number % SHOWN], stamp_ns)


@pytest.fixture(scope='module')
def cameras(environment: dict[str, str], robots: dict[str, Launched],
            pictures: list[Any]) -> Iterator[Cameras]:
    """Give the cameras, which do not run yet."""
    found = Cameras(pictures)
    yield found
    found.end()


def test_both_robots_are_there(shell: Shell, robots: dict[str, Launched]) -> None:
    shell.transcript.section('Who is there', 'Nodes, topics, types and quality of service.')
    assert {ANNA, BERTA} <= set(shell('node', 'list').split())
    assert {ANNA, BERTA} <= set(shell('lifecycle', 'nodes').split())
    info = shell('node', 'info', ANNA, keep=r':$|front/image|vpr_msgs|[Cc]amera|odom:|diagn')
    for line in ('/anna/front/image: sensor_msgs/msg/Image', '/anna/odom: nav_msgs/msg/Odometry',
                 '/anna/loop_closures: vpr_msgs/msg/LoopClosureCandidates',
                 f'{ANNA}/build_map: vpr_msgs/srv/BuildMap',
                 f'{ANNA}/map_building: vpr_msgs/action/MapBuilding'):
        assert line in info, line
    topics = shell('topic', 'list', '--show-types', keep='anna')
    for name in ('anna', 'berta'):
        assert f'/{name}/place_recognition/recognition [vpr_msgs/msg/Recognition]' in topics
        assert f'/{name}/loop_closures [vpr_msgs/msg/LoopClosureCandidates]' in topics
    info = shell('topic', 'info', '--verbose', '/anna/front/image')
    assert 'Publisher count: 0' in info and 'Subscription count: 1' in info
    assert 'Reliability: BEST_EFFORT' in info  # so that any camera can be heard
    shown = shell('interface', 'show', 'vpr_msgs/msg/LoopClosureCandidates', keep=r'^\S')
    assert 'LoopClosureCandidate[] candidates' in shown


def test_a_service_builds_a_map(shell: Shell, robots: dict[str, Launched], home: Path) -> None:
    shell.transcript.section(
        'Build a map', 'From a bag, while the node goes on recognising. The service answers when '
        'the map is on disk; the action tells of its progress meanwhile.')
    answer = shell('service', 'call', f'{ANNA}/build_map', 'vpr_msgs/srv/BuildMap',
                   '{sources: [bags/monday], output: maps/monday.vprmap}')
    assert re.search(r'success=True', answer) and '/maps/monday.vprmap in ' in answer
    with PlaceMap.open(home / 'maps' / 'monday.vprmap', read_only=True) as built:
        assert len(built) == PLACES and f'place_count={len(built)}' in answer
    again = shell('service', 'call', f'{ANNA}/build_map', 'vpr_msgs/srv/BuildMap',
                  '{sources: [bags/monday], output: maps/monday.vprmap}')
    assert 'success=False' in again and 'overwrite' in again
    done = shell('action', 'send_goal', '--feedback', f'{BERTA}/map_building',
                 'vpr_msgs/action/MapBuilding',
                 '{sources: [bags/monday], output: maps/berta_monday.vprmap}')
    assert 'Goal accepted' in done and 'Goal finished with status: SUCCEEDED' in done
    assert 'has_patches: true' in done  # since accurate compares them
    steps = list(map(int, re.findall(r'^\s*done: (\d+)$', done, re.M)))
    assert len(steps) >= 2 and steps == sorted(steps), done
    with PlaceMap.open(home / 'maps' / 'berta_monday.vprmap', read_only=True) as built:
        assert len(built) == PLACES
    outside = shell('service', 'call', f'{ANNA}/build_map', 'vpr_msgs/srv/BuildMap',
                    '{sources: [bags/monday], output: /etc/site.vprmap}')
    assert 'success=False' in outside
    for node, name in ((ANNA, 'monday'), (BERTA, 'berta_monday')):
        loaded = shell('service', 'call', f'{node}/load_map', 'vpr_msgs/srv/LoadMap',
                       f'{{path: maps/{name}.vprmap}}')
        assert 'success=True' in loaded and f'{PLACES} places from' in loaded


def test_places_are_recognized(shell: Shell, robots: dict[str, Launched],
                               cameras: Cameras) -> None:
    shell.transcript.section(
        'Recognise', 'The cameras run. Every image gets an answer with its reason; accepted loop '
        'closures have a topic of their own. After a round, places of the same morning are found '
        'as well as those of Monday.')
    cameras.begin()
    reason = shell('topic', 'echo', '--once', f'{ANNA}/recognition', '--field', 'reason_text')
    assert re.match(r"'?[A-Z_]+", reason), reason
    for name, preset in ROBOTS.items():
        text = shell('topic', 'echo', '--once', f'/{name}/loop_closures', shown=name == 'anna')
        message = yaml.safe_load(text.partition('---')[0])
        (candidate,) = message['candidates']
        query, match = (cameras.number_at(stamp['sec'] * SECOND + stamp['nanosec'])
                        for stamp in (candidate['header']['stamp'], candidate['match_stamp']))
        assert abs(query - match) <= 4, f'{candidate}: {query} is not {match}'  # 10 m
        assert candidate['probability'] >= load_parameters(preset).get(
            'min_probability', BY_NAME['min_probability'].default)
    rate = shell('topic', 'hz', f'{ANNA}/recognition', until='average rate')
    assert 0.0 < float(re.findall(r'average rate: ([\d.]+)', rate)[0]) <= 5.5
    count = shell('topic', 'echo', '--once', '--qos-durability', 'transient_local',
                  f'{ANNA}/map_info', '--field', 'place_count')
    assert int(count.split()[0]) >= PLACES
    shown = shell('topic', 'echo', '--once', '/diagnostics',
                  keep=r'name: |message: |level: |^---|^status')
    assert 'place_recognition' in shown
    for launched in robots.values():
        launched.check()
        assert 'Traceback' not in launched.log()


def test_parameters_are_read_and_changed(shell: Shell, robots: dict[str, Launched],
                                         home: Path) -> None:
    shell.transcript.section(
        'Parameters', 'Those marked *live* in [parameters.md](parameters.md) change while it '
        'runs; the others are refused with the reason.')
    listed = set(shell('param', 'list', ANNA, keep='min_|max_').split())
    assert set(BY_NAME) - listed == set()
    described = shell('param', 'describe', ANNA, 'min_probability')
    assert BY_NAME['min_probability'].description.split('.')[0] in ' '.join(described.split())
    assert 'Min value: 0.0' in described and 'Max value: 1.0' in described
    for name, preset in ROBOTS.items():
        values = load_parameters(preset)
        node = f'/{name}/place_recognition'
        dump = shell('param', 'dump', node,
                     keep=r'^/|ros__|candidates|rerank:|keyframe_|min_prob|rate_hz|map_path')
        (dumped,) = yaml.safe_load(dump).values()
        for key, value in values.items():
            assert dumped['ros__parameters'][key] == value, f'{name}: {key}'
        assert dumped['ros__parameters']['map_path'] == f'{home}/maps/{name}.vprmap'
    assert 'Double value is: 0.95' in shell('param', 'get', ANNA, 'min_probability')
    assert 'successful' in shell('param', 'set', ANNA, 'min_probability', '0.9')
    assert 'Double value is: 0.9\n' in shell('param', 'get', ANNA, 'min_probability')
    assert 'Double value is: 0.98' in shell('param', 'get', BERTA, 'min_probability')
    refused = shell('param', 'set', ANNA, 'model', 'small', refused=True)
    assert 'failed' in refused and 'read-only' in refused
    _, refused = ros2(shell.environment, 'param', 'set', ANNA, 'min_probability', '7.0')
    assert 'failed' in refused and 'Traceback' not in refused
    assert 'Double value is: 0.9\n' in shell(
        'param', 'get', ANNA, 'min_probability', shown=False)


def test_the_life_cycle_is_led(shell: Shell, robots: dict[str, Launched],
                               cameras: Cameras) -> None:
    shell.transcript.section(
        'Life cycle', 'An inactive node lets go of the camera, and its services go on answering.')
    assert shell('lifecycle', 'get', BERTA).startswith('active [3]')
    assert 'deactivate [4]' in shell('lifecycle', 'list', BERTA)
    assert 'Transitioning successful' in shell('lifecycle', 'set', BERTA, 'deactivate')
    assert shell('lifecycle', 'get', BERTA).startswith('inactive [2]')
    info = shell('topic', 'info', '/berta/image')
    assert 'Subscription count: 0' in info
    answer = shell('service', 'call', f'{BERTA}/get_map_info', 'vpr_msgs/srv/GetMapInfo', '{}')
    assert 'success=True' in answer
    assert 'Transitioning successful' in shell('lifecycle', 'set', BERTA, 'activate')
    cameras.begin()
    shell('topic', 'echo', '--once', f'{BERTA}/recognition', '--field', 'reason')
    assert shell('lifecycle', 'get', ANNA).startswith('active [3]')  # was left alone


def test_a_drive_is_named_and_kept(shell: Shell, robots: dict[str, Launched], home: Path) -> None:
    shell.transcript.section('Keep it', 'A new drive, and a copy of the map as it is now.')
    answer = shell('service', 'call', f'{ANNA}/new_session', 'vpr_msgs/srv/NewSession',
                   '{name: afternoon}')
    assert 'success=True' in answer and 'afternoon' in answer
    answer = shell('service', 'call', f'{ANNA}/save_map', 'vpr_msgs/srv/SaveMap',
                   '{path: maps/copy.vprmap}')
    assert 'success=True' in answer
    with PlaceMap.open(home / 'maps' / 'copy.vprmap', read_only=True) as copy:
        assert len(copy) >= PLACES


def test_ctrl_c_ends_both_cleanly(shell: Shell, robots: dict[str, Launched],
                                  home: Path) -> None:
    shell.transcript.section(
        'End', 'Ctrl-C closes the maps; every process ends with 0. What the second launch printed '
        'then:')
    for launched in robots.values():
        launched.check()
        before = launched.log()
        assert launched.stop() == 0, launched.log()
        assert 'process has finished cleanly' in launched.log()
        assert 'Traceback' not in launched.log()
        rest = launched.log()[len(before):]
    shell.transcript.add(('^C',), rest)
    for name in ('anna', 'berta', 'monday', 'berta_monday', 'copy'):
        assert check(home / 'maps' / f'{name}.vprmap') == []


def test_a_lifecycle_manager_takes_it_through_every_state(shell: Shell, home: Path) -> None:
    """Go through what Nav2's manager asks for: up, pause and resume, down to the end."""
    shell.transcript.section(
        'Led by a manager', 'With `autostart:=false` the node waits for a lifecycle manager, that '
        'of Nav2 for example. By hand, with a map that is only read (the test also pauses, '
        'resumes and resets it):')
    before = (home / 'maps' / 'monday.vprmap').read_bytes()
    launched = shell.launch('carla', 'preset:=balanced', 'mode:=localization', 'autostart:=false',
                            f'map:={home}/maps/monday.vprmap')
    node = '/carla/place_recognition'
    try:
        shell.show(launched, 'unconfigured, since autostart is false')
        shell.find(node)
        assert shell('lifecycle', 'get', node).startswith('unconfigured [1]')
        assert 'localization' in shell('param', 'get', node, 'mode')
        for transition, state, shown in (
            ('configure', 'inactive [2]', True), ('activate', 'active [3]', True),
            ('deactivate', 'inactive [2]', False), ('cleanup', 'unconfigured [1]', False),
            ('configure', 'inactive [2]', False), ('activate', 'active [3]', False),
            ('deactivate', 'inactive [2]', False), ('cleanup', 'unconfigured [1]', False),
            ('shutdown', 'finalized [4]', True),
        ):
            done = shell('lifecycle', 'set', node, transition, shown=shown)
            assert 'Transitioning successful' in done
            assert shell('lifecycle', 'get', node, shown=shown).startswith(state)
        launched.check()
        assert launched.stop() == 0, launched.log()
        assert 'Traceback' not in launched.log()
    finally:
        launched.stop()
    assert (home / 'maps' / 'monday.vprmap').read_bytes() == before


def test_the_page_has_these_commands(shell: Shell) -> None:
    if os.environ.get(VARIABLE):
        pytest.skip('the page is written at the end of this run')
    assert commands_of(PATH.read_text(encoding='utf-8')) == shell.transcript.commands()
