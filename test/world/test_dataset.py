# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The data set folder against an oracle that reads nothing but its file names."""

from __future__ import annotations

import csv
import math

import cv2
import pytest

from vpr_ros.errors import DataError
from vpr_ros.world import Camera, Conditions, Drive, write_dataset

CAMERA = Camera(64, 48)


def drives(town):
    return (Drive(town, Conditions.day(), camera=CAMERA, rate_hz=0.6, seed=1),
            Drive(town, Conditions.night(1), camera=CAMERA, rate_hz=0.4, seed=2, reverse=False))


def parse(name):
    fields = name.split('@')
    assert fields[0] == '' and fields[-1] == '.jpg'
    return float(fields[1]), float(fields[2]), float(fields[9])


def test_ground_truth_is_what_the_file_names_say(town, tmp_path):
    database, queries = drives(town)
    folder = write_dataset(database, queries, tmp_path / 'set', radius_m=9.0)
    stored = sorted(path.name for path in (folder / 'database').iterdir())
    asked = sorted(path.name for path in (folder / 'queries').iterdir())
    assert len(stored) == len(database) and len(asked) == len(queries)
    with (folder / 'ground_truth.csv').open(newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row['query'] for row in rows) == asked
    answered = 0
    for row in rows:
        east, north, heading = parse(row['query'])
        listed = set(row['correct_database'].split())
        for name in stored:
            there = parse(name)
            distance = math.hypot(east - there[0], north - there[1])
            turn = abs((heading - there[2] + 180.0) % 360.0 - 180.0)
            if abs(distance - 9.0) > 0.05 and abs(turn - 45.0) > 0.1:
                assert (name in listed) == (distance < 9.0 and turn < 45.0)
        answered += bool(listed)
    assert answered > 0.8 * len(rows)
    picture = cv2.imread(str(folder / 'queries' / asked[0]))
    assert picture is not None and picture.shape == (48, 64, 3)


def test_a_folder_with_something_in_it_is_left_alone(town, tmp_path):
    (tmp_path / 'precious.txt').write_text('kept')
    with pytest.raises(DataError, match='not an empty folder'):
        write_dataset(drives(town)[0], drives(town)[1], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['precious.txt']


def test_drives_through_different_worlds_cannot_be_compared(town, corridor, tmp_path):
    with pytest.raises(DataError, match='in one world'):
        write_dataset(drives(town)[0], Drive(corridor, camera=CAMERA), tmp_path / 'set')
