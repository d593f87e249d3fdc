# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training itself, on a handful of images: it learns, stops, and says what is wrong."""

from __future__ import annotations

import dataclasses
import json
import time

import numpy as np
import pytest
import torch
from training_runs import places_recipe, tuples_recipe

from training import checkpoint  # noqa: I100
from training.augmentations import TRANSFORMS
from training.cli import main
from training.model import Architecture
from training.recipe import Recipe, Source
from training.recipe_file import dump_recipe
from training.train import Trainer
from vpr_ros.errors import ConfigError, ImageError, ModelError


@pytest.fixture
def recipe(pictures) -> Recipe:
    return places_recipe(pictures)


@pytest.fixture(autouse=True)
def _deterministic(one_thread):
    """See :func:`one_thread`."""


@pytest.mark.parametrize('learn_projection', [False, True])
def test_steps_move_the_projection_only_where_it_is_learnt(
    recipe, tmp_path, monkeypatch, learn_projection
):
    recipe = dataclasses.replace(recipe, steps=25, decay=0, backbone_rate=3e-4,
                                 learn_projection=learn_projection)
    trainer = Trainer(recipe, tmp_path, lambda _: None)
    projection = trainer.network.projection.weight.detach().clone()
    batch = trainer.make_batch(0)
    monkeypatch.setattr(trainer, 'make_batch', lambda step: batch)
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


@pytest.mark.parametrize('choice', [
    {'aggregation': 'gem', 'dim': 0}, {'aggregation': 'gem', 'projected': 8, 'dim': 0},
    {'aggregation': 'rmac', 'reduced': 0, 'dim': 0}, {'assignment_bias': True},
    {'backbone': 'resnet18conv4'}, {'backbone': 'mobilenetv3conv4'},
    {'backbone': 'cct14_384', 'aggregation': 'seqpool', 'reduced': 0, 'dim': 0},
], ids=lambda choice: '-'.join(map(str, choice.values())))
def test_trains_with_any_backbone_and_aggregation(pictures, tmp_path, choice):
    architecture = Architecture(**{'reduced': 8, 'clusters': 2, 'dim': 4, **choice})
    recipe = places_recipe(pictures, architecture=architecture, steps=1, validate_every=1,
                           places=2, precision='float32', average=0.0)
    trainer = Trainer(recipe, tmp_path, lambda _: None)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    trainer.run()
    found = checkpoint.load_network(tmp_path / 'last.pt')
    image = torch.randint(0, 256, (2, 48, 64, 3), dtype=torch.uint8)
    assert found(image).shape == (2, found.dim)
    torch.testing.assert_close(found(image).norm(dim=1), torch.ones(2))
    moved = {name for name, value in before.items()
             if value.is_floating_point() and not torch.equal(value, found.state_dict()[name])}
    assert any(name.startswith('backbone.') for name in moved)
    assert not any('running' in name for name in moved)  # batch statistics are frozen


def test_training_from_a_layer_leaves_those_before_it(pictures, tmp_path):
    recipe = places_recipe(pictures, train_from='fire7', steps=2, average=0.0)
    trainer = Trainer(recipe, tmp_path, lambda _: None)
    before = {k: v.clone() for k, v in trainer.network.backbone.state_dict().items()}
    trainer.run()
    after = trainer.network.backbone.state_dict()
    frozen = {name for name in before if int(name.split('.')[1]) < 10}
    assert frozen
    for name, value in before.items():
        assert torch.equal(value, after[name]) == (name in frozen), name


