# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random use and kills: what lies beside a map, brought up to date, is what the map holds."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
import random
import shutil
import tempfile
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from place_map.map_helpers import content, descriptor, fill, MODEL

from vpr_ros.place_map import check, PlaceMap
from vpr_ros.place_map import edits as edits_module
from vpr_ros.place_map import view as view_module
from vpr_ros.place_map.indexes import files
from vpr_ros.place_map.store import Store
from vpr_ros.types import Pose

STEPS = st.lists(st.tuples(
    st.sampled_from(['grow', 'poses', 'remove', 'revisit', 'session', 'reopen', 'kill', 'kill']),
    st.integers(0, 2**32 - 1)), min_size=4, max_size=25)


def is_known(place_map: PlaceMap) -> bool:
    """Whether what lies beside the map can be brought up to date."""
    kept, state = place_map._view._kept, place_map._store.state()
    if not kept:
        return False
    return edits_module.touched_since(place_map._store, state, kept['edits']) is not None


def change(place_map: PlaceMap, what: str, choose: random.Random) -> None:
    """One edit, of places that are there or are new."""
    ids = [place.place_id for place in place_map.places()]
    if what == 'grow' or not ids:
        fill(place_map, choose.randint(1, 9), first_seed=(ids or [0])[-1])
    elif what == 'poses':
        pose = Pose((choose.random(), 0.0, 0.0), frame_id=choose.choice(['map', 'odom', 'new']))
        place_map.update_poses(dict.fromkeys(choose.sample(ids, min(len(ids), 5)), pose))
    elif what == 'remove':
        place_map.remove(choose.sample(ids, choose.randint(0, len(ids) // 2)))
    elif what == 'revisit':
        place_map.add(descriptor(ids[-1]), stamp_ns=choose.randrange(10**9), thumbnail=b'jpeg',
                      revisit_of=choose.choice(ids), patches={2: b'codes'})
    elif what == 'session':
        place_map.new_session(what)


@settings(deadline=None, max_examples=40)
@given(steps=STEPS)
def test_what_is_kept_never_changes_an_answer(steps: list[tuple[str, int]]) -> None:
    with ExitStack() as stack:
        for module, name, value in ((view_module, 'KEPT_PLACES', 8),
                                    (view_module, 'KEEP_EVERY_PLACES', 6),
                                    (edits_module, 'MOST_EDITS', 4),
                                    (edits_module, 'MOST_PLACES', 12)):
            stack.enter_context(mock.patch.object(module, name, value))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path, killed = folder / 'drive.vprmap', folder / 'killed.vprmap'
        place_map = PlaceMap.create(path, MODEL)
        fill(place_map, 10)
        for what, seed in steps:
            if what == 'reopen':
                place_map.close()
                place_map = PlaceMap.open(path)
            elif what != 'kill':
                change(place_map, what, random.Random(seed))
            else:
                files.remove(killed)
                place_map.save_as(killed)
                for beside in (files.index_path, files.faiss_path):
                    if beside(path).exists():
                        shutil.copyfile(beside(path), beside(killed))
                        beside(killed).chmod(0o644)
                with mock.patch.object(Store, 'place_rows', autospec=True,
                                       side_effect=Store.place_rows) as read, \
                        PlaceMap.open(killed, read_only=True) as found:
                    assert content(found) == content(place_map)
                    assert read.called != is_known(place_map)
        expected = place_map.places()
        place_map.close()
        assert check(path) == []
        with PlaceMap.open(path, read_only=True) as found:
            assert found.places() == expected
