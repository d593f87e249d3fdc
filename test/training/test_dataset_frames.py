# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets as frames, drives as tuples, both as validation; against loops over all pairs."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from training.data import Frame, FrameTable
from training.dataset_frames import (
    evaluation_of,
    evaluation_of_frames,
    frames_of,
    tuples_of_frames,
)
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.dataset import ImageRef, make_dataset, within_radius


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_lists_become_relations(data):
    """Every pair: itself, the same role, named positive, named unknown, or negative."""
    count, asked = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 4))
    indices = st.sets(st.integers(0, count - 1))
    positives = [data.draw(indices) for _ in range(asked)]
    ignored = [data.draw(indices) - positives[i] for i in range(asked)]
    database = [ImageRef(Path(f'd{i}.jpg'), f'{i}') for i in range(count)]
    queries = [ImageRef(Path(f'q{i}.jpg'), f'{i}') for i in range(asked)]
    dataset = make_dataset('lists', database, queries,
                           [np.array(sorted(p), np.int64) for p in positives],
                           [np.array(sorted(p), np.int64) for p in ignored])
    other = Frame(Path('other.jpg'), 'elsewhere', 'map', (0.0, 0.0))
    frames = [*frames_of(dataset), other]
    table, every = FrameTable(frames), np.arange(len(frames))
    relation = table.relation(every, every)
    row = {frame.path.stem: number for number, frame in enumerate(frames)}
    for query in range(asked):
        for image in range(count):
            expected = 1 if image in positives[query] else 0 if image in ignored[query] else -1
            assert relation[row[f'q{query}'], row[f'd{image}']] == expected
            assert relation[row[f'd{image}'], row[f'q{query}']] == expected
        assert sorted(table.positives(row[f'q{query}']).tolist()) == sorted(
            row[f'd{image}'] for image in positives[query])
    for role, size in (('q', asked), ('d', count)):
        block = [row[f'{role}{i}'] for i in range(size)]
        assert (relation[np.ix_(block, block)] == np.eye(size)).all()
    assert (relation[row['other'], : row['other']] == -1).all()
    # a part of the table says the same as the whole
    some = every[::2]
    assert (table.relation(some, every) == relation[some]).all()
    assert (table.relation(every, some) == relation[:, some]).all()


def test_positions_become_frames_of_one_environment():
    shared = ImageRef(Path('both.jpg'), 'both', 0, (5.0, 20.0), heading_deg=0.0)
    database = [shared, ImageRef(Path('d.jpg'), 'd', 0, (5.0, 35.0), heading_deg=90.0)]
    positives = within_radius(np.array([[5.0, 20.0]]), np.array([[5.0, 20.0], [5.0, 35.0]]), 25.0)
    dataset = make_dataset('city', database, [shared], positives, radius_m=25.0)
    first, second = frames_of(dataset, positive_radius_m=10.0)
    assert first == Frame(Path('both.jpg'), 'city', 'map', (0.5, 2.0), np.pi / 2, 'queries')
    assert second == Frame(Path('d.jpg'), 'city', 'map', (0.5, 3.5), 0.0, 'database')


def lap(drive: str, count: int, offset: float = 0.0) -> list[Frame]:
    return [Frame(Path(f'{drive}{i}.jpg'), 'town', 'map', (0.4 * i + offset, 0.0), None, drive)
            for i in range(count)]


@pytest.mark.parametrize('pairs', ['auto', 'any', 'other_drive', 'same_drive'])
def test_every_frame_asks_for_the_others(pairs):
    frames = lap('a', 12) + lap('b', 12, 0.1)
    if pairs == 'auto':
        frames += lap('', 8)
    data = tuples_of_frames('town', frames, pairs=pairs)
    for i, frame in enumerate(frames):
        positives, negatives = [], []
        for j, other in enumerate(frames):
            distance = abs(frame.position[0] - other.position[0])
            same = frame.drive == other.drive
            wanted = {'any': True, 'other_drive': not same, 'same_drive': same,
                      'auto': not same or not frame.drive}[pairs]
            if i != j and distance <= 1 and wanted:
                positives.append(j)
            if distance > 2:
                negatives.append(j)
        assert data.positives[i].tolist() == positives
        assert data.negatives_of(i).tolist() == negatives
    assert data.database == data.queries == tuple(frame.path for frame in frames)


def test_one_drive_alone_meets_itself():
    data = tuples_of_frames('yard', lap('a', 4))
    assert [p.tolist() for p in data.positives] == [[1, 2], [0, 2, 3], [0, 1, 3], [1, 2]]
    assert evaluation_of_frames('yard', lap('a', 4)).correct[0].tolist() == [1, 2]


def test_drives_that_are_not_known():
    with pytest.raises(DataError, match='add a column drive'):
        tuples_of_frames('x', lap('', 3), pairs='other_drive')
    with pytest.raises(ConfigError, match='auto, any, other_drive, same_drive'):
        tuples_of_frames('x', lap('', 3), pairs='all')  # type: ignore[arg-type]


def test_validation_leaves_neighbours_of_the_same_drive_out():
    frames = lap('a', 6) + lap('b', 3)
    found = evaluation_of_frames('town', frames)
    assert found.database == tuple(frame.path for frame in frames)
    # frames 0-2 of both meet; 3, 4 lie within 1 of b2; 5 within 2 alone
    assert [path.name for path in found.queries] == [
        'a0.jpg', 'a1.jpg', 'a2.jpg', 'a3.jpg', 'a4.jpg', 'b0.jpg', 'b1.jpg', 'b2.jpg']
    assert found.correct[0].tolist() == [6, 7, 8]
    # itself, and what is near in its own drive or between the radii
    assert found.ignored[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert found.correct[5].tolist() == [0, 1, 2]
    assert len(evaluation_of_frames('town', frames, most=3).queries) == 3
    without = evaluation_of_frames('walk', lap('', 4))
    assert without.correct[0].tolist() == [1, 2] and without.ignored[0].tolist() == [0, 3]
    with pytest.raises(DataError, match='drives that meet'):
        evaluation_of_frames('far', lap('a', 2) + lap('b', 2, 50.0))


def test_validation_of_a_data_set_is_its_own_rule():
    images = [ImageRef(Path(f'{i}.jpg'), f'{i}') for i in range(3)]
    dataset = make_dataset('x', images[:2], images[2:], [np.array([1])], [np.array([0])])
    found = evaluation_of(dataset)
    assert (found.name, found.queries) == ('x', (Path('2.jpg'),))
    assert found.correct[0].tolist() == [1] and found.ignored[0].tolist() == [0]