def test_crn_begins_where_a_netvlad_ended_and_learns_a_mask(pictures, tmp_path):
    first = places_recipe(pictures, steps=2)
    Trainer(first, tmp_path / 'netvlad', lambda _: None).run()
    second = dataclasses.replace(
        first, architecture=dataclasses.replace(first.architecture, aggregation='crn'),
        initial_checkpoint=str(tmp_path / 'netvlad' / 'last.pt'), average=0.0, warmup=0, decay=0)
    trainer = Trainer(second, tmp_path / 'crn', lambda _: None)
    learnt = checkpoint.load(tmp_path / 'netvlad' / 'last.pt')['average']
    begun = trainer.network.state_dict()
    assert all(torch.equal(value, begun[name]) for name, value in learnt.items())
    groups = {id(g['params'][0]): g['initial_lr'] for g in trainer.optimizer.param_groups}
    mask = dict(trainer.network.aggregation.crn.named_parameters())
    assert groups[id(mask['filter_3_3.weight'])] == second.mask_rate
    before = mask['filter_3_3.weight'].detach().clone()
    trainer.run()
    assert not torch.equal(before, mask['filter_3_3.weight'])
    assert (mask['acc_w.weight'] == 1).all()  # a plain sum, never trained
    with pytest.raises(ModelError, match=r"has clusters: 4, the recipe's architecture 8"):
        wrong = dataclasses.replace(second.architecture, aggregation='netvlad', clusters=8)
        Trainer(dataclasses.replace(second, architecture=wrong), tmp_path / 'x', lambda _: None)


@pytest.mark.parametrize('augmentation', [(name,) for name in ('heavy', *TRANSFORMS)])
@pytest.mark.parametrize('make', [places_recipe, tuples_recipe])
def test_batches_of_both_kinds_are_augmented(pictures, tmp_path, augmentation, make):
    recipe = make(pictures, augmentation=augmentation)
    trainer = Trainer(recipe, tmp_path, lambda _: None)
    trainer.batches.prepare(0)
    batch, images = trainer.make_batch(0)
    assert images.shape == (batch.size, 48, 64, 3) and images.dtype == torch.uint8
    again = trainer.make_batch(0)[1]
    assert torch.equal(images, again)  # a step is drawn the same every time


@pytest.mark.parametrize(('loss', 'options'), [
    ('triplet', {'margin': 0.2}), ('sare_ind', {'kernel': 'cauchy'}), ('contrastive', {}),
    ('sare_joint', {'kernel': 'exponential'}), ('n_pair', {}), ('angular', {'degrees': 40}),
    ('lifted_structure', {}), ('ratio', {}), ('geo_classification', {'cell': 2.0}),
])
def test_every_loss_trains(pictures, tmp_path, loss, options):
    for make in (places_recipe, tuples_recipe):
        if make is tuples_recipe and loss == 'geo_classification':
            continue
        recipe = make(pictures, loss=loss, loss_options=options)
        trainer = Trainer(recipe, tmp_path / make.__name__, lambda _: None)
        before = trainer.network.aggregation.centroids.detach().clone()
        assert np.isfinite([trainer.train_step() for _ in range(2)]).all()
        assert not torch.equal(before, trainer.network.aggregation.centroids)


def test_a_run_stops_when_recall_is_not_better(pictures, tmp_path, monkeypatch):
    recipe = places_recipe(pictures, steps=40, validate_every=2, patience=3)
    lines: list[str] = []
    trainer = Trainer(recipe, tmp_path, lines.append)
    scores = iter([0.5, 0.5, 0.6, 0.6, 0.55, 0.6, 0.9])
    monkeypatch.setattr(trainer, 'validate', lambda: {'5': next(scores), '1': 0.0})
    trainer.run()
    assert trainer.step == 12 and next(scores) == 0.9
    assert checkpoint.load(tmp_path / 'best.pt')['step'] == 6
    assert 'stopped at step 12' in lines[-1]
    assert Trainer(recipe, tmp_path, lambda _: None).finished  # started again, it stays so


def test_recipes_of_another_run_are_refused(pictures, tmp_path):
    recipe = places_recipe(pictures, steps=2)
    Trainer(recipe, tmp_path, lambda _: None).run()
    longer = dataclasses.replace(recipe, steps=4)
    assert Trainer(longer, tmp_path, lambda _: None).step == 2
    with pytest.raises(ConfigError, match=r'head_rate: 0\.001, this recipe has 0\.5'):
        Trainer(dataclasses.replace(recipe, head_rate=0.5), tmp_path, lambda _: None)


def test_float16_needs_a_gpu(pictures, tmp_path):
    with pytest.raises(ConfigError, match='take bfloat16 or float32'):
        Trainer(places_recipe(pictures, precision='float16'), tmp_path, lambda _: None)
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match='this machine has 0 GPUs'):
            Trainer(places_recipe(pictures, device='cuda'), tmp_path, lambda _: None)


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
