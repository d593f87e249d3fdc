# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several maps made into one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from place_map.map_helpers import descriptor, DIM, fill, make_map, MODEL, oracle_similarity
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, merge, ModelIdentity, PlaceMap
from vpr_ros.place_map.statistics import PRIOR_COUNT


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Write a map of 12 places in two sessions, and one of 8 places."""
    first, second = make_map(tmp_path / 'monday.vprmap', 7), tmp_path / 'tuesday.vprmap'
    with PlaceMap.open(first) as place_map:
        place_map.new_session('afternoon')
        fill(place_map, 5, first_seed=7)
    with PlaceMap.create(second, MODEL) as place_map:
        place_map.new_session('rain')
        fill(place_map, 7, first_seed=100)
        place_map.add(descriptor(107), stamp_ns=107, revisit_of=3)
    return [first, second]


def test_merged_map_holds_all(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / 'both.vprmap'
    before = [path.read_bytes() for path in two]
    info = merge(two, out)
    assert (info.places, info.sessions, info.path) == (20, 3, str(out))
    assert (info.statistics_count, info.model) == (20, MODEL)
    assert check(out) == []
    with PlaceMap.open(out, read_only=True) as merged:
        assert [p.revisit_of for p in merged.places()] == [0] * 19 + [15]
    assert [path.read_bytes() for path in two] == before
    with PlaceMap.open(out) as merged, PlaceMap.open(two[1], read_only=True) as tuesday:
        assert len({merged.uuid, tuesday.uuid}) == 2
        assert [(s.name, s.places) for s in merged.sessions()] == [
            ('', 7),
            ('afternoon', 5),
            ('rain', 8),
        ]
        for place_id in range(1, 9):
            np.testing.assert_array_equal(
                merged.descriptor(12 + place_id), tuesday.descriptor(place_id)
            )
            assert merged.patches(12 + place_id) == tuesday.patches(place_id)
            assert merged.thumbnail(12 + place_id) == tuesday.thumbnail(place_id)
            old, new = tuesday.place(place_id), merged.place(12 + place_id)
            assert new.session_id == 3
            assert (new.stamp_ns, new.frame_id, new.pose, new.travelled_m) == (
                old.stamp_ns,
                old.frame_id,
                old.pose,
                old.travelled_m,
            )
        vectors = [merged.descriptor(i) for i in range(1, 21)]
        mean = np.sum(np.array(vectors, np.float64), axis=0) / (PRIOR_COUNT + 20)
        for n in merged.search(descriptor(500), 20):
            expected = oracle_similarity(descriptor(500), vectors[n.place.place_id - 1], mean)
            assert n.similarity == pytest.approx(expected, abs=1e-6)
        assert merged.search(descriptor(103), 1)[0].place.place_id == 16
        fill(merged, 30, first_seed=200)  # and it grows on
    assert check(out) == []


def test_maps_without_places_can_be_merged(tmp_path: Path) -> None:
    empty = make_map(tmp_path / 'empty.vprmap', 0)
    some = make_map(tmp_path / 'some.vprmap', 3)
    assert merge([empty], tmp_path / 'one.vprmap').places == 0
    assert merge([empty, some], tmp_path / 'two.vprmap').places == 3
    assert check(tmp_path / 'two.vprmap') == check(tmp_path / 'one.vprmap') == []


def test_merge_includes_what_a_live_writer_has_added(two: list[Path], tmp_path: Path) -> None:
    with PlaceMap.open(two[0]) as place_map:
        fill(place_map, 4, first_seed=50)
        assert merge(two, tmp_path / 'both.vprmap').places == 24


def test_what_cannot_be_merged_leaves_nothing_behind(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / 'out' / 'both.vprmap'
    out.parent.mkdir()
    other = tmp_path / 'other.vprmap'
    PlaceMap.create(other, ModelIdentity('other', 'cd' * 32, DIM)).close()
    copy = tmp_path / 'copy.vprmap'
    copy.write_bytes(two[0].read_bytes())
    broken = tmp_path / 'broken.vprmap'
    data = bytearray(two[1].read_bytes())
    data[data.find(b'five 103')] ^= 1
    broken.write_bytes(data)
    cases = [
        ([two[0], other], 'built with model other'),
        ([two[0], copy], 'are copies of one map'),
        ([two[0], two[0]], 'are copies of one map'),
        ([two[0], broken], 'the patches of place 4 was changed'),
        ([two[0], tmp_path / 'missing.vprmap'], 'does not exist'),
        ([], 'no maps to merge'),
    ]
    for paths, sentence in cases:
        with pytest.raises(MapError, match=sentence):
            merge(paths, out)
        assert os.listdir(out.parent) == []
    with pytest.raises(MapError, match='exists'):
        merge(two, two[0])
