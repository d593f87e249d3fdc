# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of several kinds in one recipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.data import FrameTable
from training.frames import load_frames, load_tuple_data
from training.recipe import Recipe
from training.recipe_file import parse_recipe
from vpr_ros.errors import ConfigError


@pytest.fixture
def recipe(tmp_path) -> Recipe:
    """Two drives past six places as a posed folder, and three places as a data set."""
    rows = ['file,environment,space,x,y,heading,drive']
    rows += [f'{d}_{n}.jpg,site,map,{5 * n},0,,{d}' for d in 'ab' for n in range(6)]
    (tmp_path / 'drives').mkdir()
    (tmp_path / 'drives' / 'frames.csv').write_text('\n'.join(rows) + '\n')
    for part in ('database', 'queries'):
        folder = tmp_path / 'city' / 'images' / 'train' / part
        folder.mkdir(parents=True)
        for number in range(3):
            (folder / f'@{15 * number}@0@.jpg').touch()
    return parse_recipe({'sources': [
        {'kind': 'utm', 'path': str(tmp_path / 'city'), 'options': {'split': 'train'}},
        {'kind': 'posed', 'path': str(tmp_path / 'drives')},
    ], 'tuples': {'positive_radius_m': 16.0, 'negative_radius_m': 20.0}})


def test_frames_of_all_sources(recipe):
    frames = load_frames(recipe)
    table = FrameTable(frames)
    assert len(frames) == 6 + 12
    assert set(table.environment_names) == {'city', 'site'}
    relation = table.relation(np.arange(18), np.arange(18))
    assert (relation[:6, 6:] == -1).all()


def test_tuples_of_all_sources(recipe):
    data = load_tuple_data(recipe)
    names = [f'{path.parent.name}/{path.name}' for path in data.database]
    asked = [Path(path).name for path in data.queries]
    assert len(names) == 3 + 12 and len(asked) == 3 + 12
    # the radii of the recipe hold for the data set: 15 m is positive, 30 m negative
    assert [data.positives[q].tolist() for q in range(3)] == [[0, 1], [0, 1, 2], [1, 2]]
    assert data.negatives_of(0).tolist() == list(range(2, 15))
    # drives are positive to each other alone, and negative to the data set
    first = asked.index('a_0.jpg')
    assert [names[i] for i in data.positives[first]] == ['drives/b_0.jpg']
    assert data.negatives_of(first)[:3].tolist() == [0, 1, 2]


def test_options_are_checked(recipe, tmp_path):
    wrong = parse_recipe({'sources': [
        {'kind': 'posed', 'path': str(tmp_path / 'drives'), 'options': {'split': 'train'}}]})
    with pytest.raises(ConfigError, match="has the option 'split'; known: none"):
        load_frames(wrong)
