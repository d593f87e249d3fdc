# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rendered towns, and who answers whom in the held-out ones."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from training.claims import towns
from training.claims.scale import QUICK
from training.claims.towns import held_out_set, render_towns, TRAINED, UNSEEN
from training.data import FrameTable
from training.images import read_rgb
from training.sources import posed
from vpr_ros.world import World


def test_a_town_is_driven_in_every_light_and_not_drawn_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(towns, 'World', functools.cache(World))  # built once, it takes seconds
    scale = dataclasses.replace(QUICK, towns=(3,), held_out_towns=(), spacing_m=60.0)
    render_towns(tmp_path, scale, lambda _: None)
    frames = posed(tmp_path / 'trained')
    assert {frame.drive for frame in frames} == set(TRAINED)
    assert {frame.environment for frame in frames} == {'town/3'}
    brightness = {name: np.mean([read_rgb(f.path).mean() for f in frames if f.drive == name])
                  for name in TRAINED}
    assert brightness['night'] < brightness['day'] - 20
    first = [frame for frame in frames if frame.path.stem.endswith('_0000')]
    at = [frames.index(frame) for frame in first]
    assert len(first) == 3 and (FrameTable(frames).relation(np.array(at), np.array(at)) >= 0).all()

    stamps = {frame.path: frame.path.stat().st_mtime_ns for frame in frames}
    (tmp_path / 'trained' / 'frames.csv').unlink()  # as a kill before the end leaves it
    first[0].path.unlink()
    render_towns(tmp_path, scale, lambda _: None)
    assert posed(tmp_path / 'trained') == frames
    redrawn = [path for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp]
    assert redrawn == [first[0].path]


def test_unseen_weather_is_not_trained_on():
    assert not set(UNSEEN) & set(TRAINED)


def test_right_answers_are_near_look_the_same_way_and_are_of_the_town(tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(120):
        drive = ('day', 'night', 'fog')[number % 3]
        rows.append((f'{number}.jpg', f'town/{number % 2}', 'map', *rng.uniform(0, 3, 2),
                     rng.uniform(-4, 4), drive))
    folder = tmp_path / 'held_out'
    folder.mkdir()
    (folder / 'frames.csv').write_text('file,environment,space,x,y,heading,drive\n' + ''.join(
        ','.join(map(str, row)) + '\n' for row in rows))

    found = held_out_set(tmp_path, 'night', ('night',))

    database = [row for row in rows if row[6] == 'day']
    queries = [row for row in rows if row[6] == 'night']
    assert [path.name for path in found.queries] == [row[0] for row in queries]
    assert [path.name for path in found.database] == [row[0] for row in database]
    for query, right in zip(queries, found.correct, strict=True):
        expected = [
            index for index, place in enumerate(database)
            if place[1] == query[1] and math.dist(place[3:5], query[3:5]) <= 1
            and math.cos(place[5] - query[5]) >= math.cos(math.radians(45))]
        assert right.tolist() == expected
    assert any(len(right) for right in found.correct)
