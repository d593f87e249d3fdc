# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The map as the pipeline uses it."""

from __future__ import annotations

import os

import numpy as np
from place_map.map_helpers import (
    descriptor,
    DIM,
    fill,
    make_map,
    MODEL,
    oracle_mean,
    oracle_similarity,
)
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, MapBytes, ModelIdentity, PlaceMap, Session
from vpr_ros.types import Place, Pose


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'drive.vprmap'


def beside(path) -> list[str]:
    """Names of all files in the map's folder."""
    return sorted(os.listdir(path.parent))


def test_empty_map_answers(path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        assert len(place_map) == place_map.revision == 0
        assert place_map.search(descriptor(0), 5) == []
        assert place_map.places() == []
        assert place_map.session is None
        assert place_map.first_id_since(1) is None
        assert place_map.info().bounding_box_m is None
        assert not place_map.info().has_patches
    assert check(path) == []


def test_search_is_exact(path) -> None:
    vectors = [descriptor(seed) for seed in range(150)]
    mean = oracle_mean(vectors)
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 150)
        for seed in range(200, 230):
            query = descriptor(seed)
            expected = np.array([oracle_similarity(query, v, mean) for v in vectors])
            best = np.argsort(-expected)[:10]
            found = place_map.search(query, 10)
            assert [n.place.place_id for n in found] == (best + 1).tolist()
            np.testing.assert_allclose([n.similarity for n in found], expected[best], atol=1e-7)


def test_search_and_similarities_agree_to_the_bit(path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 60)
        for k in (1, 7, 60, 1000):
            found = place_map.search(descriptor(70), k)
            assert len(found) == min(k, 60)
            ids = [n.place.place_id for n in found]
            similarities = place_map.similarities(descriptor(70), ids)
            assert similarities.dtype == np.float32
            assert similarities.tolist() == [n.similarity for n in found]
        assert place_map.similarities(descriptor(70), []).shape == (0,)


@pytest.mark.parametrize('index', ['flat', 'fp16', 'sq8'])
def test_index_kinds_give_the_same_answers(index: str) -> None:
    query = descriptor(5000)
    with PlaceMap.create(':memory:', MODEL, index=index) as place_map:
        for seed in range(1300):
            place_map.add(descriptor(seed), stamp_ns=seed)
        assert place_map.info().index == index
        found = place_map.search(query, 3)
        everything = place_map.similarities(query, range(1, 1301))
        best = np.argsort(-everything, kind='stable')[:3]
        assert [n.place.place_id for n in found] == (best + 1).tolist()


def test_the_ends_of_sessions(path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 5)
        place_map.new_session()
        assert place_map.ends_of(2) is None
        fill(place_map, 3)
        ends = {session: place_map.ends_of(session) for session in (1, 2, 3)}
        assert ends == {1: (place_map.place(1), place_map.place(5)),
                        2: (place_map.place(6), place_map.place(8)), 3: None}
        assert place_map.ends_of(2, below_id=8) == (place_map.place(6), place_map.place(7))
        assert place_map.ends_of(2, below_id=6) is None
        assert place_map.ends_of(1, below_id=100) == ends[1]


def test_recent_places_are_left_out(path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 40)
        query = descriptor(30)  # place 31
        assert place_map.search(query, 1)[0].place.place_id == 31
        below = place_map.first_id_since(1, travelled_m=29.5)
        assert below == 31
        assert place_map.first_id_since(1, stamp_ns=3_000_000_000) == 31
        found = place_map.search(query, 100, below_id=below)
        assert sorted(n.place.place_id for n in found) == list(range(1, 31))
        assert place_map.search(query, 5, below_id=1) == []
        assert len(place_map.search(query, 50, below_id=10**12)) == 40


