# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real descriptors among synthetic ones: where they stand, what is asked of them."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
from helpers import place_image, tiny_model
import numpy as np
import pytest

from vpr_ros.assembly import model_identity
from vpr_ros.bench import scale, scale_report
from vpr_ros.bench.scale_data import drives, Look, unit
from vpr_ros.bench.scale_real import load_real, mixed, Real
from vpr_ros.errors import ConfigError
from vpr_ros.model import load_model, Model
from vpr_ros.place_map import ModelIdentity, PlaceMap

LOOK = Look.synthetic(64)


def described(count: int, asked: int) -> Real:
    """Return places and noisy views of the first of them; the second place is neutral."""
    random = np.random.default_rng(7)
    rows = unit(random.standard_normal((count, 64)).astype(np.float32))
    views = unit(rows[:asked] + 0.03 * random.standard_normal((asked, 64)).astype(np.float32))
    right = tuple(np.array([i]) for i in range(asked))
    return Real(('real',), rows.astype(np.float16), views.astype(np.float16), right,
                (np.array([1]),) * asked)


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Model]:
    """Make a data set of five images and a model."""
    folder = tmp_path_factory.mktemp('scene')
    for part in ('database', 'queries'):
        (folder / part).mkdir()
        for number in range(5):
            cv2.imwrite(str(folder / part / f'{number}.png'), place_image(number)[..., ::-1])
    with (folder / 'ground_truth.csv').open('w', newline='') as stream:
        csv.writer(stream).writerows([['query', 'correct_database'],
                                      *([f'{n}.png', f'{n}.png'] for n in range(5))])
    return folder, load_model(str(tiny_model(folder)), provider='cpu')


def test_real_places_stand_evenly_and_the_rest_is_as_before() -> None:
    real = described(30, 10)
    rows = real.rows_among(45_000)
    assert len(set(rows.tolist())) == 30 and rows.min() >= 0 and rows.max() < 45_000
    assert np.ptp(np.diff(rows)) <= 1
    found = np.concatenate(list(mixed(LOOK, 45_000, real)))
    np.testing.assert_array_equal(found[rows].astype(np.float16), real.database)
    plain = np.concatenate(list(drives(LOOK, 45_000)))
    np.testing.assert_array_equal(np.delete(found, rows, 0), np.delete(plain, rows, 0))
    assert len(real.rows_among(59)) == 0 and len(real.rows_among(60)) == 30


def test_real_queries_are_counted_apart_and_kept_maps_are_used_again(tmp_path: Path) -> None:
    real = described(30, 20)
    rows = scale.measure([1000], tmp_path, kinds=('binary',), look=LOOK, real=real, queries=15,
                         keep=True)
    [row] = rows
    assert row['synthetic']['queries'] == 15
    found = row['real']
    assert found['queries'] == 10 == found['with_right']  # every second
    assert found['top1_in_100'] == found['top1_first'] == 1.0
    assert found['right_first'] == 1.0
    [path] = tmp_path.glob('*.vprmap')
    before = path.stat().st_mtime_ns
    scale.measure([1000], tmp_path, kinds=('binary',), look=LOOK, real=real, queries=15, keep=True)
    assert path.stat().st_mtime_ns == before and len(list(tmp_path.glob('*.vprmap'))) == 1
    assert ' 1.0000 ' in scale_report.table(rows)


def test_a_wrong_first_answer_is_not_right_and_a_neutral_one_is_passed_over(
    tmp_path: Path
) -> None:
    real = described(30, 4)
    wrong = Real(real.names, real.database, real.queries,
                 (np.array([0]), np.array([2]), np.array([9]), np.array([], np.int64)),
                 real.neutral)
    [row] = scale.measure([1000], tmp_path, look=LOOK, real=wrong, queries=4)
    # query 0 is right; 1 finds the neutral place first and then something else; 2 is wrong
    assert (row['real']['with_right'], row['real']['right_first']) == (3, 1 / 3)
    assert not list(tmp_path.iterdir())


def test_data_sets_and_maps_are_described(scene: tuple[Path, Model], tmp_path: Path) -> None:
    folder, model = scene
    path = tmp_path / 'site.vprmap'
    with PlaceMap.create(path, model_identity(model)) as place_map:
        for number in range(23):
            descriptor = model.describe(place_image(number)).global_descriptor
            place_map.add(descriptor, stamp_ns=number + 1)
    told: list[tuple[int, int, str]] = []
    real = load_real([folder, path], model, progress=lambda *facts: told.append(facts))
    assert told[-1][:2] == (10, 10)
    assert real.names == (folder.name, 'site')
    assert (len(real.database), len(real.queries)) == (5 + 21, 5 + 2)
    assert [rows.tolist() for rows in real.right] == [[0], [1], [2], [3], [4], [], []]
    for number in range(5):
        wanted = model.describe(place_image(number)).global_descriptor.astype(np.float16)
        np.testing.assert_array_equal(real.database[number], wanted)
        np.testing.assert_array_equal(real.queries[number], wanted)
    with PlaceMap.create(tmp_path / 'other.vprmap', ModelIdentity('other', 'ab' * 32, 4)):
        pass
    with pytest.raises(ConfigError, match=r"was built by model 'other' \(abababababab\), but"):
        load_real([tmp_path / 'other.vprmap'], model)
