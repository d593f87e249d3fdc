# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Three robots in three processes, the link cut and restored, a kill in the worst moment."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
import time

from fleet_helpers import MODEL, PATIENCE_S, robot
from link import Link

from vpr_ros.fleet import SharedMap
from vpr_ros.place_map import PlaceMap

ROBOTS = ('anna', 'bert', 'carl')


def keys_of(path: Path, name: str) -> set[str]:
    """Return the keys that a robot's map should have in the shared one."""
    with PlaceMap.open(path, read_only=True) as place_map:
        return {f'{name}/{name}_drive/{place.stamp_ns}/camera' for place in place_map.places()}


def wait_for(shared: SharedMap, name: str, count: int) -> None:
    """Wait until a robot has so many places in the shared map."""
    end_s = time.monotonic() + PATIENCE_S
    while shared.count(name) < count:  # the server has no event for it
        assert time.monotonic() < end_s, (name, shared.count(name), count)
        time.sleep(0.05)


def test_three_robots_and_a_link_that_is_cut(own_server: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        links = {name: stack.enter_context(Link(own_server)) for name in ROBOTS}
        paths = {name: tmp_path / f'{name}.vprmap' for name in ROBOTS}
        robots = {name: stack.enter_context(robot(links[name].uri, name, paths[name]))
                  for name in ROBOTS}
        shared = SharedMap(own_server, MODEL, centred=False)
        for name, first in zip(ROBOTS, (0, 100, 200), strict=True):
            robots[name].drive(first, 6)
        for name in ROBOTS:
            robots[name].settle()
            assert shared.count(name) == 6

        robots['bert'].drive(106, 1)  # all others are there now, and bert is told of them
        robots['bert'].settle()
        links['bert'].cut()
        robots['anna'].drive(6, 3)  # bert cannot know of these yet
        robots['anna'].settle()
        robots['bert'].drive(0, 9)  # where anna was
        robots['bert'].drive(100, 3, lap=1)  # where bert was himself: his own map says so
        robots['bert'].wait(lambda told: any(e.get('problem') for e in told))
        assert shared.count('bert') == 7
        assert [e['best'] > 0.99 for e in robots['bert'].of('added')[-3:]] == [True] * 3
        assert len(robots['bert'].of('added')) == 19
        robots['bert'].wait(lambda told: sum(e['event'] == 'match' for e in told) >= 6)
        assert [(e['query'], e['place_id'], e['robot']) for e in robots['bert'].of('match')] == [
            (8 + seed, 1 + seed, 'anna') for seed in range(6)]
        robots['carl'].drive(100, 3)  # carl goes on with the others meanwhile
        robots['carl'].wait(lambda told: sum(e['event'] == 'match' for e in told) >= 3)

        links['bert'].restore()
        robots['bert'].settle()
        assert shared.count('bert') == 19
        assert sorted(e['query'] for e in robots['bert'].of('match') if e['robot'] == 'anna'
                      ) == list(range(8, 17))  # each once: those that were told alone are not
        assert robots['bert'].of('link')[-1]['problem'] == ''

        for name in ROBOTS:
            for match in robots[name].of('match'):
                other = match['robot']
                assert other != name
                assert match['session'] == f'{other}_drive'
                assert match['map_frame'] == f'{other}/map'
                with PlaceMap.open(paths[other], read_only=True) as place_map:
                    assert place_map.place(match['place_id']).stamp_ns == match['stamp_ns']
            assert robots[name].end() == 0
        places = [place.key for place in shared.places()]
        assert len(places) == len(set(places)) == shared.count()
        assert set(places) == set().union(*(keys_of(paths[name], name) for name in ROBOTS))
        shared.close()


def test_a_kill_between_push_and_acknowledgement_doubles_nothing(
    own_server: str, tmp_path: Path
) -> None:
    path = tmp_path / 'anna.vprmap'
    shared = SharedMap(own_server, MODEL, centred=False)
    with Link(own_server) as link:
        with robot(link.uri, 'anna', path) as anna:
            anna.drive(0, 3)
            anna.settle()
            assert shared.count('anna') == 3
            link.lose_answers()
            anna.drive(3, 4)
            wait_for(shared, 'anna', 4)  # pushed, and the robot was not told
            anna.kill()
        link.cut()
        link.restore()
        with robot(link.uri, 'anna', path) as anna:
            assert anna.wait(lambda told: told)[0] == {'event': 'ready', 'places': 7}
            anna.drive(7, 2)
            anna.settle()
            assert anna.end() == 0
    places = [place.key for place in shared.places()]
    assert len(places) == 9
    assert set(places) == keys_of(path, 'anna')
    shared.close()