def test_places_come_back_as_they_were_added(path) -> None:
    pose = Pose((1.25, -0.0, 1e-300), (0.0, 0.0, -1.0, 0.0), 'map ü')
    with PlaceMap.create(path, MODEL) as place_map:
        first = place_map.add(descriptor(0), stamp_ns=-5)
        second = place_map.add(
            descriptor(1),
            stamp_ns=np.int64(7),
            frame_id='cam/ö',
            pose=pose,
            travelled_m=3,
            thumbnail=b'\xff\xd8jpeg',
            revisit_of=1,
            patches={2: b'\0\1', 8: b''},
        )
        assert first == Place(1, 1, -5)
        assert second == Place(2, 1, 7, 'cam/ö', pose, 3.0, 1)
    with PlaceMap.open(path) as place_map:
        assert place_map.places() == [first, second]
        assert place_map.places([2, 1, 2]) == [second, first, second]
        assert place_map.place(2) == second
        assert place_map.spot_of(second) == place_map.spot_of(first) == first
        assert place_map.thumbnail(1) == b''
        assert place_map.thumbnail(2) == b'\xff\xd8jpeg'
        assert place_map.patches(1) == {}
        assert place_map.patches(2) == {2: b'\0\1', 8: b''}
        expected = descriptor(1).astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(place_map.descriptor(2), expected)
        np.testing.assert_array_equal(
            place_map.positions_m(), [[np.nan] * 3, [1.25, -0.0, 1e-300]]
        )


def test_unknown_places_are_named(path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 3)
        for read in (
            place_map.place,
            place_map.descriptor,
            place_map.thumbnail,
            place_map.patches,
            lambda i: place_map.places([1, i]),
            lambda i: place_map.similarities(descriptor(0), [1, i]),
            lambda i: place_map.add(descriptor(0), stamp_ns=0, revisit_of=i),
        ):
            with pytest.raises(MapError, match='no place 4; it holds 3 places'):
                read(4)


def test_sessions(path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 3)
        place_map.new_session('second lap')
        assert place_map.session == Session(2, 'second lap')
        fill(place_map, 2, first_seed=10)
        assert place_map.session == place_map.sessions()[1]
    with PlaceMap.open(path) as place_map:
        # A new start has a new odometry: it never continues an old session.
        assert place_map.session is None
        place_map.add(descriptor(20), stamp_ns=99)
        sessions = place_map.sessions()
        assert [(s.session_id, s.name, s.places) for s in sessions] == [
            (1, '', 3),
            (2, 'second lap', 2),
            (3, '', 1),
        ]
        assert (sessions[1].started_ns, sessions[1].ended_ns) == (1_000_000_000, 1_100_000_000)
        assert place_map.session == sessions[2]
        assert place_map.place(4).session_id == 2
        assert place_map.first_id_since(2) == 4


def test_the_last_places_of_one_camera(path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 3)
        place_map.new_session()
        for seed in range(10):
            place_map.add(descriptor(seed), stamp_ns=seed, frame_id=('left', 'right')[seed % 2])
        assert place_map.last_ids(2, 5, 'left') == [10, 12]  # of 9 to 13
        assert place_map.last_ids(2, 100, 'right') == [5, 7, 9, 11, 13]  # of this session alone
        assert place_map.last_ids(2, 100, 'rear') == []


def test_info(path) -> None:
    make_map(path, 20)
    with PlaceMap.open(path, read_only=True) as place_map:
        info = place_map.info()
    assert (info.path, info.places, info.sessions, info.revision) == (str(path), 20, 1, 21)
    assert (info.model, info.dim, info.format_version) == (MODEL, DIM, 2)
    assert (info.has_patches, info.read_only, info.index) == (True, True, 'flat')
    assert (info.statistics_count, info.prior_count) == (19, 4)
    assert info.bounding_box_m == ((0.0, -1.5, 0.0), (19.0, -1.5, 0.0))
    assert info.travelled_m == 19.0
    assert info.bytes == MapBytes(
        file=path.stat().st_size,
        descriptors=20 * 2 * DIM,
        thumbnails=sum(len(b'jpeg %d' % i) for i in range(20)),
        patches=sum(len(b'two %d' % i) + len(b'five %d' % i) for i in range(20)),
    )


def test_closing_leaves_one_file(path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 5)
    assert beside(path) == ['drive.vprmap']
    place_map.close()
    for call in (
        lambda: place_map.search(descriptor(0), 1),
        lambda: place_map.add(descriptor(0), stamp_ns=0),
        place_map.info,
    ):
        with pytest.raises(MapError, match='is closed; open it again'):
            call()


