# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where frames come from: one function a source."""

from __future__ import annotations

from collections.abc import Collection
import csv
import math
from pathlib import Path

import numpy as np

from training.data import EvaluationSet, Frame
from vpr_ros.errors import DataError

IE_TOWER_TRAINING_RADIUS_S = 1.2
IE_TOWER_SCORING_RADIUS_S = 3.0
DONKEY_RADIUS_FRAMES = 6.0


def read_rows(path: Path, columns: Collection[str]) -> list[dict[str, str]]:
    """Read a CSV file with a header.

    Raises:
        DataError: the file is missing or a column is.
    """
    try:
        with path.open(encoding='utf-8', newline='') as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except OSError as error:
        raise DataError(f'{path} cannot be read ({error.strerror})') from error
    missing = sorted(set(columns) - set(reader.fieldnames or ()))
    if missing:
        raise DataError(f'{path}: the column {missing[0]!r} is missing; found: '
                        f'{", ".join(reader.fieldnames or ())}')
    return rows


def ie_tower(root: Path, *, without_floors: Collection[str] = ()) -> list[Frame]:
    """Frames of the tower's walking clips, for training: all but the held-out floors.

    The second in the clip is the position: people walk steadily, and one frame a second is kept.
    """
    rows = read_rows(root / 'frames.csv', ('file', 'floor', 'clip', 'second'))
    return [
        Frame(root / 'frames' / row['file'], f'ie_tower/{row["floor"]}', row['clip'],
              (float(row['second']) / IE_TOWER_TRAINING_RADIUS_S, 0.0))
        for row in rows if row['floor'] not in without_floors
    ]


def ie_tower_evaluation(root: Path, floors: Collection[str], *,
                        database_floors: Collection[str] | None = None) -> EvaluationSet:
    """Load queries of the held-out floors and database frames of ``database_floors``.

    Right are database frames of the same clip within 3 s; other frames of the same floor are
    neither right nor wrong. Queries without a right answer in the database are left out.

    Args:
        root: folder of the data set.
        floors: floors whose queries are asked.
        database_floors: floors whose database frames are searched; None: the same floors.
    """
    rows = read_rows(root / 'frames.csv', ('file', 'split', 'floor', 'clip', 'second'))
    searched = floors if database_floors is None else database_floors
    database = [r for r in rows if r['split'] == 'database' and r['floor'] in searched]
    asked = [r for r in rows if r['split'] == 'query' and r['floor'] in floors]
    clips = np.array([row['clip'] for row in database])
    floor_of = np.array([row['floor'] for row in database])
    seconds = np.array([float(row['second']) for row in database])
    queries, correct, ignored = [], [], []
    for row in asked:
        near = np.abs(seconds - float(row['second'])) <= IE_TOWER_SCORING_RADIUS_S
        right = (clips == row['clip']) & near
        if right.any():
            queries.append(root / 'frames' / row['file'])
            correct.append(np.flatnonzero(right))
            ignored.append(np.flatnonzero((floor_of == row['floor']) & (clips != row['clip'])))
    paths = tuple(root / 'frames' / row['file'] for row in database)
    return EvaluationSet(f'ie_tower {" ".join(sorted(floors))}', paths, tuple(queries),
                         tuple(correct), tuple(ignored))


def donkey(root: Path) -> list[Frame]:
    """Frames of the two laps; the position is the point of the lap, on a circle."""
    rows = read_rows(root / 'laps.csv', ('frame', 'lap_fraction'))
    laps = [float(row['lap_fraction']) for row in rows]
    frames_a_lap = 1 / max(laps[1] - laps[0], 1e-9)
    radius = frames_a_lap / DONKEY_RADIUS_FRAMES / (2 * math.pi)
    return [
        Frame(root / 'sequence' / row['frame'], 'donkey', 'track',
              (radius * math.cos(2 * math.pi * lap), radius * math.sin(2 * math.pi * lap)))
        for row, lap in zip(rows, laps, strict=True)
    ]


def posed(root: Path) -> list[Frame]:
    """Read ``frames.csv``: file, environment, space, x, y (radius units), heading (rad).

    This is what ``python -m training render`` writes, and the form for own data. A column
    ``drive`` may name the recording of each image.
    """
    columns = ('file', 'environment', 'space', 'x', 'y', 'heading')
    return [
        Frame(root / row['file'], row['environment'], row['space'],
              (float(row['x']), float(row['y'])),
              float(row['heading']) if row['heading'] else None, row.get('drive') or '')
        for row in read_rows(root / 'frames.csv', columns)
    ]


def ground_truth_folder(root: Path) -> EvaluationSet:
    """``database/``, ``queries/`` and ``ground_truth.csv`` (query, correct_database)."""
    rows = read_rows(root / 'ground_truth.csv', ('query', 'correct_database'))
    database = tuple(sorted(p for p in (root / 'database').iterdir() if p.is_file()))
    index = {path.name: number for number, path in enumerate(database)}
    correct = []
    for row in rows:
        names = row['correct_database'].split()
        unknown = [name for name in names if name not in index]
        if unknown:
            raise DataError(f'{root}/ground_truth.csv names {unknown[0]!r}, which is not in '
                            f'database/')
        correct.append(np.array([index[name] for name in names], np.int64))
    nothing = np.array([], np.int64)
    return EvaluationSet(root.name, database, tuple(root / 'queries' / r['query'] for r in rows),
                         tuple(correct), tuple(nothing for _ in rows))


def ie_tower_validation(root: Path, floors: Collection[str]) -> EvaluationSet:
    """Every frame of the held-out floors as a query against all the others.

    Right are frames of the same clip 2 to 3 s away: nearer ones and the frame itself are left
    out, as are other clips of the same floor. Six times as many queries as the set's own split
    gives, with larger changes of viewpoint: this is what training selects by.
    """
    columns = ('file', 'floor', 'clip', 'second')
    rows = [r for r in read_rows(root / 'frames.csv', columns) if r['floor'] in floors]
    clips = np.array([row['clip'] for row in rows])
    floor_of = np.array([row['floor'] for row in rows])
    seconds = np.array([float(row['second']) for row in rows])
    queries, correct, ignored = [], [], []
    for row in rows:
        same = clips == row['clip']
        gap = np.abs(seconds - float(row['second']))
        right = same & (gap >= 2) & (gap <= IE_TOWER_SCORING_RADIUS_S)
        if right.any():
            queries.append(root / 'frames' / row['file'])
            correct.append(np.flatnonzero(right))
            other_clips = (floor_of == row['floor']) & ~same
            ignored.append(np.flatnonzero(other_clips | (same & (gap < 2))))
    paths = tuple(root / 'frames' / row['file'] for row in rows)
    return EvaluationSet('ie_tower validation', paths, tuple(queries), tuple(correct),
                         tuple(ignored))
