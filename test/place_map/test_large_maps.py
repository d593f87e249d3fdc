# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Large maps: kept beside their file, opened unread, renewed while recognition goes on."""

from __future__ import annotations

from pathlib import Path
import shutil
import sqlite3
import threading

from place_map.map_helpers import content, descriptor, fill, MODEL, oracle_similarity
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, PlaceMap
from vpr_ros.place_map import edits as edits_module
from vpr_ros.place_map import view as view_module
from vpr_ros.place_map.indexes import files, live
from vpr_ros.place_map.store import Store
from vpr_ros.types import Pose

COUNT = 1300
SEEDS = (0, 9, 500, 1250, 1400, 1500)


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do for 1000 places here what is otherwise done for 20,000."""
    monkeypatch.setattr(view_module, 'KEPT_PLACES', 1000)
    monkeypatch.setattr(live, 'AT_ONCE_PLACES', 600)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / 'large.vprmap'
    with PlaceMap.create(path, MODEL, index='binary') as place_map:
        fill(place_map, COUNT)
        place_map._view.index.wait()
    assert files.index_path(path).exists()
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each time that all rows are read."""
    found: list[str] = []
    original = Store.place_rows

    def counted(self: Store, dim: int):
        found.append(self.label)
        return original(self, dim)

    monkeypatch.setattr(Store, 'place_rows', counted)
    return found


@pytest.mark.parametrize('read_only', [True, False])
def test_a_large_map_opens_unread_and_answers_as_before(
    large: Path, reads: list[str], read_only: bool
) -> None:
    with PlaceMap.open(large, index='binary', read_only=read_only) as place_map:
        assert not reads
        kept = [place_map.search(descriptor(seed), 7) for seed in (3, 600, 1299)]
        facts = place_map.info(), place_map.places(), place_map.sessions()
    files.remove(large)
    with PlaceMap.open(large, index='binary', read_only=read_only) as place_map:
        assert reads
        assert [place_map.search(descriptor(seed), 7) for seed in (3, 600, 1299)] == kept
        assert (place_map.info(), place_map.places(), place_map.sessions()) == facts
    assert kept[1][0].place.place_id == 601


def test_it_grows_on_from_what_was_kept(large: Path, reads: list[str]) -> None:
    with PlaceMap.open(large, index='binary') as place_map:
        fill(place_map, 400, first_seed=COUNT)
        place_map.update_poses({5: Pose((1.0, 2.0, 3.0), frame_id='map')})
        place_map._view.index.wait()
        assert place_map.search(descriptor(1600), 1)[0].place.place_id == 1601
    with PlaceMap.open(large, index='binary', read_only=True) as place_map:
        assert place_map.search(descriptor(1699), 1)[0].place.place_id == 1700
        assert place_map.place(5).pose == Pose((1.0, 2.0, 3.0), frame_id='map')
    assert not reads


def test_another_kind_answers_at_once_and_is_made_behind(large: Path, reads: list[str]) -> None:
    with PlaceMap.open(large, index='sq8') as place_map:
        assert place_map.search(descriptor(9), 1)[0].place.place_id == 10
        place_map._view.index.wait()
        assert place_map.info().index == 'sq8'
        assert place_map.search(descriptor(9), 1)[0].place.place_id == 10
    with PlaceMap.open(large, index='sq8', read_only=True) as place_map:
        assert place_map.info().index == 'sq8' and not place_map._view.index.rebuilding
    assert not reads


def edit(place_map: PlaceMap, what: str) -> None:
    """Change a map in one of the ways that there are."""
    count = place_map.places()[-1].place_id
    if 'grow' in what:
        fill(place_map, 37, first_seed=count)
    if 'session' in what:
        place_map.new_session('another', robot='bert')
        spot = place_map.places()[7].place_id
        place_map.add(descriptor(count + 37), stamp_ns=1, revisit_of=spot, thumbnail=b'a',
                      patches={5: b'bcd'})
    if 'poses' in what:
        place_map.update_poses({5: Pose((1.0, 2.0, 3.0), frame_id='map'),
                                count: Pose((4.0, 5.0, 6.0), frame_id='odom')})
    if 'remove' in what:
        place_map.remove([place.place_id for place in place_map.places()[3:60:2]])
    if 'last' in what:
        place_map.remove([place_map.places()[-1].place_id])
    if 'renew' in what:
        fill(place_map, 400, first_seed=count + 40)


@pytest.mark.parametrize('read_only', [True, False])
@pytest.mark.parametrize('what', [
    ('session',), ('grow',), ('poses',), ('remove',), ('last',), ('renew',),
    ('grow poses', 'remove grow', 'session', 'last', 'poses grow', 'remove', 'renew', 'session'),
], ids=' '.join)
def test_an_older_view_is_brought_up_to_date(
    large: Path, reads: list[str], what: tuple[str, ...], read_only: bool
) -> None:
    """As after a kill: the map went on, what lies beside it did not."""
    killed = large.with_name('killed.vprmap')
    shutil.copyfile(files.index_path(large), files.index_path(killed))
    with PlaceMap.open(large, index='binary') as place_map:
        for edits in what:
            edit(place_map, edits)
        place_map._view.index.wait()
        expected = content(place_map, SEEDS, 5)
        place_map.save_as(killed)
    with PlaceMap.open(killed, index='binary', read_only=read_only) as place_map:
        place_map._view.index.wait()
        assert content(place_map, SEEDS, 5) == expected
    assert not reads
    files.remove(killed)
    with PlaceMap.open(killed, index='binary', read_only=True) as place_map:
        assert content(place_map, SEEDS, 5) == expected
    assert reads and check(killed) == []


