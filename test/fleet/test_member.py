# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One robot's part: what is pushed, what is pushed again, what is found, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
import re
import signal
import sqlite3
import subprocess
import sys
import time

from fleet_helpers import add, calibration, descriptor_of, MODEL, PATIENCE_S, place_facts, settings
from helpers import ROOT
import numpy as np
import pytest

from vpr_ros.cli.main import main
from vpr_ros.errors import ConfigError
from vpr_ros.fleet import FleetError, FleetMatch, FleetSettings, Member, SharedMap
from vpr_ros.fleet.cache import PlaceCache
from vpr_ros.fleet.journal import Journal
from vpr_ros.fleet.record import SharedPlace
from vpr_ros.fleet.server import LiteServer
from vpr_ros.place_map import ModelIdentity, PlaceMap
from vpr_ros.types import Place, Pose


def new_map(path: Path | str, robot: str) -> PlaceMap:
    """Make an empty map of a robot on its drive."""
    place_map = PlaceMap.create(path, MODEL)
    place_map.new_session(f'{robot}_drive', robot=robot)
    return place_map


def member(
    place_map: PlaceMap, robot: str, uri: str, collection: str,
    found: Callable[[FleetMatch], None] = lambda _: None,
) -> Member:
    """Make a member of the fleet that shares this collection."""
    fleet = FleetSettings(uri=uri, robot=robot, collection=collection)
    return Member(place_map, fleet, settings, calibration(), found)


