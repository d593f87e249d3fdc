# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Saving what is left of a damaged map."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
import random
import sqlite3

import numpy as np
from place_map.map_helpers import descriptor, fill, make_map, MODEL
from place_map.old_maps import make_format_1
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, PlaceMap, repair
from vpr_ros.place_map.pages import Pages

PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'drive.vprmap'


def out_of(path: Path) -> Path:
    return path.with_name('saved.vprmap')


def equal_places(saved: Path, original: PlaceMap) -> list[int]:
    """Ids in the saved map, after comparing each place with the original."""
    assert check(saved) == []
    with PlaceMap.open(saved, read_only=True) as place_map:
        ids = [place.place_id for place in place_map.places()]
        assert place_map.places() == original.places(ids)
        for place_id in ids:
            np.testing.assert_array_equal(
                place_map.descriptor(place_id), original.descriptor(place_id))
    return ids


def test_a_sound_map_is_saved_whole(path: Path) -> None:
    make_map(path, 30)
    repaired = repair(path, out_of(path))
    assert (repaired.places, repaired.lost, repaired.without_parts) == (30, 0, 0)
    assert repaired.notes == ()
    with PlaceMap.open(path, read_only=True) as original:
        assert equal_places(out_of(path), original) == list(range(1, 31))
        with PlaceMap.open(out_of(path), read_only=True) as saved:
            assert saved.uuid == original.uuid
            assert saved.thumbnail(9) == b'jpeg 8'
            assert saved.patches(9) == original.patches(9)


def test_every_place_outside_the_damage_is_saved(path: Path, tmp_path: Path) -> None:
    """Whole pages are overwritten, inner pages of the trees among them."""
    make_map(path, 600)
    sound = path.read_bytes()
    where = page_of_places(path)
    with PlaceMap.create(':memory:', MODEL) as original:
        fill(original, 600)
        choose = random.Random(3)
        for number in range(12):
            pages = set(choose.sample(range(2, len(sound) // PAGE + 1), 6))
            data = bytearray(sound)
            for page in pages:
                data[(page - 1) * PAGE:page * PAGE] = choose.randbytes(PAGE)
            path.write_bytes(data)
            out = tmp_path / f'{number}.vprmap'
            try:
                repaired = repair(path, out, model=MODEL)
            except MapError as error:
                pytest.fail(str(error))
            ids = equal_places(out, original)
            expected = [i for i in range(1, 601) if where[i] not in pages]
            assert ids == expected
            assert repaired.lost in (None, 600 - len(ids))


def page_of_places(path: Path) -> dict[int, int]:
    """Place id -> number of its page."""
    with Pages(path) as pages:
        return {row.rowid: row.page for row in pages.rows()
                if len(row.values) == 18 and row.values[0] is None}


def test_a_cut_file_without_header_gives_its_first_places(path: Path) -> None:
    make_map(path, 200)
    data = path.read_bytes()
    path.write_bytes(bytes(100) + data[100:len(data) // 2])
    with pytest.raises(MapError):
        PlaceMap.open(path)
    repaired = repair(path, out_of(path), model=MODEL)
    assert 20 < repaired.places < 200
    with PlaceMap.create(':memory:', MODEL) as original:
        fill(original, 200)
        equal_places(out_of(path), original)


def test_what_the_log_holds_is_saved(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 12)
        left = {name: path.with_name(name).read_bytes()
                for name in (path.name, f'{path.name}-wal')}
        places = place_map.places()
    for name, data in left.items():
        path.with_name(name).write_bytes(data)
    repaired = repair(path, out_of(path))
    assert repaired.places == 12
    with PlaceMap.open(out_of(path), read_only=True) as saved:
        assert saved.places() == places


def test_removed_places_do_not_come_back(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 200)
        place_map.remove(range(50, 151))
    repair(path, out_of(path))
    with PlaceMap.open(out_of(path), read_only=True) as saved:
        assert [place.place_id for place in saved.places()] == [*range(1, 50), *range(151, 201)]


def test_long_rows_span_pages(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        place_map.add(descriptor(0), stamp_ns=1, thumbnail=bytes(range(256)) * 300,
                      patches={5: b'codes' * 9999})
    repair(path, out_of(path))
    with PlaceMap.open(out_of(path)) as saved:
        assert saved.thumbnail(1) == bytes(range(256)) * 300
        assert saved.patches(1) == {5: b'codes' * 9999}


def test_lost_parts_and_names_are_told(path: Path) -> None:
    make_map(path, 5)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE thumbnails SET jpeg = x'00' WHERE place_id = 3")
        connection.execute("UPDATE sessions SET name = 'changed'")
        connection.execute("UPDATE meta SET value = 'changed' WHERE key IN ('uuid', 'context')")
        connection.commit()
    repaired = repair(path, out_of(path))
    assert (repaired.places, repaired.without_parts) == (5, 1)
    assert len(repaired.notes) == 3
    assert check(out_of(path)) == []


def test_an_older_format_is_saved(path: Path) -> None:
    make_format_1(path, 9)
    assert repair(path, out_of(path)).places == 9
    with PlaceMap.open(out_of(path), read_only=True) as saved:
        assert saved.sessions()[0].name == 'old'


def test_what_cannot_be_saved_is_said(path: Path, tmp_path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(100_000))
    with pytest.raises(MapError, match='no longer says which model built it'):
        repair(path, out_of(path))
    with pytest.raises(MapError, match='no sound place'):
        repair(path, out_of(path), model=MODEL)
    assert not out_of(path).exists()
    make_map(tmp_path / 'other.vprmap', 1)
    before = (tmp_path / 'other.vprmap').read_bytes()
    with pytest.raises(MapError, match='exists'):
        repair(path, tmp_path / 'other.vprmap')
    assert (tmp_path / 'other.vprmap').read_bytes() == before
