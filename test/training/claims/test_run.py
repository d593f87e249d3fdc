# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole comparison on towns that are painted instead of rendered: it runs, and goes on."""

from __future__ import annotations

import dataclasses
import json

import cv2
import numpy as np
import pytest

from training.claims import cells as cells_module
from training.claims.cells import Cell, cell_file, cells_of, read_cells
from training.claims.run import make_page, run_claims
from training.claims.scale import keep_scale, QUICK
from training.claims.tower import shrink_tower
from training.claims.towns import TRAINED
from training.claims.variants import recipe_of, VARIANTS
from training.cli import main
from training.images import read_rgb
from training.sources import ie_tower
from vpr_ros.errors import ConfigError, DataError

TINY = dataclasses.replace(QUICK, weights='', tower='')


def paint(root, town, drives):
    """Ten places in a row, each with a pattern of its own, seen once in every drive."""
    rng = np.random.default_rng(town)
    root.mkdir(parents=True)
    rows = ['file,environment,space,x,y,heading,drive']
    for place in range(10):
        pattern = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (64, 48))
        for drive in drives:
            seen = np.clip(pattern + rng.normal(0, 12, pattern.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(root / f'{drive}_{place}.png'), seen)
            rows.append(f'{drive}_{place}.png,town/{town},map,{0.9 * place},0,0.1,{drive}')
    (root / 'frames.csv').write_text('\n'.join(rows) + '\n')


@pytest.fixture(scope='module')
def done(tmp_path_factory):
    """Finish a run of all cells."""
    folder = tmp_path_factory.mktemp('claims')
    paint(folder / 'towns' / 'trained', 300, TRAINED)
    paint(folder / 'towns' / 'held_out', 400, ('day', 'night', 'fog', 'snow'))
    run_claims(folder, TINY, [''], lambda _: None)
    return folder


def test_every_cell_is_there_and_the_page_is_made_of_them(done):
    found = read_cells(done)
    assert {(cell.variant, cell.seed) for cell in found} == set(cells_of(TINY))
    assert {cell.dim for cell in found} == {512, 512 * TINY.clusters}
    assert all(len(cell.hits['night'][1]) == 10 and len(cell.hits['unseen weather'][5]) == 20
               for cell in found)
    text = make_page(done, TINY)
    assert 'not run' not in text.replace('0 were not run', '')
    assert 'Done: 11 of 11 cells' in text and 'ie_tower' not in text.partition('## Claims')[0]


def test_trainings_with_one_seed_begin_with_the_same_clusters_and_end_apart(done):
    recipes = {key: recipe_of(VARIANTS[key], TINY, done, 0, done / 'first' / 'netvlad_0.pt')
               for key in ('netvlad_shelf', 'triplet', 'sare_joint')}
    assert len({recipe.initial_checkpoint for recipe in recipes.values()}) == 1
    ends = [json.loads((done / 'runs' / f'{key}_0' / 'metrics.jsonl').read_text()
                       .splitlines()[-1]) for key in ('triplet', 'contrastive', 'sare_joint')]
    assert {end['step'] for end in ends} == {TINY.steps}
    assert len({end['loss'] for end in ends}) == 3


def test_what_is_there_is_not_run_again_and_what_is_missing_is(done, monkeypatch):
    ran = []
    real = cells_module.Trainer

    def counted(recipe, folder, report):
        ran.append(folder.name)
        return real(recipe, folder, report)

    monkeypatch.setattr(cells_module, 'Trainer', counted)
    run_claims(done, TINY, [''], lambda _: None)
    assert ran == []
    file = cell_file(done, 'random', 0)
    before = json.loads(file.read_text())
    file.unlink()
    run_claims(done, TINY, ['sare', 'triplet'], lambda _: None)
    assert ran == [] and 'not run' in make_page(done, TINY).replace('were not run', '')
    run_claims(done, TINY, ['random_0'], lambda _: None)
    assert ran == ['random_0']
    assert json.loads(file.read_text())['hits'] == before['hits']  # goes on from its last step


def test_another_scale_needs_another_folder(done):
    with pytest.raises(ConfigError, match='clusters: 4, now it is 8; name another folder'):
        keep_scale(done, dataclasses.replace(TINY, clusters=8))
    with pytest.raises(ConfigError, match='now it is 8'):
        make_page(done, dataclasses.replace(TINY, clusters=8))


def test_a_damaged_scale_is_named(tmp_path):
    (tmp_path / 'scale.json').write_text('{')
    with pytest.raises(ConfigError, match=r'scale\.json is damaged'):
        keep_scale(tmp_path, TINY)


def test_a_damaged_cell_is_named(tmp_path):
    file = cell_file(tmp_path, 'triplet', 0)
    file.parent.mkdir()
    for text in ('{', '[]', '{"variant": "triplet", "hits": {}}'):
        file.write_text(text)
        with pytest.raises(DataError, match=r'triplet_0\.json is no cell'):
            read_cells(tmp_path)
    file.write_text(json.dumps({'variant': 'triplet', 'seed': 0, 'dim': 8, 'cpu_s': 1.5,
                                'hits': {'night': {'1': [0, 1], '5': [1, 1]}}}))
    assert read_cells(tmp_path) == [
        Cell('triplet', 0, {'night': {1: [0, 1], 5: [1, 1]}}, 8, 1.5)]
    assert read_cells(tmp_path)[0].recall('night') == 0.5


@pytest.mark.parametrize(('arguments', 'sentence'), [
    (['--weights', 'nowhere.onnx', '--without-tower'], 'the weights nowhere.onnx are missing'),
    (['--weights', '', '--tower', 'nowhere'], 'nowhere holds no frames.csv'),
])
def test_what_is_missing_is_said_before_anything_is_drawn(tmp_path, capsys, arguments, sentence):
    assert main(['claims', '--out', str(tmp_path / 'new'), '--quick', *arguments]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / 'new').exists()


def test_the_verb_prints_the_page_of_what_is_there(done, capsys, tmp_path):
    arguments = ['claims', '--out', str(done), '--quick', '--weights', '', '--without-tower']
    assert main([*arguments, '--table', '--page', str(tmp_path / 'claims.md')]) == 0
    assert capsys.readouterr().out == make_page(done, TINY)
    assert (tmp_path / 'claims.md').read_text() == make_page(done, TINY)


def test_held_out_floors_are_never_trained_on(tmp_path):
    source = tmp_path / 'source'
    (source / 'frames').mkdir(parents=True)
    rows = ['file,split,floor,area,clip,second']
    for floor in ('floor3', 'floor5', 'floor7'):
        rows.append(f'{floor}.jpg,database,{floor},a,c_{floor},1')
        cv2.imwrite(str(source / 'frames' / f'{floor}.jpg'), np.full((40, 60, 3), 90, np.uint8))
    (source / 'frames.csv').write_text('\n'.join(rows) + '\n')
    scale = dataclasses.replace(TINY, tower=str(source), tower_floors=('floor3',))
    shrink_tower(tmp_path / 'tower', scale)
    recipe = recipe_of(VARIANTS['triplet'], scale, tmp_path, 0)
    tower = next(source for source in recipe.sources if source.kind == 'ie_tower')
    frames = ie_tower(tmp_path / 'tower', without_floors=tower.without_floors)
    assert [frame.environment for frame in frames] == ['ie_tower/floor3']
    assert read_rgb(frames[0].path).shape == (scale.height, scale.width, 3)
    assert (tmp_path / 'tower' / 'frames' / 'floor5.png').is_file()
    assert not (tmp_path / 'tower' / 'frames' / 'floor7.png').exists()