def test_another_model_is_named(path) -> None:
    make_map(path, 1)
    other = ModelIdentity('other', 'cd' * 32, DIM)
    with pytest.raises(MapError, match=r'with model tiny \(sha256 abab.*not with other'):
        PlaceMap.open(path, model=other)
    with pytest.raises(MapError, match='16 dimensions'):
        PlaceMap.open(path, model=ModelIdentity('tiny', MODEL.sha256, 16))
    renamed = ModelIdentity('renamed', MODEL.sha256, DIM, '{}')
    with PlaceMap.open(path, model=renamed) as place_map:
        assert place_map.model == MODEL


def test_read_only_maps_do_not_grow(path) -> None:
    make_map(path, 2)
    before = path.read_bytes()
    with PlaceMap.open(path, read_only=True) as place_map:
        for call in (lambda: place_map.add(descriptor(3), stamp_ns=3), place_map.new_session):
            with pytest.raises(MapError, match='read-only'):
                call()
        assert len(place_map.search(descriptor(0), 9)) == 2
    assert path.read_bytes() == before
    assert beside(path) == ['drive.vprmap']


def test_existing_maps_are_overwritten_only_when_asked(path) -> None:
    make_map(path, 3)
    with pytest.raises(MapError, match='exists; open it'):
        PlaceMap.create(path, MODEL)
    with PlaceMap.create(path, MODEL, overwrite=True) as place_map:
        assert len(place_map) == 0


def test_copies_hold_everything(path) -> None:
    copy = path.with_name('copy.vprmap')
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 30)
        place_map.save_as(copy)
        assert check(copy) == []
        fill(place_map, 5, first_seed=30)
        place_map.save_as(copy)
        place_map.save_as(path)  # itself: brings it to the disk
        answers = place_map.search(descriptor(50), 9)
        assert (len(place_map), place_map.info().sessions) == (35, 1)
    assert beside(path) == ['copy.vprmap', 'drive.vprmap']
    assert check(copy) == check(path) == []
    with PlaceMap.open(copy, read_only=True) as opened, PlaceMap.open(path) as original:
        assert (opened.uuid, opened.revision) == (original.uuid, 35)
        assert opened.search(descriptor(50), 9) == answers
        opened.save_as(path.with_name('third.vprmap'))  # from a read-only map
    assert check(path.with_name('third.vprmap')) == []


def test_maps_in_memory_can_be_saved(path) -> None:
    with PlaceMap.create(':memory:', MODEL) as place_map:
        fill(place_map, 6)
        place_map.save_as(path)
        assert place_map.path == ':memory:'
        assert place_map.info().bytes.file == 0
        answers = place_map.search(descriptor(9), 3)
    with PlaceMap.open(path) as place_map:
        assert place_map.search(descriptor(9), 3) == answers
    assert check(path) == []


def test_only_maps_are_overwritten(path) -> None:
    photo = path.with_name('photo.jpg')
    photo.write_bytes(b'\xff\xd8 holiday')
    held = path.with_name('held.vprmap')
    with PlaceMap.create(':memory:', MODEL) as place_map, PlaceMap.create(held, MODEL):
        with pytest.raises(MapError, match=r'no map.*not overwritten'):
            place_map.save_as(photo)
        with pytest.raises(MapError, match=r'no map.*not overwritten'):
            PlaceMap.create(photo, MODEL, overwrite=True)
        with pytest.raises(MapError, match='is a folder'):
            place_map.save_as(path.parent)
        with pytest.raises(MapError, match=r'folder .* does not exist'):
            place_map.save_as(path.parent / 'nowhere' / 'x.vprmap')
        with pytest.raises(MapError, match='already open for writing in process'):
            place_map.save_as(held)
    assert photo.read_bytes() == b'\xff\xd8 holiday'


def test_names_with_odd_characters(tmp_path) -> None:
    path = tmp_path / 'a map? 100% #1 &mode=ro ü.vprmap'
    make_map(path, 2)
    with PlaceMap.open(str(path), read_only=True) as place_map:
        assert len(place_map) == 2
