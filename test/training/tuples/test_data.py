# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which database images are positives and negatives of a query, against a loop over all pairs."""

from __future__ import annotations

import math
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from training.tuples import by_lists, by_position, join, MONTH_S, tuples_of
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.dataset import Dataset, ImageRef, make_dataset

DAY_S = 86_400
YEAR_2015 = 1_420_070_400


def positioned(database: list, queries: list, radius_m: float | None = 25.0) -> Dataset:
    """(x, y, day) of every image; two of one name are the same image."""
    parts = [
        [ImageRef(Path(f'{part}{i}.jpg'), f'{i}', (YEAR_2015 + day * DAY_S) * 10**9,
                  (float(x), float(y)))
         for i, (x, y, day) in enumerate(images)]
        for part, images in (('d', database), ('q', queries))
    ]
    none = [np.zeros(0, np.int64)] * len(queries)
    return make_dataset('made', parts[0], parts[1], none, radius_m=radius_m)


places = st.tuples(st.integers(-40, 40), st.integers(-3, 3), st.integers(0, 90))


@settings(max_examples=60, deadline=None)
@given(database=st.lists(places, min_size=1, max_size=12),
       queries=st.lists(places, min_size=1, max_size=5), gap_days=st.sampled_from([0, 1, 28]),
       radii=st.sampled_from([(10, 25), (0, 0), (5, 5)]))
def test_positions_against_every_pair(database, queries, gap_days, radii):
    data = by_position(positioned(database, queries), positive_radius_m=radii[0],
                       negative_radius_m=radii[1], minimum_time_gap_s=gap_days * DAY_S)
    for number, query in enumerate(queries):
        positives, negatives = [], []
        for index, image in enumerate(database):
            distance = math.hypot(image[0] - query[0], image[1] - query[1])
            apart_in_time = not gap_days or abs(image[2] - query[2]) >= gap_days
            if distance <= radii[0] and apart_in_time:
                positives.append(index)
            if distance > radii[1] and apart_in_time:
                negatives.append(index)
        assert data.positives[number].tolist() == positives
        assert data.negatives_of(number).tolist() == negatives
    for count in (1, 3):
        assert data.usable(count).tolist() == [
            n for n in range(len(queries))
            if len(data.positives[n]) and len(data.negatives_of(n)) >= count]


def test_an_image_is_neither_positive_nor_negative_to_itself():
    same = [ImageRef(Path(f'{i}.jpg'), f'{i}', position_m=(6.0 * i, 0.0)) for i in range(3)]
    dataset = make_dataset('self', same, same, [np.zeros(0, np.int64)] * 3, radius_m=25.0)
    data = by_position(dataset, positive_radius_m=10.0, negative_radius_m=10.0)
    assert [p.tolist() for p in data.positives] == [[1], [0, 2], [1]]
    assert [data.negatives_of(q).tolist() for q in range(3)] == [[2], [], [0]]


def test_neighbouring_months_are_a_month_apart():
    # 1 February and 1 March of a year that is no leap year
    data = by_position(positioned([(0, 0, 31), (0, 0, 59), (99, 0, 0)], [(0, 0, 31)]),
                       minimum_time_gap_s=MONTH_S)
    assert data.positives[0].tolist() == [1]
    assert data.negatives_of(0).tolist() == [2]


def test_lists_are_taken_as_they_are():
    names = [ImageRef(Path(f'{i}.jpg'), f'{i}') for i in range(5)]
    queries = [ImageRef(Path('q.jpg'), 'q'), names[3], names[1]]
    dataset = make_dataset(
        'lists', names, queries,
        [np.array([1, 3]), np.array([], np.int64), np.array([0, 1])],
        [np.array([2]), np.array([0]), np.array([], np.int64)])
    data = tuples_of(dataset)  # no radius: the lists decide
    assert [p.tolist() for p in data.positives] == [[1, 3], [], [0]]
    # an image is not negative to itself, either
    assert [data.negatives_of(q).tolist() for q in range(3)] == [[0, 4], [1, 2, 4], [2, 3, 4]]
    again = by_lists(dataset)
    assert [p.tolist() for p in again.positives] == [[1, 3], [], [0]]


def test_joined_sets_are_negative_to_each_other():
    first = by_position(positioned([(0, 0, 0), (50, 0, 0)], [(1, 0, 0)]))
    second = by_position(positioned([(0, 0, 0), (20, 0, 0)], [(1, 0, 0), (21, 0, 0)]))
    both = join([first, second])
    assert len(both.database) == 4 and len(both.queries) == 3
    assert [p.tolist() for p in both.positives] == [[0], [2], [3]]
    assert [both.negatives_of(q).tolist() for q in range(3)] == [[1, 2, 3], [0, 1], [0, 1]]
    assert join([first]) is first
    with pytest.raises(DataError, match='name at least one source'):
        join([])


def test_what_cannot_be_is_said():
    with pytest.raises(ConfigError, match='30 m for positives and 25 m'):
        by_position(positioned([(0, 0, 0)], [(0, 0, 0)]), positive_radius_m=30)
    untimed = [ImageRef(Path('a.jpg'), 'a', 10**9, (0.0, 0.0))]
    dataset = make_dataset('x', untimed, untimed, [np.zeros(0, np.int64)], radius_m=25.0)
    assert tuples_of(dataset)
    with pytest.raises(DataError, match='do not say when they were taken'):
        tuples_of(dataset, minimum_time_gap_s=MONTH_S)
    nowhere = [ImageRef(Path('a.jpg'), 'a')]
    dataset = make_dataset('x', nowhere, nowhere, [np.zeros(0, np.int64)], radius_m=25.0)
    with pytest.raises(DataError, match=r'a\.jpg has no position'):
        tuples_of(dataset)
