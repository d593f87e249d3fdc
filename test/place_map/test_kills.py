# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writers that are killed (-9) at random moments: no place that was committed is lost.

While mapping (with copies and merges), merging, building, pruning, correcting poses and bringing
an older format forward. VPR_KILL_ROUNDS=200 for the long form: so many kills in each test.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
import os
from pathlib import Path
import random
import sqlite3
import subprocess
import sys
import threading
import time

import cv2
from helpers import place_image, ROOT, tiny_model
import numpy as np
from place_map.map_helpers import descriptor, make_map
from place_map.old_maps import make_format_1
from place_map.test_processes import writer
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, PlaceMap

pytestmark = pytest.mark.timeout(0)  # the long form takes half an hour

KILL_ROUNDS = int(os.environ.get('VPR_KILL_ROUNDS', '3'))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'drive.vprmap'


def read_until_killed(victim: object, lines: int, most_s: float, choose: random.Random) -> list:
    """What it reported: so many lines, then whatever came until it was killed."""
    said = [victim.read() for _ in range(lines)]
    timer = threading.Timer(choose.uniform(0.0, most_s), victim.process.kill)
    timer.start()
    while (line := victim.process.stdout.readline()).endswith('\n'):  # the last may be torn
        said.append(line.strip())
    timer.join()
    return said


def test_killed_while_mapping(path: Path) -> None:
    """The map opens every time and holds every place that was reported, and nothing is damaged."""
    choose = random.Random(6)
    for kills in range(KILL_ROUNDS):
        with writer(path) as victim:
            victim.say('run')
            # somewhere within the next few places, copies or merges
            reported = int(read_until_killed(victim, choose.randint(1, 60), 0.02, choose)[-1])
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


def test_killed_while_pruning(path: Path) -> None:
    """What was said to be gone is gone, what was not is there, all of a removal or nothing."""
    choose = random.Random(7)
    known: list[int] = []
    for _ in range(KILL_ROUNDS):
        with writer(path) as victim:
            victim.say('prune')
            said = read_until_killed(victim, choose.randint(1, 40), 0.03, choose)
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
            half = descriptor(found[-1] - 1).astype(np.float16).astype(np.float32)
            np.testing.assert_array_equal(place_map.descriptor(found[-1]), half)
        assert check(path) == []
        known = found


def test_killed_while_correcting_poses(path: Path) -> None:
    """All places have the poses of one correction, the last that was reported or the next."""
    make_map(path, 40)
    choose = random.Random(8)
    for _ in range(KILL_ROUNDS):
        with writer(path) as victim:
            victim.say('poses')
            reported = int(read_until_killed(victim, choose.randint(1, 20), 0.02, choose)[-1])
        with PlaceMap.open(path) as place_map:
            positions = set(place_map.positions_m()[:, 0].tolist())
            assert positions in ({float(reported)}, {float(reported + 1)})
        assert check(path) == []


def test_killed_while_migrating(path: Path) -> None:
    """The file is of the old format or the new one, whole in either case."""
    old = make_format_1(path, 300).read_bytes()
    with PlaceMap.open(path, read_only=True) as place_map:
        places = place_map.places()
    choose, versions = random.Random(9), set()
    for _ in range(KILL_ROUNDS):
        path.write_bytes(old)
        for suffix in ('-wal', '-shm', '-journal'):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        with writer(path, wait=False) as victim:
            read_until_killed(victim, 0, 0.04, choose)
        with closing(sqlite3.connect(path)) as connection:
            versions.add(connection.execute('PRAGMA user_version').fetchone()[0])
        assert check(path) == []
        with PlaceMap.open(path) as place_map:
            assert place_map.places() == places
            assert place_map.sessions()[0].name == 'old'
        assert check(path) == []
    assert versions <= {1, 2}


def kill_command(arguments: list[str], after_s: float) -> None:
    """Run a vpr command and kill it, if it has not ended before."""
    process = subprocess.Popen(
        [sys.executable, '-m', 'vpr_ros.cli.main', *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
    )
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def duration_s(run: Callable[[], object]) -> float:
    """How long something takes here and now, to know when to kill."""
    start_s = time.monotonic()
    run()
    return time.monotonic() - start_s


def test_killed_while_merging(path: Path) -> None:
    """The merged map is there as a whole or not at all; the others are untouched."""
    other, out = path.with_name('other.vprmap'), path.with_name('both.vprmap')
    make_map(path, 150)
    make_map(other, 150)
    before = path.read_bytes(), other.read_bytes()
    command = ['map', 'merge', str(path), str(other), '--out', str(out)]
    whole_s = duration_s(lambda: kill_command(command, 120.0))
    choose = random.Random(10)
    for _ in range(KILL_ROUNDS):
        out.unlink(missing_ok=True)
        kill_command(command, choose.uniform(0.5, 1.1) * whole_s)
        if out.exists():
            assert check(out) == []
            with PlaceMap.open(out, read_only=True) as merged:
                assert len(merged) == 300
        assert (path.read_bytes(), other.read_bytes()) == before


def test_killed_while_building(tmp_path: Path) -> None:
    """A map takes its name when it is whole; building again after a kill succeeds."""
    model = tiny_model(tmp_path)
    images, out = tmp_path / 'images', tmp_path / 'built.vprmap'
    images.mkdir()
    for number in range(40):
        cv2.imwrite(str(images / f'{number:03}.png'), place_image(number))
    command = ['map', 'build', str(images), '--out', str(out), '--model', str(model),
               '--set', 'keyframe_interval_s=0']
    whole_s = duration_s(lambda: kill_command(command, 120.0))
    with PlaceMap.open(out, read_only=True) as built:
        count = len(built)
    assert count == 40
    choose = random.Random(11)
    for _ in range(KILL_ROUNDS):
        out.unlink(missing_ok=True)
        kill_command(command, choose.uniform(0.5, 1.1) * whole_s)
        if out.exists():
            assert check(out) == []
            with PlaceMap.open(out, read_only=True) as built:
                assert len(built) == count
        else:
            with pytest.raises(MapError, match='does not exist'):
                PlaceMap.open(out)
    out.unlink(missing_ok=True)
    kill_command(command, 120.0)
    with PlaceMap.open(out, read_only=True) as built:
        assert len(built) == count
