# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Exporting and importing: every number comes back, and nothing changed is taken in."""

from __future__ import annotations

from contextlib import closing
import json
from pathlib import Path
import random
import sqlite3

import numpy as np
from place_map.map_helpers import descriptor, fill, make_map, MODEL
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, export, import_map, PlaceMap


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a map with all there can be: sessions, revisits, unknowns, frames, removed places."""
    path = tmp_path / 'drive.vprmap'
    with PlaceMap.create(path, MODEL, context_window=5) as place_map:
        place_map.new_session('monday', robot='anna')
        fill(place_map, 9)
        place_map.new_session('tuesday', robot='berta')
        place_map.add(descriptor(3), stamp_ns=77, revisit_of=4, context=descriptor(50))
        fill(place_map, 5, first_seed=20)
        place_map.remove([2, 12])
    return path


def rows(path: Path) -> dict[str, list[tuple]]:
    """Everything that a map holds, table by table; the order of JSON keys does not count."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f'SELECT * FROM {table} ORDER BY 1, 2').fetchall()
            for table in ('meta', 'sessions', 'places', 'thumbnails', 'patches', 'matches')
        }


def test_the_way_there_and_back_loses_nothing(path: Path, tmp_path: Path) -> None:
    assert export(path, tmp_path / 'plain') == 13
    again = tmp_path / 'again.vprmap'
    info = import_map(tmp_path / 'plain', again)
    assert info.places == 13
    assert rows(again) == rows(path)
    assert check(again) == []


def test_an_empty_map_travels_too(tmp_path: Path) -> None:
    export(make_map(tmp_path / 'empty.vprmap', 0), tmp_path / 'plain')
    import_map(tmp_path / 'plain', tmp_path / 'again.vprmap')
    assert rows(tmp_path / 'again.vprmap') == rows(tmp_path / 'empty.vprmap')


def test_other_programs_read_it_without_pickle(path: Path, tmp_path: Path) -> None:
    export(path, tmp_path / 'plain')
    about = json.loads((tmp_path / 'plain' / 'map.json').read_text())
    assert [session['robot'] for session in about['sessions']] == ['anna', 'berta']
    with np.load(tmp_path / 'plain' / 'places.npz', allow_pickle=False) as places:
        half = descriptor(0).astype(np.float16)
        np.testing.assert_array_equal(places['descriptor'][0], half)
        assert about['names'][places['frame'][0]] == 'camera'
    with np.load(tmp_path / 'plain' / 'thumbnails.npz', allow_pickle=False) as thumbnails:
        assert bytes(thumbnails['data'][: thumbnails['end'][0]]) == b'jpeg 0'


def test_existing_names_are_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / 'plain').mkdir()
    with pytest.raises(MapError, match='exists; name a new folder'):
        export(path, tmp_path / 'plain')
    with pytest.raises(MapError, match='exists'):
        import_map(tmp_path, path)
    with pytest.raises(MapError, match=r'map\.json cannot be read'):
        import_map(tmp_path / 'plain', tmp_path / 'new.vprmap')
    assert not (tmp_path / 'new.vprmap').exists()


@pytest.mark.parametrize('name', ['places.npz', 'thumbnails.npz', 'patches.npz', 'map.json'])
def test_changed_files_are_refused_or_equal(path: Path, tmp_path: Path, name: str) -> None:
    export(path, tmp_path / 'plain')
    file, choose = tmp_path / 'plain' / name, random.Random(name)
    sound, before = file.read_bytes(), rows(path)
    refused = 0
    for number in range(60):
        data = bytearray(sound)
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        file.write_bytes(data[: choose.randrange(len(data))] if number % 7 == 0 else data)
        out = tmp_path / f'{number}.vprmap'
        try:
            import_map(tmp_path / 'plain', out)
        except MapError as error:
            refused += 1
            assert '\n' not in str(error)
            assert not out.exists()
        else:
            after = rows(out)
            for table in ('places', 'thumbnails', 'patches'):
                assert after[table] == before[table]
    assert refused > 6


def test_objects_and_zip_bombs_are_refused(path: Path, tmp_path: Path) -> None:
    export(path, tmp_path / 'plain')
    file = tmp_path / 'plain' / 'places.npz'
    with np.load(file) as places:
        arrays = dict(places)
    np.savez(file, **{**arrays, 'pose': np.array([None], object)})
    with pytest.raises(MapError, match=r'an array of object'):
        import_map(tmp_path / 'plain', tmp_path / 'new.vprmap')
    np.savez_compressed(file, **arrays)
    with pytest.raises(MapError, match='which is not expected'):
        import_map(tmp_path / 'plain', tmp_path / 'new.vprmap')
