# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writers that are killed (-9) at random moments: no place that was committed is lost.

While mapping (with copies and merges), merging, building, pruning, correcting poses and bringing
an older format forward. VPR_KILL_ROUNDS=200 for the long form: so many kills in each test.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
import os
from pathlib import Path
import random
import sqlite3

import cv2
from helpers import place_image, tiny_model
import numpy as np
from place_map.map_helpers import descriptor, make_map
from place_map.old_maps import make_format_1
from place_map.victims import CommandKiller, writer
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, PlaceMap

pytestmark = pytest.mark.timeout(0)  # the long form takes half an hour

KILL_ROUNDS = int(os.environ.get('VPR_KILL_ROUNDS', '3'))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'drive.vprmap'


def test_killed_while_mapping(path: Path) -> None:
    """The map opens every time and holds every place that was reported, and nothing is damaged."""
    choose = random.Random(6)
    for kills in range(KILL_ROUNDS):
        with writer(path) as victim:
            victim.say('run')
            # somewhere within the next few places, copies or merges
            reported = int(victim.read_until_killed(choose.randint(1, 60), 0.02, choose)[-1])
        if kills % 2:
            with PlaceMap.open(path, read_only=True) as reader:
                assert reported <= len(reader) <= reported + 1
        with PlaceMap.open(path) as place_map:
            assert reported <= len(place_map) <= reported + 1
            assert len(place_map.sessions()) == kills + 1
            last = len(place_map)
            half = descriptor(last - 1).astype(np.float16).astype(np.float32)
            np.testing.assert_array_equal(place_map.descriptor(last), half)
            assert place_map.patches(last)[5] == b'five %d' % (last - 1)
        for name in ('drive', 'copy', 'merged'):
            file = path.with_name(f'{name}.vprmap')
            if file.exists():
                assert check(file) == []
    print(f'mapping: {KILL_ROUNDS} kills, {last} places in the end, none lost')


def test_killed_while_pruning(path: Path) -> None:
    """What was said to be gone is gone, what was not is there, all of a removal or nothing."""
    choose = random.Random(7)
    known: list[int] = []
    broken = 0
    for _ in range(KILL_ROUNDS):
        with writer(path) as victim:
            victim.say('prune')
            said = victim.read_until_killed(choose.randint(1, 40), 0.03, choose)
        undecided: list[int] = []
        for line in said:
            words = line.split()
            if words[0] == 'prune':
                undecided = [i for i in known if int(words[1]) <= i <= int(words[2])]
            elif words[0] == 'pruned':
                known = [i for i in known if i not in undecided]
                undecided = []
            else:
                known.append(int(line))
        with PlaceMap.open(path) as place_map:
            found = [place.place_id for place in place_map.places()]
            without = [i for i in known if i not in undecided]
            last = found[-1] if found and found[-1] not in known else None
            assert [i for i in found if i != last] in (known, without)
            broken += bool(undecided)
            half = descriptor(found[-1] - 1).astype(np.float16).astype(np.float32)
            np.testing.assert_array_equal(place_map.descriptor(found[-1]), half)
        assert check(path) == []
        known = found
    print(f'pruning: {KILL_ROUNDS} kills, {broken} of them during a removal')


def test_killed_while_correcting_poses(path: Path) -> None:
    """All places have the poses of one correction, the last that was reported or the next."""
    make_map(path, 40)
    choose = random.Random(8)
    for _ in range(KILL_ROUNDS):
        with writer(path) as victim:
            victim.say('poses')
            reported = int(victim.read_until_killed(choose.randint(1, 20), 0.02, choose)[-1])
        with PlaceMap.open(path) as place_map:
            positions = set(place_map.positions_m()[:, 0].tolist())
            assert positions in ({float(reported)}, {float(reported + 1)})
        assert check(path) == []
    print(f'correcting poses: {KILL_ROUNDS} kills')


def test_killed_while_migrating(path: Path) -> None:
    """The file is of the old format or the new one, whole in either case."""
    old = make_format_1(path, 300).read_bytes()
    with PlaceMap.open(path, read_only=True) as place_map:
        places = place_map.places()
    choose, versions = random.Random(9), Counter[int]()
    for _ in range(KILL_ROUNDS):
        path.write_bytes(old)
        for suffix in ('-wal', '-shm', '-journal'):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        with writer(path, wait=False) as victim:
            victim.read_until_killed(0, 0.04, choose)
        with closing(sqlite3.connect(path)) as connection:
            versions[connection.execute('PRAGMA user_version').fetchone()[0]] += 1
        assert check(path) == []
        with PlaceMap.open(path) as place_map:
            assert place_map.places() == places
            assert place_map.sessions()[0].name == 'old'
        assert check(path) == []
    assert set(versions) <= {1, 2}
    print(f'migrating: {KILL_ROUNDS} kills, {versions[1]} left the old format, {versions[2]} the '
          f'new one')


def test_killed_while_merging(path: Path) -> None:
    """The merged map is there as a whole or not at all; the others are untouched."""
    other, out = path.with_name('other.vprmap'), path.with_name('both.vprmap')
    make_map(path, 150)
    make_map(other, 150)
    before = path.read_bytes(), other.read_bytes()
    command = CommandKiller(['map', 'merge', str(path), str(other), '--out', str(out)],
                            random.Random(10))
    while command.kills < KILL_ROUNDS:
        out.unlink(missing_ok=True)
        command.kill()
        if out.exists():
            assert check(out) == []
            with PlaceMap.open(out, read_only=True) as merged:
                assert len(merged) == 300
        assert (path.read_bytes(), other.read_bytes()) == before
        assert check(path) == check(other) == []
    print(f'merging: {command.kills} kills; {command.ended} commands ended before theirs')


def test_killed_while_building(tmp_path: Path) -> None:
    """A map takes its name when it is whole; a killed build keeps its places and goes on."""
    model = tiny_model(tmp_path)
    images, out = tmp_path / 'images', tmp_path / 'built.vprmap'
    partial = tmp_path / '.built.vprmap.partial'
    images.mkdir()
    for number in range(40):
        cv2.imwrite(str(images / f'{number:03}.png'), place_image(number))
    command = CommandKiller(['map', 'build', str(images), '--out', str(out), '--model', str(model),
                             '--set', 'keyframe_interval_s=0'], random.Random(11))
    whole = _vectors(out)
    assert len(whole) == 40
    grown = resumed = 0
    while command.kills < KILL_ROUNDS:
        out.unlink(missing_ok=True)
        command.kill()
        if out.exists():
            assert check(out) == []
            assert _vectors(out) == whole
            grown = 0
        else:
            with pytest.raises(MapError, match='does not exist'):
                PlaceMap.open(out)
            if partial.exists() and partial.stat().st_size:
                assert check(partial) == []
                places = _vectors(partial)
                assert len(places) >= grown and places == whole[:len(places)]
                resumed += grown > 0
                grown = len(places)
    out.unlink(missing_ok=True)
    command.run()
    assert _vectors(out) == whole
    print(f'building: {command.kills} kills, {resumed} of them of builds that went on after one')


def _vectors(path: Path) -> list[bytes]:
    with PlaceMap.open(path, read_only=True) as place_map:
        return [place_map.descriptor(place.place_id).tobytes() for place in place_map.places()]
