# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An index kept beside its map: found again, never believed when it does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from place_map.indexes.index_helpers import DIM, places, seen_again, statistics_of
import pytest

from vpr_ros.place_map.indexes import DescriptorIndex, files, KINDS
from vpr_ros.place_map.indexes.keeping import keep, kept

KEY = {'uuid': 'one', 'revision': 7}
TABLE = np.array([(1, (2.0, 3.0))], dtype=[('a', '<i8'), ('b', '<f8', (2,))])


def stored(folder: Path, kind: str = 'binary', count: int = 1200) -> tuple[Path, DescriptorIndex]:
    rows = places(count)
    index = DescriptorIndex.build(kind, statistics_of(rows), rows)
    path = folder / 'site.vprmap'
    arrays = {'table': TABLE, 'empty': np.empty((0, 3), np.float32)}
    assert keep(path, KEY, index, facts={'names': ['odom']}, arrays=arrays)
    return path, index


@pytest.mark.parametrize('mapped', [True, False])
@pytest.mark.parametrize('kind', KINDS)
def test_what_is_kept_is_found_again(tmp_path: Path, kind: str, mapped: bool) -> None:
    path, index = stored(tmp_path, kind)
    found = kept(path, KEY, DIM, mapped=mapped)
    assert found is not None
    again, content = found
    assert again.kind == kind and again.statistics.revision == index.statistics.revision
    np.testing.assert_array_equal(again.statistics.mean, index.statistics.mean)
    assert content.facts['names'] == ['odom']
    np.testing.assert_array_equal(content.arrays['table'], TABLE)
    assert content.arrays['empty'].shape == (0, 3)
    rows = places(1200)
    for query in seen_again(rows, 5):
        np.testing.assert_array_equal(index.propose(query, 9, 1200), again.propose(query, 9, 1200))
    more = places(40, seed=5)  # a mapped index grows like any other, and its file stays as it is
    again.add(more)
    index.add(more)
    for query in more[:5]:
        assert set(again.propose(query, 3, 1240)) == set(index.propose(query, 3, 1240))
    assert kept(path, KEY, DIM, mapped=mapped) is not None
    assert not list(tmp_path.glob('.*'))


def test_another_map_or_another_dimension_does_not_fit(tmp_path: Path) -> None:
    path, _ = stored(tmp_path)
    for key in ({**KEY, 'revision': 8}, {**KEY, 'uuid': 'two'}, {}):
        assert kept(path, key, DIM, mapped=True) is None
    assert kept(path, KEY, DIM + 1, mapped=True) is None
    files.remove(path)
    assert kept(path, KEY, DIM, mapped=True) is None


@pytest.mark.parametrize('kind', ['binary', 'sq8'])
def test_no_changed_or_cut_file_is_used(tmp_path: Path, kind: str) -> None:
    path, index = stored(tmp_path, kind, 1000)
    whole = {p: p.read_bytes() for p in tmp_path.iterdir()}
    assert len(whole) == (1 if kind == 'binary' else 2)
    random = np.random.default_rng(0)
    for file, content in whole.items():
        for _ in range(60):
            changed = bytearray(content)
            if random.random() < 0.2:
                del changed[int(random.integers(0, len(content) - 5000)):]
            else:
                at = int(random.integers(len(content)))
                changed[at] ^= 1 << int(random.integers(8))
            file.write_bytes(changed)
            found = kept(path, KEY, DIM, mapped=True)
            if found is not None:  # what was hit is padding between the arrays
                np.testing.assert_array_equal(found[1].arrays['table'], TABLE)
                for query in places(3, seed=6):
                    np.testing.assert_array_equal(
                        found[0].propose(query, 5, 1000), index.propose(query, 5, 1000))
        file.write_bytes(content)
    assert kept(path, KEY, DIM, mapped=True) is not None


def test_what_others_may_write_or_a_link_is_not_used(tmp_path: Path) -> None:
    path, _ = stored(tmp_path)
    file = files.index_path(path)
    file.chmod(0o666)
    assert kept(path, KEY, DIM, mapped=True) is None
    file.chmod(0o644)
    assert kept(path, KEY, DIM, mapped=True) is not None
    file.rename(tmp_path / 'elsewhere')
    file.symlink_to(tmp_path / 'elsewhere')
    assert kept(path, KEY, DIM, mapped=True) is None


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path: Path) -> None:
    rows = places(50)
    index = DescriptorIndex.build('flat', statistics_of(rows), rows)
    assert not keep(tmp_path / 'no' / 'm.vprmap', KEY, index, facts={}, arrays={})
    assert not list(tmp_path.iterdir())
    assert len(rows[0]) == DIM


@pytest.mark.parametrize('kind', ['binary', 'sq8'])
def test_removed_rows_stay_removed(tmp_path: Path, kind: str) -> None:
    path, index = stored(tmp_path, kind)
    index.remove(np.arange(100, 300))
    assert keep(path, KEY, index, facts={}, arrays={})
    found = kept(path, KEY, DIM, mapped=True)
    assert found is not None and len(found[0]) == 1000 and found[0].dead == 200
    for query in seen_again(places(1200), 5):
        np.testing.assert_array_equal(
            found[0].propose(query, 9, 1000), index.propose(query, 9, 1000))
