# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes on one map: one writer, many readers, and writers that are killed."""

from __future__ import annotations

import os
from pathlib import Path
import threading

from place_map.map_helpers import descriptor, fill, make_map, MODEL
from place_map.victims import writer
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, PlaceMap


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'drive.vprmap'


def test_one_writer_and_readers_beside_it(path: Path) -> None:
    with writer(path) as other:
        assert other.ask('add') == '1'
        with pytest.raises(
            MapError, match=f'open for writing in process {other.process.pid}; end that process'
        ):
            PlaceMap.open(path)
        with pytest.raises(MapError, match=f'in process {other.process.pid};'):
            PlaceMap.create(path, MODEL, overwrite=True)
        with PlaceMap.open(path, read_only=True) as reader:
            assert len(reader) == 1  # it lies in the writer's log, not yet in the file
            for n in range(2, 12):
                assert other.ask('add') == str(n)
            assert reader.refresh() == 10
            assert reader.refresh() == 0
            query = descriptor(9)
            assert reader.search(query, 1)[0].place.place_id == 10
            with PlaceMap.open(path, read_only=True) as second:
                assert second.search(query, 11) == reader.search(query, 11)
                assert second.patches(11) == {2: b'two 10', 5: b'five 10'}
            assert other.ask('close') == 'closed'
            assert reader.search(query, 1)[0].place.place_id == 10
        with PlaceMap.open(path) as place_map:
            assert len(place_map) == 11
    assert check(path) == []


def test_a_killed_writer_lets_go(path: Path) -> None:
    with writer(path) as other:
        assert other.ask('add') == '1'
        other.kill()
        assert path.with_name('drive.vprmap.lock').exists()
        with PlaceMap.open(path, read_only=True) as reader:
            assert len(reader) == 1
        with PlaceMap.open(path) as place_map:
            assert len(place_map) == 1
    assert sorted(os.listdir(path.parent)) == ['drive.vprmap']


def test_second_writer_in_this_process_is_refused(path: Path) -> None:
    link = path.with_name('link.vprmap')
    with PlaceMap.create(path, MODEL):
        link.symlink_to(path)
        for name in (path, link):
            with pytest.raises(MapError, match=f'process {os.getpid()} \\(this one\\)'):
                PlaceMap.open(name)
    with PlaceMap.open(link) as place_map:
        fill(place_map, 1)


def test_a_failed_open_lets_go(path: Path) -> None:
    path.write_bytes(b'no map at all' * 1000)
    for _ in range(2):
        with pytest.raises(MapError, match='it is no map'):
            PlaceMap.open(path)
    assert os.listdir(path.parent) == ['drive.vprmap']


def test_threads_take_turns(path: Path) -> None:
    copies = [path.with_name(f'copy{i}.vprmap') for i in range(4)]
    failures: list[BaseException] = []
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 1)
        done = threading.Event()

        def serve() -> None:
            try:
                while not done.is_set():
                    places = place_map.info().places
                    assert place_map.places()[-1].place_id >= places > 0
                    assert place_map.search(descriptor(3), 5)
            except BaseException as error:
                failures.append(error)

        def save() -> None:
            try:
                for copy in copies:
                    place_map.save_as(copy)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=serve), threading.Thread(target=save)]
        for thread in threads:
            thread.start()
        fill(place_map, 150, first_seed=1)
        threads[1].join()
        done.set()
        threads[0].join()
        assert failures == []
        assert len(place_map) == 151
    for file in (path, *copies):
        assert check(file) == []


def test_readers_answer_as_the_writer(path: Path) -> None:
    make_map(path, 30)
    with PlaceMap.open(path) as place_map, PlaceMap.open(path, read_only=True) as reader:
        fill(place_map, 25, first_seed=30)  # through several renewals of the mean
        query = descriptor(99)
        assert reader.refresh() == 25
        assert reader.search(query, 55) == place_map.search(query, 55)
        assert reader.revision == place_map.revision
