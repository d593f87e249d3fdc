# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of a data set by condition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import Dataset, ImageRef
from vpr_ros.evaluation.selection import select_conditions


def dataset():
    def refs(names):
        return tuple(ImageRef(Path(name), name, condition=name[0] if name[0] != '_' else '')
                     for name in names)

    return Dataset('halls', refs(['a1', 'b1', 'a2', '_']), refs(['a', 'b', '_q']),
                   (np.array([0, 2]), np.array([1]), np.array([1, 3])),
                   (np.array([3]), np.array([0, 3]), np.array([0])))


def names(refs):
    return [ref.name for ref in refs]


def test_nothing_named_is_the_whole_data_set():
    whole = dataset()
    assert select_conditions(whole) is whole


def test_what_is_left_out_is_left_out_of_the_truth_too():
    found = select_conditions(dataset(), without=['a'])
    assert names(found.database) == ['b1', '_']
    assert names(found.queries) == ['b', '_q']
    assert [one.tolist() for one in found.positives] == [[0], [0, 1]]
    assert [one.tolist() for one in found.ignored] == [[1], []]


def test_only_keeps_images_whose_condition_is_not_named():
    found = select_conditions(dataset(), only=['a'])
    assert names(found.database) == ['a1', 'a2', '_']
    assert names(found.queries) == ['a', '_q']
    assert [one.tolist() for one in found.positives] == [[0, 1], [2]]


def test_an_unknown_condition_and_an_empty_rest_are_said():
    with pytest.raises(DataError, match="no condition 'c'; it has a, b"):
        select_conditions(dataset(), without=['c'])
    both = Dataset('d', dataset().database[:3], dataset().queries[:2], dataset().positives[:2],
                   dataset().ignored[:2])
    with pytest.raises(DataError, match='0 database images'):
        select_conditions(both, without=['a', 'b'])
