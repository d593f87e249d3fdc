# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a process that writes a map does, to be watched and killed.

It opens the map (or makes it; an older format is brought forward), then obeys one word a message,
and answers each with a message when the work is safe in the file:

``add``         one place more
``run``         places without end, a copy after every 16th, a merge after every 40th
``prune``       places without end; after every 10th, those with ids in the second quarter go:
                ``prune FIRST LAST`` is said before and ``pruned FIRST LAST`` after
``poses``       corrected poses without end: all places of the map get x = N, then N is said
``migrate``     says ``ready`` once the map is open: the work was done by then
``close``       close the map and end
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from place_map.map_helpers import fill, MODEL

from vpr_ros.place_map import merge, PlaceMap
from vpr_ros.types import Pose


def write_map(path: Path, watcher: Connection) -> None:
    """Serve until told to end."""
    def say(*words: object) -> None:
        watcher.send_bytes(' '.join(map(str, words)).encode())

    say('started')
    place_map = PlaceMap.open(path) if path.exists() else PlaceMap.create(path, MODEL)
    say('ready')
    while True:
        word = watcher.recv_bytes().decode()
        if word == 'add':
            fill(place_map, 1, first_seed=len(place_map))
            say(len(place_map))
        elif word == 'run':
            _run(place_map, path, say)
        elif word == 'prune':
            _prune(place_map, say)
        elif word == 'poses':
            _poses(place_map, say)
        elif word == 'close':
            place_map.close()
            say('closed')
            return


def _run(place_map: PlaceMap, path: Path, say: Callable[..., None]) -> None:
    while True:
        fill(place_map, 1, first_seed=len(place_map))
        say(len(place_map))
        if len(place_map) % 16 == 0:
            place_map.save_as(path.with_name('copy.vprmap'))
        if len(place_map) % 40 == 0:
            merged = path.with_name('merged.vprmap')
            merged.unlink(missing_ok=True)
            merge([path], merged)


def _prune(place_map: PlaceMap, say: Callable[..., None]) -> None:
    while True:
        ids = [place.place_id for place in place_map.places()]
        seed = ids[-1] if ids else 0
        for number in range(10):
            fill(place_map, 1, first_seed=seed + number)
            say(place_map.places()[-1].place_id)
        ids = [place.place_id for place in place_map.places()]
        gone = ids[len(ids) // 4:len(ids) // 2]
        say('prune', gone[0], gone[-1])
        place_map.remove(gone)
        say('pruned', gone[0], gone[-1])


def _poses(place_map: PlaceMap, say: Callable[..., None]) -> None:
    ids = [place.place_id for place in place_map.places()]
    for number in count(1):
        pose = Pose((float(number), 0.0, 0.0), frame_id='map')
        place_map.update_poses(dict.fromkeys(ids, pose))
        say(number)
