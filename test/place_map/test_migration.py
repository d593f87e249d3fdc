# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maps of older formats are brought forward, whole or not at all."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
import sqlite3

from place_map.map_helpers import descriptor, fill
from place_map.old_maps import make_format_1
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, merge, PlaceMap


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_format_1(tmp_path / 'drive.vprmap', 10)


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute('PRAGMA user_version').fetchone()[0]


def test_readers_see_an_old_map_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    with PlaceMap.open(path, read_only=True) as place_map:
        assert len(place_map) == 10
        assert place_map.search(descriptor(2), 1)[0].place.place_id == 3
        (session,) = place_map.sessions()
        assert (session.name, session.robot, session.closed) == ('old', '', True)
        assert place_map.info().format_version == 2
        assert place_map.refresh() == 0
    assert check(path) == []
    merge([path], path.with_name('merged.vprmap'))
    assert path.read_bytes() == before


def test_writers_bring_an_old_map_forward(path: Path) -> None:
    with PlaceMap.open(path, read_only=True) as place_map:
        answers, uuid = place_map.search(descriptor(5), 10), place_map.uuid
    with PlaceMap.open(path) as place_map:
        assert place_map.search(descriptor(5), 10) == answers
        assert place_map.uuid == uuid
        assert place_map._store.matches() == {1: 3}
        fill(place_map, 2, first_seed=30)
    assert version(path) == 2
    assert check(path) == []


def test_a_failed_step_changes_nothing(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE sessions SET name = 'changed'")
        connection.commit()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(MapError, match=r'session 1 was changed .* `vpr map repair`'):
            PlaceMap.open(path, read_only=read_only)
    assert path.read_bytes() == before
    assert version(path) == 1


def test_a_full_disk_leaves_the_old_format(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vpr_ros.place_map import migration

    def grow(connection: sqlite3.Connection, label: str) -> None:
        step(connection, label)
        pages = connection.execute('PRAGMA page_count').fetchone()[0]
        connection.execute(f'PRAGMA max_page_count = {pages}')
        connection.execute("INSERT INTO meta VALUES ('x', zeroblob(1000000), 0)")

    step = migration._STEPS[1]
    monkeypatch.setitem(migration._STEPS, 1, grow)
    with pytest.raises(MapError, match='the disk is full'):
        PlaceMap.open(path)
    monkeypatch.setitem(migration._STEPS, 1, step)
    assert version(path) == 1
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == 10
    assert check(path) == []
