# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What only the thorough check finds; the rest is in test_damage.py."""

from __future__ import annotations

from contextlib import closing
import json
from pathlib import Path
import sqlite3

import numpy as np
from place_map.map_helpers import DIM, fill, make_map, MODEL
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, ModelIdentity, PlaceMap, repair
from vpr_ros.place_map.schema import place_checksum, REVISIT_OF, text_checksum
from vpr_ros.place_map.statistics import Statistics
from vpr_ros.place_map.store import Store


def test_sound_maps_have_no_problems(tmp_path: Path) -> None:
    path = tmp_path / 'drive.vprmap'
    with PlaceMap.create(path, MODEL) as place_map:
        for first in (0, 1, 20):
            fill(place_map, 20, first_seed=first)
            assert check(path) == []
    assert check(path) == []


def test_card_of_another_model(tmp_path: Path) -> None:
    for card, sentence in (
        (json.dumps({'sha256': 'ef' * 32}), 'belongs to a model with sha256 efef'),
        ('{"sha256": ', 'is no valid JSON'),
        ('[1]', 'belongs to a model'),
    ):
        path = tmp_path / 'drive.vprmap'
        PlaceMap.create(path, ModelIdentity('m', 'ab' * 32, 4, card), overwrite=True).close()
        problems = check(path)
        assert len(problems) == 1
        assert sentence in problems[0]


def test_mean_of_other_places(tmp_path: Path) -> None:
    path = make_map(tmp_path / 'drive.vprmap', 9)
    with closing(sqlite3.connect(path)) as connection:
        Store(connection, 'm').put_statistics(Statistics(np.full(DIM, 0.25), 9, 7))
        connection.commit()
    assert [p for p in check(path) if 'its mean is not that of its first 9 places' in p]


def test_places_of_missing_sessions_and_parts_of_missing_places(tmp_path: Path) -> None:
    path = make_map(tmp_path / 'drive.vprmap', 9)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('DELETE FROM sessions')
        connection.execute("INSERT INTO thumbnails VALUES (77, x'00', 0)")
        connection.commit()
    problems = ' '.join(check(path))
    assert 'row 77 of thumbnails refers to a row that places lacks' in problems
    assert 'place 3 is of session 1, which is missing' in problems


def test_revisits_of_later_places(tmp_path: Path) -> None:
    path = make_map(tmp_path / 'drive.vprmap', 4)
    with closing(sqlite3.connect(path)) as connection:
        row = list(connection.execute('SELECT * FROM places WHERE place_id = 2').fetchone())
        row[REVISIT_OF] = 3
        connection.execute(
            'UPDATE places SET revisit_of = 3, checksum = ? WHERE place_id = 2',
            (place_checksum(row),),
        )
        connection.commit()
    assert [p for p in check(path) if 'place 2 revisits place 3, which is no earlier place' in p]


def test_many_problems_are_cut_short(tmp_path: Path) -> None:
    path = make_map(tmp_path / 'drive.vprmap', 300)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('UPDATE thumbnails SET checksum = 1')
        connection.commit()
    assert len(check(path)) == 100


@pytest.mark.parametrize('column', ['thumbnail_bytes', 'patch_bytes'])
@pytest.mark.parametrize('claimed', [2**63 - 1, -1, 2**31])
def test_a_size_that_no_part_can_have_is_refused(
    tmp_path: Path, column: str, claimed: int
) -> None:
    """Whoever made the file computed its checksum rightly."""
    path = make_map(tmp_path / 'drive.vprmap', 4)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f'UPDATE places SET {column} = ? WHERE place_id = 3', (claimed,))
        row = connection.execute('SELECT * FROM places WHERE place_id = 3').fetchone()
        connection.execute('UPDATE places SET checksum = ? WHERE place_id = 3',
                           (place_checksum(row),))
        connection.commit()
    assert any('place 3' in problem for problem in check(path))
    with pytest.raises(MapError, match='place 3'):
        PlaceMap.open(path)


@pytest.mark.parametrize('key', ['state', 'statistics', 'context', 'model'])
@pytest.mark.parametrize('value', ['[' * 100_000, '{"places": "x"}', '[]', '{"places": 1e400}'])
def test_senseless_facts_with_a_right_checksum_are_refused(
    tmp_path: Path, key: str, value: str
) -> None:
    path = make_map(tmp_path / 'drive.vprmap', 4)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('UPDATE meta SET value = ?, checksum = ? WHERE key = ?',
                           (value, text_checksum(key, value), key))
        connection.commit()
    assert check(path) != []
    with pytest.raises(MapError):
        PlaceMap.open(path)
    repair(path, tmp_path / 'saved.vprmap', model=MODEL)
    assert check(tmp_path / 'saved.vprmap') == []
