# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are no sound maps: a clear sentence, no crash, no changed answer, no overwriting."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
import os
from pathlib import Path
import random
import re
import sqlite3

import numpy as np
from place_map.map_helpers import descriptor, fill, make_map, MODEL
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, merge, PlaceMap
from vpr_ros.place_map.connection import explained

MUTATIONS = int(os.environ.get('VPR_MAP_MUTATIONS', '400'))

LOG = 'drive.vprmap-wal'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'drive.vprmap'


def sql(path: Path, statement: str, *values: object) -> None:
    """Change a map behind its back."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement, values)
        connection.commit()


def newer(path: Path) -> None:
    sql(make_map(path, 2), 'PRAGMA user_version = 99')


def foreign(path: Path) -> None:
    sql(path, 'CREATE TABLE songs (title TEXT)')


def with_trigger(path: Path) -> None:
    sql(make_map(path, 2), 'CREATE TRIGGER t AFTER INSERT ON places BEGIN DELETE FROM meta; END')


def without_table(path: Path) -> None:
    sql(make_map(path, 2), 'DROP TABLE patches')


def truncated(path: Path) -> None:
    make_map(path, 40)
    os.truncate(path, path.stat().st_size // 2)


def header_only(path: Path) -> None:
    make_map(path, 2)
    os.truncate(path, 60)


@pytest.mark.parametrize('read_only', [False, True])
@pytest.mark.parametrize(
    ('prepare', 'sentence'),
    [
        (lambda path: None, 'does not exist; build it'),
        (lambda path: path.mkdir(), 'is a folder; name the .vprmap file'),
        (lambda path: path.touch(), 'is empty, it was never written'),
        (lambda path: path.write_bytes(b'\xff\xd8 photo' * 999), 'it is no map'),
        (lambda path: path.write_bytes(b'SQLite'), 'it is no map'),
        (foreign, 'SQLite file of another program'),
        (newer, 'has format 99, this version reads up to 2; update vpr_ros'),
        (with_trigger, 'its tables are not those of format 2'),
        (without_table, 'its tables are not those of format 2'),
        (truncated, 'is damaged'),
        (header_only, 'is damaged'),
    ],
)
def test_unusable_files_are_named_and_kept(
    path: Path, prepare: Callable[[Path], object], sentence: str, read_only: bool
) -> None:
    prepare(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(MapError, match=sentence) as caught:
        PlaceMap.open(path, read_only=read_only)
    assert '\n' not in str(caught.value)
    assert str(path) in str(caught.value)
    assert len(check(path)) >= 1
    with pytest.raises(MapError):
        merge([path], path.with_name('merged.vprmap'))
    if before:
        with PlaceMap.create(':memory:', MODEL) as place_map:
            for overwrite in (place_map.save_as, lambda p: PlaceMap.create(p, MODEL)):
                with pytest.raises(MapError):
                    overwrite(path)
    if before is not None:
        assert path.read_bytes() == before
    assert len(os.listdir(path.parent)) == path.exists()


@pytest.mark.parametrize(
    ('statement', 'what'),
    [
        ('UPDATE places SET descriptor = zeroblob(24) WHERE place_id = 7', 'place 7 '),
        ('UPDATE places SET descriptor = substr(descriptor, 3) WHERE place_id = 7', 'place 7 '),
        ("UPDATE places SET descriptor = 'text' WHERE place_id = 7", 'place 7 '),
        ('UPDATE places SET revisit_of = 3 WHERE place_id = 7', 'place 7 '),
        ('UPDATE places SET x_m = x_m + 0.001 WHERE place_id = 7', 'place 7 '),
        ("UPDATE places SET stamp_ns = 'soon' WHERE place_id = 7", 'place 7 '),
        ('UPDATE places SET place_id = 99 WHERE place_id = 7', 'place 99 '),
        ('DELETE FROM places WHERE place_id = 7', '9 places .*found, 10 '),
        ("UPDATE sessions SET name = 'other'", 'session 1 '),
        ("UPDATE meta SET value = 'x' WHERE key = 'uuid'", "'uuid'"),
        ("UPDATE meta SET value = zeroblob(96) WHERE key = 'mean'", "'mean'"),
        ("DELETE FROM meta WHERE key = 'model'", "'model'"),
    ],
)
def test_changed_rows_are_found_on_opening(path: Path, statement: str, what: str) -> None:
    sql(make_map(path, 10), statement)
    for read_only in (True, False):
        with pytest.raises(MapError, match=what):
            PlaceMap.open(path, read_only=read_only)
    assert any(re.search(what, problem) for problem in check(path))


@pytest.mark.parametrize(
    ('statement', 'part'),
    [
        ("UPDATE thumbnails SET jpeg = x'00' WHERE place_id = 7", 'thumbnail'),
        ('DELETE FROM thumbnails WHERE place_id = 7', 'thumbnail'),
        ("UPDATE patches SET codes = x'00' WHERE place_id = 7 AND size = 5", 'patches'),
        ('DELETE FROM patches WHERE place_id = 7 AND size = 5', 'patches'),
        ('UPDATE patches SET size = 6 WHERE place_id = 7 AND size = 5', 'patches'),
    ],
)
def test_changed_parts_are_found_on_reading(path: Path, statement: str, part: str) -> None:
    sql(make_map(path, 10), statement)
    with PlaceMap.open(path) as place_map:
        assert place_map.search(descriptor(6), 1)[0].place.place_id == 7
        with pytest.raises(MapError, match=f'the {part} of place 7 was changed'):
            getattr(place_map, part if part == 'patches' else 'thumbnail')(7)
    assert [problem for problem in check(path) if f'the {part} of place 7' in problem]


def test_random_damage_changes_no_answer(path: Path) -> None:
    """Flipped bits, zeroed stretches, cut ends: an error, or exactly what was stored.

    VPR_MAP_MUTATIONS for the long form.
    """
    sound = make_map(path, 25).read_bytes()
    with PlaceMap.open(path, read_only=True) as place_map:
        uuid, places = place_map.uuid, place_map.places()
        answers = place_map.search(descriptor(99), 25)
        vectors = np.stack([place_map.descriptor(i) for i in range(1, 26)])
        patches = [dict(place_map.patches(i)) for i in range(1, 26)]
    choose = random.Random(11)
    refused = 0
    for _ in range(MUTATIONS):
        damaged = bytearray(sound)
        kind = choose.randrange(4)
        at = choose.randrange(len(sound))
        if kind == 0:
            damaged[at] ^= 1 << choose.randrange(8)
        elif kind == 1:
            damaged[at:at + choose.randrange(1, 600)] = bytes(choose.randrange(1, 600))
        elif kind == 2:
            del damaged[at:]
        else:
            for _ in range(choose.randrange(1, 40)):
                damaged[choose.randrange(len(damaged))] = choose.randrange(256)
        path.write_bytes(damaged)
        try:
            with PlaceMap.open(path, read_only=True) as place_map:
                found = np.stack([place_map.descriptor(p.place_id) for p in place_map.places()])
                np.testing.assert_array_equal(found, vectors)
                assert (place_map.uuid, place_map.places()) == (uuid, places)
                assert place_map.search(descriptor(99), 25) == answers
                for place_id in range(1, 26):
                    assert place_map.patches(place_id) == patches[place_id - 1]
        except MapError:
            refused += 1
        check(path)
        for suffix in ('-wal', '-shm', '-journal'):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    assert refused > MUTATIONS // 4


def test_random_damage_of_the_log_loses_whole_places_only(path: Path) -> None:
    """What a kill leaves behind, its log damaged too: the first places, or an error."""
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 12)
        place_map._connection.execute('PRAGMA wal_checkpoint(PASSIVE)').fetchall()
        fill(place_map, 13, first_seed=12)
        places = place_map.places()
        left = {name: path.with_name(name).read_bytes() for name in (path.name, LOG)}
    choose = random.Random(12)
    counts = set()
    for _ in range(MUTATIONS // 8):
        log = bytearray(left[LOG])
        if choose.random() < 0.5:
            log[choose.randrange(len(log))] ^= 1 << choose.randrange(8)
        else:
            del log[choose.randrange(len(log)):]
        path.write_bytes(left[path.name])
        path.with_name(LOG).write_bytes(log)
        path.with_name('drive.vprmap-shm').unlink(missing_ok=True)
        try:
            with PlaceMap.open(path) as place_map:
                counts.add(len(place_map))
                assert place_map.places() == places[: len(place_map)]
                for place in place_map.places():
                    half = descriptor(place.place_id - 1).astype(np.float16)
                    np.testing.assert_array_equal(place_map.descriptor(place.place_id), half)
        except MapError:
            counts.add(-1)
    assert len(counts) > 5


def test_a_damaged_copy_is_refused_for_writing_too(path: Path) -> None:
    make_map(path, 10)
    data = bytearray(path.read_bytes())
    at = data.find(descriptor(3).astype('<f2').tobytes())
    data[at + 5] ^= 0x10
    path.write_bytes(data)
    with pytest.raises(MapError, match='place 4 was changed since it was written'):
        PlaceMap.open(path)
    assert path.read_bytes() == data


def test_mapping_goes_on_beside_a_foreign_writer(path: Path) -> None:
    """Another program that holds SQLite's lock delays adding; searching is not disturbed."""
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 5)
        place_map._connection.execute('PRAGMA busy_timeout = 20')
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute('BEGIN IMMEDIATE')
            with pytest.raises(MapError, match='another process keeps it busy'):
                fill(place_map, 1, first_seed=5)
            assert len(place_map.search(descriptor(0), 9)) == 5
            other.execute('ROLLBACK')
        fill(place_map, 1, first_seed=5)
        assert len(place_map) == 6


def test_a_file_that_makes_sqlite_ask_for_memory_is_damaged() -> None:
    """Found by test/fuzz (map:1:103559): a page header that claims a schema of gigabytes."""
    with pytest.raises(MapError, match='asks for more memory than there is, so it is damaged'), \
            explained('site.vprmap', 'open it'):
        raise MemoryError
