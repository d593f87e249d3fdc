# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sessions, corrected poses, removed places, budgets; and that the file says the same."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
from place_map.map_helpers import descriptor, fill, make_map, MODEL, oracle_similarity
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import Budget, check, extract, PlaceMap, PrunePolicy
from vpr_ros.types import Pose


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'drive.vprmap'


# -- sessions -----------------------------------------------------------------------------------


def test_sessions_are_opened_and_closed(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        place_map.new_session('monday', robot='anna')
        fill(place_map, 2)
        assert [s.closed for s in place_map.sessions()] == [False]
        place_map.new_session('tuesday', robot='berta')
        assert [s.closed for s in place_map.sessions()] == [True, False]
        place_map.end_session()
        assert place_map.session is None
        fill(place_map, 1)
        assert place_map.session is not None
        assert place_map.session.session_id == 3
    with PlaceMap.open(path, read_only=True) as place_map:
        found = [(s.name, s.robot, s.closed, s.places) for s in place_map.sessions()]
    assert found == [('monday', 'anna', True, 2), ('tuesday', 'berta', True, 0),
                     ('', '', True, 1)]


def test_a_session_that_was_not_ended_stays_open_in_the_file(path: Path) -> None:
    place_map = PlaceMap.create(path, MODEL)
    fill(place_map, 1)
    with PlaceMap.open(path, read_only=True) as reader:
        assert not reader.sessions()[0].closed
    place_map.close()


def test_a_map_is_split_by_session(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        place_map.new_session('monday', robot='anna')
        fill(place_map, 4)
        place_map.new_session('tuesday', robot='berta')
        place_map.add(descriptor(1), stamp_ns=9, revisit_of=2)
        fill(place_map, 3, first_seed=10)
        place_map.add(descriptor(10), stamp_ns=99, revisit_of=6)
    out = path.with_name('tuesday.vprmap')
    info = extract(path, [2], out)
    assert (info.places, info.sessions) == (5, 1)
    assert check(out) == []
    with PlaceMap.open(out, read_only=True) as part, PlaceMap.open(path, read_only=True) as whole:
        assert part.sessions()[0].name == 'tuesday'
        assert part.uuid != whole.uuid
        assert [place.revisit_of for place in part.places()] == [0, 0, 0, 0, 2]
        np.testing.assert_array_equal(part.descriptor(2), whole.descriptor(6))
        assert part.patches(3) == whole.patches(7)
    for sessions in ([], [3], [2, 7]):
        with pytest.raises(MapError, match=r'has the sessions 1, 2; .* was asked for'):
            extract(path, sessions, path.with_name('no.vprmap'))


# -- poses --------------------------------------------------------------------------------------


def test_answers_follow_corrected_poses_at_once_and_later(path: Path) -> None:
    corrected = {i: Pose((0.0, float(i), 1.0), (0.0, 0.0, 1.0, 0.0), 'map') for i in (2, 5)}
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 6)
        revision, before = place_map.revision, place_map.place(3)
        with PlaceMap.open(path, read_only=True) as reader:
            assert place_map.update_poses(corrected) == 2
            assert place_map.revision == revision + 1
            found = place_map.search(descriptor(4), 1)[0].place
            assert (found.place_id, found.pose) == (5, corrected[5])
            reader.refresh()
            assert reader.place(5).pose == corrected[5]
        assert place_map.place(3) == before
        assert place_map.update_poses(corrected) == 0
        assert place_map.revision == revision + 1
        for wrong in ({99: corrected[2]}, {2: Pose((np.nan, 0.0, 0.0))}):
            with pytest.raises(MapError):
                place_map.update_poses({3: corrected[2]} | wrong)
        assert place_map.place(3) == before
    with PlaceMap.open(path) as place_map:
        assert [place_map.place(i).pose for i in (2, 5)] == list(corrected.values())
        assert place_map.positions_m()[4].tolist() == [0.0, 5.0, 1.0]
    assert check(path) == []


def test_places_are_found_by_stamp() -> None:
    with PlaceMap.create(':memory:', MODEL) as place_map:
        fill(place_map, 3)
        place_map.new_session()
        fill(place_map, 3)
        assert place_map.ids_at(100_000_000) == [2, 5]
        assert place_map.ids_at(100_000_000, session_id=2) == [5]
        assert place_map.ids_at(7) == []


def test_readers_cannot_change_a_map(path: Path) -> None:
    make_map(path, 3)
    with PlaceMap.open(path, read_only=True) as place_map:
        for change in (
            lambda: place_map.update_poses({1: Pose((9.0, 0.0, 0.0))}),
            lambda: place_map.remove([1]),
            lambda: place_map.prune(PrunePolicy(max_places=1)),
            place_map.new_session,
            place_map.compact,
        ):
            with pytest.raises(MapError, match='open read-only'):
                change()


# -- removing -----------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, 30)), st.integers(0, 6))
def test_what_is_left_answers_as_if_it_had_been_alone(gone: set[int], later: int) -> None:
    kept = [i for i in range(1, 31) if i not in gone]
    with PlaceMap.create(':memory:', MODEL) as place_map:
        fill(place_map, 30)
        place_map.remove(gone)
        total = sum((descriptor(i - 1).astype(np.float16).astype(float) for i in kept),
                    start=np.zeros(MODEL.dim))
        if gone:
            mean = total / (4 + len(kept)) if kept else np.zeros(MODEL.dim)
            found = place_map.search(descriptor(77), 40)
            assert sorted(n.place.place_id for n in found) == kept
            for neighbour in found:
                own = descriptor(neighbour.place.place_id - 1)
                assert neighbour.similarity == pytest.approx(
                    oracle_similarity(descriptor(77), own, mean), abs=1e-6)
        fill(place_map, later, first_seed=40)
        assert [place.place_id for place in place_map.places()] == [
            *kept, *range(31, 31 + later)]


def test_revisits_of_a_place_that_goes_lead_elsewhere(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 4)
        for stamp_ns in (5, 6, 7):
            place_map.add(descriptor(1), stamp_ns=stamp_ns, revisit_of=2)
        place_map.remove([2])
        assert [place.revisit_of for place in place_map.places()] == [0, 0, 0, 0, 5, 5]
        assert place_map.spot_of(place_map.place(7)).place_id == 5
        place_map.remove([5], stand_ins={5: 3})
        assert [place_map.place(i).revisit_of for i in (6, 7)] == [3, 3]
        assert place_map._store.matches() == {3: 3}
    assert check(path) == []


def test_removed_parts_leave_the_file(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 3)
        place_map.add(descriptor(9), stamp_ns=9, thumbnail=b'a face in the window' * 400)
        place_map.remove([4])
    assert b'a face in the window' not in path.read_bytes()


def test_compacting_gives_the_space_back(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        for number in range(60):
            place_map.add(descriptor(number), stamp_ns=number, thumbnail=bytes(20_000))
        place_map.remove(range(1, 55))
        answers = place_map.search(descriptor(57), 9)
        place_map.compact()
        assert place_map.search(descriptor(57), 9) == answers
    assert path.stat().st_size < 300_000
    assert check(path) == []


# -- budgets ------------------------------------------------------------------------------------


def test_a_drive_of_any_length_fits_a_number_of_places(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        place_map.budget = Budget(places=50)
        for number in range(400):
            fill(place_map, 1, first_seed=number)
            assert len(place_map) <= 50
        info = place_map.info()
        assert info.forgotten == 400 - info.places
        stamps = [place.stamp_ns // 100_000_000 for place in place_map.places()]
        assert stamps[0] < 20 and stamps[-1] == 399
        assert max(np.diff(stamps)) < 40  # thinned, no stretch forgotten
    assert check(path) == []
    with PlaceMap.open(path, read_only=True) as place_map:
        assert place_map.info().forgotten == info.forgotten


def test_a_drive_of_any_length_fits_a_file_size(path: Path) -> None:
    budget, thumbnail = 1_000_000, os.urandom(9000)
    with PlaceMap.create(path, MODEL) as place_map:
        place_map.budget = Budget(file_bytes=budget)
        for number in range(500):
            place_map.add(descriptor(number), stamp_ns=number * 10**9, thumbnail=thumbnail)
            assert place_map.used_bytes <= budget
        assert len(place_map) > 60
        assert place_map.info().forgotten == 500 - len(place_map)
    assert path.stat().st_size < 1.2 * budget
    assert check(path) == []


def test_matched_places_outlive_others() -> None:
    with PlaceMap.create(':memory:', MODEL) as place_map:
        fill(place_map, 60)
        for _ in range(5):
            place_map.add(descriptor(20), stamp_ns=10**12, revisit_of=21)
        place_map.prune(PrunePolicy(max_places=20))
        assert 21 in [place.place_id for place in place_map.places()]
        assert len(place_map) == 20
