# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A map whose file is deleted or replaced while it is in use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vpr_ros.errors import MapError
from vpr_ros.file_watch import Fate, FileWatch
from vpr_ros.place_map import check, ModelIdentity, PlaceMap

MODEL = ModelIdentity('example', 'ab12', 4)


def unit(number: int) -> np.ndarray:
    vector = np.random.default_rng(number).standard_normal(4).astype(np.float32)
    return vector / np.linalg.norm(vector)


def grown(path: Path, count: int = 5) -> PlaceMap:
    place_map = PlaceMap.create(path, MODEL)
    for number in range(count):
        place_map.add(unit(number), stamp_ns=number + 1, thumbnail=b'jpeg')
    return place_map


@pytest.mark.parametrize('also', [('',), ('', '-wal', '-shm')], ids=['file', 'file and log'])
def test_a_deleted_file_is_written_again_by_saving(tmp_path: Path, also: tuple[str, ...]) -> None:
    path = tmp_path / 'live.vprmap'
    with grown(path) as place_map:
        assert place_map.fate is Fate.SAME
        for suffix in also:
            Path(f'{path}{suffix}').unlink()
        assert place_map.fate is Fate.GONE
        place_map.add(unit(5), stamp_ns=6)  # goes on, into a file without a name
        assert place_map.search(unit(2), 1)[0].place.place_id == 3
        place_map.save_as(tmp_path / 'copy.vprmap')
        place_map.save_as(path)
        assert place_map.fate is Fate.SAME
        place_map.add(unit(6), stamp_ns=7)
        assert place_map.search(unit(6), 1)[0].place.place_id == 7
        assert place_map.thumbnail(1) == b'jpeg'
    for name, places in (('live', 7), ('copy', 6)):
        assert check(tmp_path / f'{name}.vprmap') == []
        with PlaceMap.open(tmp_path / f'{name}.vprmap') as place_map:
            assert len(place_map) == places


def test_another_file_under_its_name_is_left_alone(tmp_path: Path) -> None:
    path, other = tmp_path / 'live.vprmap', tmp_path / 'other.vprmap'
    grown(other, 2).close()
    with grown(path) as place_map:
        content = other.read_bytes()
        other.replace(path)
        assert place_map.fate is Fate.REPLACED
        with pytest.raises(MapError, match='replaced by another file'):
            place_map.save_as(path)
        place_map.save_as(tmp_path / 'mine.vprmap')
        assert path.read_bytes() == content
    assert check(tmp_path / 'mine.vprmap') == []


def test_a_reader_writes_a_deleted_file_again(tmp_path: Path) -> None:
    path = tmp_path / 'site.vprmap'
    grown(path).close()
    with PlaceMap.open(path, read_only=True) as place_map:
        path.unlink()
        place_map.save_as(path)
        assert place_map.search(unit(1), 1)[0].place.place_id == 2
    assert check(path) == []


def test_a_watch_sees_content_only_where_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / 'file'
    path.write_text('before')
    growing, fixed = FileWatch(path, content=False), FileWatch(path, content=True)
    path.write_text('after that')
    assert (growing.fate(), fixed.fate()) == (Fate.SAME, Fate.REPLACED)
    path.unlink()
    assert (growing.fate(), fixed.fate()) == (Fate.GONE, Fate.GONE)
