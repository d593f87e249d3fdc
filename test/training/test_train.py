# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training itself, on a handful of images: it learns, and a killed run ends like another."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
import signal
import subprocess
import sys
import time

import cv2
from helpers import ROOT
import numpy as np
import pytest
import torch

from training import checkpoint
from training.cli import main
from training.model import Architecture
from training.recipe import Recipe, Source, dump_recipe, load_recipe, parse_recipe
from training.train import Trainer, learning_rate_factor
from vpr_ros.errors import ConfigError, ImageError, ModelError


@pytest.fixture(scope='module')
def pictures(tmp_path_factory) -> Path:
    """Two drives past the same eight places, as a posed folder; each place has its own pattern."""
    root = tmp_path_factory.mktemp('pictures')
    rng = np.random.default_rng(0)
    rows = ['file,environment,space,x,y,heading']
    for place in range(8):
        pattern = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (128, 96))
        for drive in range(2):
            seen = np.clip(pattern + rng.normal(0, 12, pattern.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(root / f'{place}_{drive}.png'), seen)
            rows.append(f'{place}_{drive}.png,world,street,{5 * place},0,0.1')
    (root / 'frames.csv').write_text('\n'.join(rows) + '\n')
    return root


@pytest.fixture
def recipe(pictures) -> Recipe:
    return Recipe(
        architecture=Architecture(reduced=16, clusters=4, dim=12),
        sources=(Source('posed', str(pictures)),), loss_options={'scale': 7.0},
        height=48, width=64, places=4, negatives=2, steps=6, warmup=2, decay=2, validate_every=2,
        backbone_rate=1e-3, head_rate=1e-3,
    )


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in one order: the same weights to the bit need the same number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_a_resumed_run_equals_an_undisturbed_one(recipe, tmp_path):
    whole, parted = tmp_path / 'whole', tmp_path / 'parted'
    Trainer(recipe, whole, lambda _: None).run()
    trainer = Trainer(recipe, parted, lambda _: None)
    for _ in range(4):
        trainer.train_step()
    trainer._validate_and_save(0.0)
    trainer.train_step()  # lost with the kill
    Trainer(recipe, parted, lambda _: None).run()
    first, second = (checkpoint.load(folder / 'last.pt') for folder in (whole, parted))
    assert all(torch.isfinite(value).all() for value in first['network'].values())
    assert first['step'] == second['step'] == 6
    for part in ('network', 'average'):
        for name, value in first[part].items():
            assert torch.equal(value, second[part][name]), (part, name)
    assert torch.equal(first['memory'], second['memory'])


def test_a_run_killed_with_9_goes_on_to_the_same_weights(recipe, tmp_path):
    path = tmp_path / 'recipe.yaml'
    path.write_text(dump_recipe(recipe))

    def command(out: str) -> list[str]:
        return [sys.executable, '-m', 'training', 'train', '--recipe', str(path), '--out',
                str(tmp_path / out)]

    environment = {'OMP_NUM_THREADS': '1', 'PATH': '/usr/bin:/bin'}
    killed = subprocess.Popen(command('killed'), cwd=ROOT, env=environment, text=True,
                              stdout=subprocess.PIPE)
    assert killed.stdout is not None
    for text in killed.stdout:
        if 'validation' in text:  # a checkpoint is about to be, or just being, written
            break
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    subprocess.run(command('killed'), cwd=ROOT, env=environment, check=True, capture_output=True)
    subprocess.run(command('whole'), cwd=ROOT, env=environment, check=True, capture_output=True)
    first, second = (checkpoint.load(tmp_path / out / 'last.pt') for out in ('killed', 'whole'))
    assert all(torch.equal(first['network'][name], value)
               for name, value in second['network'].items())


@pytest.mark.parametrize('learn_projection', [False, True])
def test_steps_move_the_projection_only_where_it_is_learnt(
    recipe, tmp_path, monkeypatch, learn_projection
):
    recipe = dataclasses.replace(recipe, steps=25, decay=0, backbone_rate=3e-4,
                                 learn_projection=learn_projection)
    trainer = Trainer(recipe, tmp_path, lambda _: None)
    projection = trainer.network.projection.weight.detach().clone()
    batch = trainer.make_batch()
    monkeypatch.setattr(trainer, 'make_batch', lambda: batch)
    losses = [trainer.train_step() for _ in range(25)]
    assert np.isfinite(losses).all()
    assert torch.equal(projection, trainer.network.projection.weight) != learn_projection
    if not learn_projection:  # as the recipes train; it learns the batch
        assert np.mean(losses[-5:]) < 0.6 * losses[0]


def test_an_unreadable_image_stops_the_run_with_its_name(recipe, pictures, tmp_path):
    root = tmp_path / 'broken'
    root.mkdir()
    for file in pictures.iterdir():
        (root / file.name).write_bytes(file.read_bytes())
    (root / '3_1.png').write_bytes(b'no image')
    broken = dataclasses.replace(recipe, sources=(Source('posed', str(root)),))
    with pytest.raises(ImageError, match=r'3_1\.png cannot be read'):
        Trainer(broken, tmp_path / 'run', lambda _: None)


def test_rate_rises_stays_and_falls():
    recipe = Recipe(steps=10, warmup=2, decay=4)
    found = [learning_rate_factor(recipe, step) for step in range(10)]
    assert found == [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]


def test_recipes_read_back_and_refuse_what_they_do_not_know(tmp_path):
    path = tmp_path / 'recipe.yaml'
    recipe = Recipe(sources=(Source('donkey', 'somewhere'),), loss_options={'scale': 2.0})
    path.write_text(dump_recipe(recipe))
    assert load_recipe(path) == recipe
    for raw, message in [
        ({'stepz': 3}, "unknown key 'stepz'"), ({'steps': 0}, 'steps is 0'),
        ({'loss': 'hinge'}, "loss 'hinge'; known: sare_ind"),
        ({'architecture': {'depth': 3}}, "architecture: unknown key 'depth'"),
        ({'centred_share': 2}, 'centred_share is 2'), ([], 'expected a mapping'),
    ]:
        with pytest.raises(ConfigError, match=message):
            parse_recipe(raw)
    for shipped in (ROOT / 'training' / 'recipes').glob('*.yaml'):
        load_recipe(shipped)


def test_checkpoints_with_code_in_them_are_refused(tmp_path):
    path = tmp_path / 'evil.pt'
    torch.save({'network': time.sleep}, path)
    with pytest.raises(ModelError, match='cannot be read'):
        checkpoint.load(path)


def test_command_line_from_cluster_to_export(recipe, pictures, tmp_path, capsys):
    path = tmp_path / 'recipe.yaml'
    path.write_text(dump_recipe(recipe))
    data = tmp_path / 'data'
    for folder in ('database', 'queries'):
        (data / folder).mkdir(parents=True)
    rows = ['query,correct_database']
    for place in range(8):
        for drive, folder in enumerate(('database', 'queries')):
            source = pictures / f'{place}_{drive}.png'
            (data / folder / f'{place}.png').write_bytes(source.read_bytes())
        rows.append(f'{place}.png,{place}.png')
    (data / 'ground_truth.csv').write_text('\n'.join(rows) + '\n')

    out = tmp_path / 'run'
    assert main(['cluster', '--recipe', str(path), '--out', str(out)]) == 0
    initial = str(out / 'initial.pt')
    size = ['--height', '48', '--width', '64']
    assert main(['whiten', '--recipe', str(path), '--model', initial, '--power', '0',
                 '--out', str(out / 'whitened.pt')]) == 0
    mean = out / 'mean.pt'
    assert main(['average', f'{initial}:0.25', f'{out / "whitened.pt"}:0.75', '--out',
                 str(mean)]) == 0
    weights = [checkpoint.load_network(path).projection.weight
               for path in (out / 'initial.pt', out / 'whitened.pt', mean)]
    torch.testing.assert_close(0.25 * weights[0] + 0.75 * weights[1], weights[2])
    assert main(['average', f'{initial}:0.5', f'{initial}:0.6', '--out', str(mean)]) == 1
    assert 'add up to 1.1' in capsys.readouterr().err
    results = tmp_path / 'results.json'
    assert main(['evaluate', str(data), '--model', initial, '--json', str(results), *size]) == 0
    assert json.loads(results.read_text())['data']['centred']['5'] == 1.0
    model = tmp_path / 'tiny.onnx'
    assert main(['export', '--model', initial, '--recipe', str(path), '--out', str(model),
                 '--check-images', str(data), '--results', str(results), *size]) == 0
    assert main(['evaluate', str(data), '--model', str(model)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith('/1.000/1.000')
    assert main(['evaluate', str(data), '--model', str(tmp_path / 'none.pt')]) == 1
    assert capsys.readouterr().err.startswith('error: checkpoint')