def catch_up_later(one: Member) -> None:
    """Catch up as soon as the network is there again, which gRPC notices after a moment."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return one.catch_up()
        except FleetError:
            assert time.monotonic() < end_s
            time.sleep(0.1)


def test_what_is_there_is_not_pushed_again(server: str, tmp_path: Path) -> None:
    path = tmp_path / 'anna.vprmap'
    with new_map(path, 'anna') as place_map:
        add(place_map, 'anna', range(3))
        anna = member(place_map, 'anna', server, 'again')
        anna.catch_up()
        assert (anna.pushed, len(anna.outbox)) == (3, 0)
        anna.close()
        again = member(place_map, 'anna', server, 'again')
        again.catch_up()
        assert again.pushed == 0
        add(place_map, 'anna', range(3, 4))
        again.added(4)
        again.catch_up()
        assert again.pushed == 1
        again.close()
    shared = SharedMap(server, MODEL, prefix='again', centred=False)
    found = shared.places()
    assert [place.place.place_id for place in found] == [1, 2, 3, 4]
    with PlaceMap.open(path) as place_map:
        for place in found:
            assert np.array_equal(
                place.descriptor, place_map.descriptor(place.place.place_id).astype(np.float16))
    shared.close()


def test_corrected_poses_follow_and_are_not_compared_again(server: str) -> None:
    found: list[FleetMatch] = []
    with new_map(':memory:', 'bert') as other, new_map(':memory:', 'anna') as own:
        add(other, 'bert', range(3))
        member(other, 'bert', server, 'poses').catch_up()
        add(own, 'anna', range(3))
        anna = member(own, 'anna', server, 'poses', found.append)
        anna.catch_up()
        assert [(m.query.place.place_id, m.match.robot, m.match.place.place_id) for m in found
                ] == [(1, 'bert', 1), (2, 'bert', 2), (3, 'bert', 3)]
        own.update_poses({2: Pose((9.0, 9.0, 0.0), frame_id='anna/slam')})
        anna.changed()
        anna.catch_up()
        assert (anna.pushed, len(found)) == (4, 3)
    shared = SharedMap(server, MODEL, prefix='poses', centred=False)
    (moved,) = [p for p in shared.places() if p.robot == 'anna' and p.place.place_id == 2]
    assert moved.place.pose == Pose((9.0, 9.0, 0.0), frame_id='anna/slam')
    assert shared.count() == 6
    shared.close()


def test_drives_of_other_robots_in_a_copied_map_are_theirs(server: str) -> None:
    with new_map(':memory:', 'bert') as place_map:
        add(place_map, 'bert', range(2))
        place_map.new_session('anna_drive', robot='anna')
        add(place_map, 'anna', range(10, 13))
        anna = member(place_map, 'anna', server, 'copied')
        anna.catch_up()
        assert anna.pushed == 3


def test_a_server_that_lost_its_data_gets_them_again(tmp_path: Path, server: str) -> None:
    with new_map(tmp_path / 'anna.vprmap', 'anna') as place_map:
        add(place_map, 'anna', range(3))
        with LiteServer(tmp_path / 'first', port=0) as lite:
            port = int(lite.uri.rpartition(':')[2])
            anna = member(place_map, 'anna', lite.uri, 'lost')
            anna.catch_up()
        with pytest.raises(FleetError, match='goes on alone'):
            anna.added(1)
            anna.work()
        assert not anna.connected
        with LiteServer(tmp_path / 'second', port=port) as lite:
            catch_up_later(anna)
            assert SharedMap(lite.uri, MODEL, prefix='lost', centred=False).count() == 3
        anna.close()


def test_without_a_network_a_robot_meets_those_that_it_was_told_of(tmp_path: Path) -> None:
    found: list[FleetMatch] = []
    with ExitStack() as stack:
        own = stack.enter_context(new_map(tmp_path / 'anna.vprmap', 'anna'))
        other = stack.enter_context(new_map(':memory:', 'bert'))
        with LiteServer(tmp_path / 'data', port=0) as lite:
            uri = lite.uri
            add(other, 'bert', range(3))
            bert = member(other, 'bert', uri, 'alone')
            bert.catch_up()
            add(own, 'anna', range(50, 51))
            anna = member(own, 'anna', uri, 'alone', found.append)
            anna.catch_up()
            assert (len(found), len(anna.cache)) == (0, 3)
            add(other, 'bert', range(3, 4))  # anna is not told of this one
            bert.added(4)
            bert.catch_up()
            bert.close()
        add(own, 'anna', range(1))
        anna.added(2)
        for _ in range(2):  # once, however often it is tried
            with pytest.raises(FleetError, match='goes on alone'):
                anna.work()
            assert [(m.query.place.place_id, m.match.place.place_id) for m in found] == [(2, 1)]
        anna.close()
        add(own, 'anna', range(1, 4))  # after a restart, from the journal
        anna = member(own, 'anna', uri, 'alone', found.append)
        with pytest.raises(FleetError, match='goes on alone'):
            anna.work()
        assert len(anna.cache) == 3
        assert [(m.query.place.place_id, m.match.place.place_id) for m in found[1:]] == [
            (2, 1), (3, 2), (4, 3)]  # the first again: nobody knows whether it was heard
        with LiteServer(tmp_path / 'data', port=int(uri.rpartition(':')[2])):
            catch_up_later(anna)
            assert [(m.query.place.place_id, m.match.place.place_id) for m in found[4:]] == [
                (5, 4)]
            assert len(anna.cache) == 4
        anna.close()


def test_the_cache_is_bounded_and_follows_corrected_poses(tmp_path: Path) -> None:
    def told(robot: str, place_id: int, x_m: float = 0.0) -> SharedPlace:
        place = Place(place_id, 0, place_id, 'camera', Pose((x_m, 0.0, 0.0), frame_id='map'))
        return SharedPlace(robot, 'drive', 'uuid', MODEL.sha256, place,
                           descriptor_of(robot, place_id).astype(np.float16))

    journal = Journal(tmp_path / 'anna.vprmap.fleet', 'anna')
    cache = PlaceCache(journal, MODEL.dim, most=4)
    cache.take([told('bert', i) for i in range(1, 5)])
    cache.take([told('bert', 1, x_m=7.0), told('carl', 9)])
    again = PlaceCache(journal, MODEL.dim)
    for one in (cache, again):
        [found] = one.search(descriptor_of('bert', 1).astype(np.float16)[np.newaxis], 9)
        assert {(p.robot, p.place.place_id) for p in found} == {
            ('bert', 1), ('bert', 3), ('bert', 4), ('carl', 9)}
        assert found[0].place.pose == Pose((7.0, 0.0, 0.0), frame_id='map')
    journal.remember([('x', '{"key": 1}', b'12')], [])
    assert len(PlaceCache(journal, MODEL.dim)) == 4
    assert PlaceCache(journal, 7).search(np.zeros((2, 7), np.float16), 3) == [[], []]
    journal.close()


def test_a_journal_of_the_first_format_is_brought_forward(tmp_path: Path) -> None:
    path = tmp_path / 'anna.vprmap.fleet'
    journal = Journal(path, 'anna')
    journal.acknowledge([(1, 5)])
    journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute('DROP TABLE others')
        connection.execute('PRAGMA user_version = 1')
    connection.close()
    journal = Journal(path, 'anna')
    assert (journal.entries(1, 9), journal.remembered()) == ({1: (5, False)}, [])
    journal.close()


def test_another_model_is_another_collection(server: str) -> None:
    other = ModelIdentity('other', 'cd' * 32, MODEL.dim, '{}')
    with new_map(':memory:', 'anna') as place_map:
        add(place_map, 'anna', range(2))
        member(place_map, 'anna', server, 'models').catch_up()
    shared = SharedMap(server, other, prefix='models', centred=False)
    assert shared.count() == 0
    shared.close()


def test_a_pruned_place_needs_nothing_any_more(server: str) -> None:
    with new_map(':memory:', 'anna') as place_map:
        add(place_map, 'anna', range(4))
        anna = member(place_map, 'anna', server, 'pruned')
        anna.outbox.audit()
        place_map.remove([2])
        anna.catch_up()
        assert anna.pushed == 3


def test_two_laps_at_the_same_spots_are_different_places(server: str) -> None:
    with new_map(':memory:', 'anna') as place_map:
        add(place_map, 'anna', range(3))
        place_map.add(np.eye(MODEL.dim, dtype=np.float32)[0], **place_facts('anna', 0, lap=1))
        member(place_map, 'anna', server, 'laps').catch_up()
    shared = SharedMap(server, MODEL, prefix='laps', centred=False)
    assert shared.count() == 4
    shared.close()


# -- the journal --------------------------------------------------------------------------------


def test_a_journal_of_another_map_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / 'a.fleet'
    journal = Journal(path, 'one')
    journal.acknowledge([(1, 5), (2, 6)])
    journal.compared([2])
    journal.close()
    journal = Journal(path, 'one')
    assert journal.entries(1, 9) == {1: (5, False), 2: (6, True)}
    journal.doubt()
    assert len(journal) == 0
    assert journal.entries(2, 2)[2][1]
    journal.close()
    assert len(Journal(path, 'two')) == 0


def test_a_foreign_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / 'a.fleet'
    with sqlite3.connect(path) as connection:
        connection.execute('CREATE TABLE recipes (name TEXT)')
    connection.close()
    before = path.read_bytes()
    with pytest.raises(FleetError, match='no journal'):
        Journal(path, 'one')
    assert path.read_bytes() == before
    path.write_bytes(b'a letter' * 100)
    with pytest.raises(FleetError, match='move the file away'):
        Journal(path, 'one')
    assert path.read_bytes() == b'a letter' * 100


# -- commands and imports -----------------------------------------------------------------------


def test_info_tells_who_shares_what(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    with new_map(':memory:', 'anna') as place_map:
        add(place_map, 'anna', range(3))
        member(place_map, 'anna', server, 'told').catch_up()
    assert main(['fleet', 'info', server, '--collection', 'told']) == 0
    assert capsys.readouterr().out.split()[-3:] == ['anna', 'anna_drive', '3']
    assert main(['fleet', 'info', 'http://127.0.0.1:1', '--collection', 'told']) == 1
    assert 'cannot connect' in capsys.readouterr().err


def test_the_server_of_the_command_line_ends_with_a_signal(tmp_path: Path, server: str) -> None:
    process = subprocess.Popen(
        [sys.executable, '-m', 'vpr_ros.cli.main', 'fleet', 'serve', str(tmp_path / 'data'),
         '--port', '0'], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        uri = re.search(r'http://127.0.0.1:[0-9]+', process.stdout.readline())
        assert uri is not None
        shared = SharedMap(uri.group(), MODEL, centred=False)
        assert shared.count() == 0
        shared.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()


def test_a_folder_is_served_once(tmp_path: Path, server: str) -> None:
    with LiteServer(tmp_path / 'data', port=0) as lite:
        with pytest.raises(FleetError, match='no other process serves'):
            LiteServer(tmp_path / 'data', port=0)
        port = int(lite.uri.rpartition(':')[2])
        with pytest.raises(FleetError, match='free port'):
            LiteServer(tmp_path / 'other', port=port)


def test_without_the_library_one_sentence_says_what_to_install() -> None:
    program = """
import sys
sys.modules['pymilvus'] = None
from vpr_ros.fleet.client import check_installed
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name in ('pymilvus', 'milvus_lite') else find(name)
check_installed('shared.db')
"""
    done = subprocess.run([sys.executable, '-c', program], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert 'ConfigError: a shared map needs pymilvus and milvus_lite' in done.stderr
    assert "pip install 'vpr_ros[fleet]'" in done.stderr


def test_names_that_milvus_does_not_take_are_refused(server: str) -> None:
    with new_map(':memory:', 'anna') as place_map:
        with pytest.raises(ConfigError, match='fleet_collection'):
            member(place_map, 'anna', server, 'a b')
        with pytest.raises(ConfigError, match='every robot needs a name'):
            member(place_map, '', server, 'names')
