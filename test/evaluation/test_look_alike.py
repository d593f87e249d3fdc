# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Walks in maps without their places: what is counted, and what the fit learns from them."""

from __future__ import annotations

import json

import cv2
from helpers import place_image, tiny_model
import numpy as np
import pytest

from vpr_ros.cli.main import main
from vpr_ros.errors import DataError
from vpr_ros.evaluation.calibrate import samples_of_file
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.look_alike import figures_of, look_alike, pair_of, walk_of
from vpr_ros.model import load_model
from vpr_ros.settings import Settings

FRAMES = 12
# The tiny model knows no probability: accept by similarity.
BY_SIMILARITY = Settings(min_probability=0.0, min_similarity=0.99, min_sequence_support=0.0,
                         context_keyframes=0)


@pytest.fixture(scope='module')
def tower(tmp_path_factory):
    """Three floors: the second looks just like the first, the third like neither."""
    folder = tmp_path_factory.mktemp('tower')
    (folder / 'frames').mkdir()
    rows = ['file,split,floor,area,clip,second']
    for floor, first in (('one', 0), ('two', 0), ('three', 40)):
        for second in range(FRAMES):
            name = f'{floor}_{second:02d}.png'
            picture = cv2.cvtColor(place_image(first + second), cv2.COLOR_RGB2BGR)
            cv2.imwrite(str(folder / 'frames' / name), picture)
            split = 'query' if second % 4 == 3 else 'database'
            rows.append(f'{name},{split},{floor},hall,{floor}_hall,{second}')
    (folder / 'frames.csv').write_text('\n'.join(rows) + '\n')
    return folder


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return load_model(str(tiny_model(tmp_path_factory.mktemp('model'))), provider='cpu')


def test_a_walk_has_all_images_of_its_part_in_order(tower):
    walk = walk_of(load_dataset(tower), 'two')
    assert [image.path.name for image in walk] == [f'two_{i:02d}.png' for i in range(FRAMES)]


def test_copies_of_places_are_accepted_and_others_are_not(tower, model):
    dataset = load_dataset(tower)
    results = look_alike(dataset, [('one', 'two'), ('one', 'three')], model, BY_SIMILARITY)
    assert [len(result.recognitions) for result in results] == [FRAMES, FRAMES]
    assert all(r.accepted for r in results[0].recognitions)
    assert not any(r.accepted for r in results[1].recognitions)
    assert not any(r.place_id for result in results for r in result.recognitions)
    figures = figures_of(results, dataset, model, BY_SIMILARITY)
    assert figures['frames'] == 2 * FRAMES
    assert figures['accepted']['0'] == {
        'frames': FRAMES, 'share': 0.5, 'interval_95': pytest.approx((0.3, 0.7), abs=0.05)}
    assert figures['pairs'][0]['reasons'] == {'ACCEPTED': FRAMES}


def test_the_threshold_is_that_of_the_probability(tower, model):
    dataset, settings = load_dataset(tower), Settings(min_sequence_support=0.0)
    results = look_alike(dataset, [('one', 'two')], model, settings)
    probabilities = np.asarray([r.probability for r in results[0].recognitions])
    accepted = figures_of(results, dataset, model, settings)['accepted']
    assert f'{settings.min_probability:g}' in accepted
    for least, row in accepted.items():
        assert row['frames'] == (probabilities >= float(least)).sum()


def test_the_command_prints_the_share_and_its_file_is_one_to_fit_to(tower, tmp_path, capsys):
    path, out = tiny_model(tmp_path), tmp_path / 'result.json'
    words = ['look-alike', tower, 'one:two', '--model', path, '--json', out,
             '--set', 'min_probability=0.9']
    assert main([str(word) for word in words]) == 0
    assert 'accepted at min_probability 0.9:' in capsys.readouterr().out
    samples = samples_of_file(out)
    assert len(samples) == FRAMES
    assert not any(row['true'] for row in samples)
    assert json.loads(out.read_text())['kind'] == 'look_alike'


@pytest.mark.parametrize('text', ['one', 'one:', ':two', 'one:one'])
def test_what_is_no_pair(text):
    with pytest.raises(DataError, match='MAPPED:WALKED'):
        pair_of(text)


def test_an_unknown_part_is_named_with_those_there_are(tower):
    with pytest.raises(DataError, match="no part 'nine'; it names one, three, two"):
        walk_of(load_dataset(tower), 'nine')