def test_a_copy_with_another_history_is_read(large: Path, reads: list[str]) -> None:
    """The copy was put back, and other places came: none of the later ones may be believed."""
    copy = large.with_name('copy.vprmap')
    shutil.copyfile(large, copy)
    with PlaceMap.open(large, index='binary') as place_map:
        fill(place_map, 30, first_seed=5000)
    with PlaceMap.open(copy, index='binary') as place_map:
        fill(place_map, 60, first_seed=7000)
    copy.replace(large)
    reads.clear()
    with PlaceMap.open(large, index='binary', read_only=True) as place_map:
        assert reads
        assert place_map.place(COUNT + 1).stamp_ns == 7000 * 100_000_000
        (found,) = place_map.search(descriptor(7000), 1)
        assert found.place.place_id == COUNT + 1


def test_a_log_that_is_full_begins_anew(
    large: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits_module, 'MOST_EDITS', 4)
    kept, killed = files.index_path(large).read_bytes(), large.with_name('killed.vprmap')
    with PlaceMap.open(large, index='binary') as place_map:
        for number in range(11):
            place_map.update_poses({7: Pose((float(number), 0.0, 0.0), frame_id='map')})
        place_map.save_as(killed)
        shutil.copyfile(files.index_path(large), files.index_path(killed))
    with PlaceMap.open(killed, index='binary', read_only=True) as place_map:
        assert place_map.place(7).pose == Pose((10.0, 0.0, 0.0), frame_id='map')
    assert not reads
    files.index_path(killed).write_bytes(kept)  # too old: nothing says what was changed since
    with PlaceMap.open(killed, index='binary', read_only=True) as place_map:
        assert place_map.place(7).pose == Pose((10.0, 0.0, 0.0), frame_id='map')
    assert reads


def test_a_growing_map_is_kept_now_and_then(
    large: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_module, 'KEEP_EVERY_PLACES', 20)
    with PlaceMap.open(large, index='binary') as place_map:
        before = files.index_path(large).read_bytes()
        fill(place_map, 19, first_seed=COUNT)
        assert files.index_path(large).read_bytes() == before
        fill(place_map, 1, first_seed=COUNT + 19)
        assert files.index_path(large).read_bytes() != before
    assert not reads


def test_a_row_that_was_changed_is_found_when_it_is_needed(large: Path) -> None:
    connection = sqlite3.connect(large)
    blob = bytearray(connection.execute(
        'SELECT descriptor FROM places WHERE place_id = 42').fetchone()[0])
    blob[3] ^= 1
    connection.execute('UPDATE places SET descriptor = ? WHERE place_id = 42', (bytes(blob),))
    connection.commit()
    connection.close()
    with PlaceMap.open(large, index='binary', read_only=True) as place_map:
        for _ in range(2):
            with pytest.raises(MapError, match='place 42 was changed since it was written'):
                place_map.search(descriptor(41), 3)


def test_recognition_goes_on_while_the_mean_is_renewed(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = threading.Event(), threading.Event()
    original = live.LiveIndex._make

    def held_up(self: live.LiveIndex):
        started.set()
        assert go_on.wait(20.0)
        return original(self)

    monkeypatch.setattr(live.LiveIndex, '_make', held_up)
    with PlaceMap.open(large, index='binary') as place_map:
        count = place_map.info().statistics_count
        seed = COUNT
        while not started.is_set():
            fill(place_map, 1, first_seed=seed)
            seed += 1
        fill(place_map, 20, first_seed=seed)
        statistics = place_map._view.statistics
        assert statistics.count > count and place_map._view.index.rebuilding
        for wanted in (7, 800, seed, seed + 19):  # the new mean ranks, the old index proposes
            (found,) = place_map.search(descriptor(wanted), 1)
            assert found.place.place_id == wanted + 1
            other = place_map.similarities(descriptor(3), [wanted + 1])[0]
            assert other == pytest.approx(
                oracle_similarity(descriptor(3), descriptor(wanted), statistics.mean), abs=1e-5)
        go_on.set()
        place_map._view.index.wait()
        assert place_map._view.index.current.statistics is statistics
        assert place_map.search(descriptor(seed + 19), 1)[0].place.place_id == seed + 20


def test_closing_gives_up_an_index_that_is_being_made(large: Path) -> None:
    place_map = PlaceMap.open(large, index='ivf')
    place_map._view.index.renew(place_map._view.statistics.renewed(place_map._view.total, COUNT))
    place_map.close()
    assert not place_map._view.index.rebuilding
    with PlaceMap.open(large, read_only=True, index='ivf') as again:
        assert again.search(descriptor(77), 1)[0].place.place_id == 78
