# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run that was killed and started again ends exactly like one that was left alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
import signal
import subprocess
from typing import Any

from helpers import ROOT
import pytest
import torch
from training_runs import command, ENVIRONMENT, places_recipe, tuples_recipe

from training import checkpoint  # noqa: I100
from training.recipe import Recipe
from training.train import Trainer

pytestmark = pytest.mark.usefixtures('one_thread')


def same(one: Any, other: Any, where: str = 'state') -> None:
    """Assert that two checkpoints are equal to the bit, time aside."""
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for name in one.keys() - {'seconds'}:
            same(one[name], other[name], f'{where}.{name}')
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), where
        for number, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f'{where}[{number}]')
    else:
        assert one == other, where


def metrics(folder: Path) -> list[dict[str, Any]]:
    """Lines of the metrics without the time they took."""
    lines = map(json.loads, (folder / 'metrics.jsonl').read_text('utf-8').splitlines())
    return [{name: value for name, value in line.items() if name != 'seconds'} for line in lines]


@pytest.mark.parametrize('make', [places_recipe, tuples_recipe])
def test_a_run_killed_in_mid_epoch_ends_with_the_same_weights(pictures, tmp_path, make):
    recipe = make(pictures, save_every=1, steps=8, validate_every=4)
    if make is tuples_recipe:
        recipe = dataclasses.replace(recipe, loss='sare_ind', optimiser='adam', average=0.9)
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    Trainer(recipe, whole, lambda _: None).run()
    run = subprocess.Popen(command(recipe, killed), cwd=ROOT, env=ENVIRONMENT, text=True,
                           stdout=subprocess.PIPE)
    assert run.stdout is not None
    for text in run.stdout:
        if 'saved at step 3' in text:  # of an epoch of four (places) or five (tuples)
            break
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    assert 3 <= checkpoint.load(killed / 'last.pt')['step'] < 8
    Trainer(recipe, killed, lambda _: None).run()
    first, second = (checkpoint.load(folder / 'last.pt') for folder in (whole, killed))
    assert all(torch.isfinite(value).all() for value in first['network'].values())
    same(first, second)
    assert metrics(whole) == metrics(killed)
    assert len(json.loads((killed / 'run.json').read_text())) == 2


@pytest.mark.parametrize('lost', [0, 1, 2])
@pytest.mark.parametrize('make', [places_recipe, tuples_recipe])
def test_steps_after_the_checkpoint_are_done_again(pictures, tmp_path, make, lost):
    """Tuples: the checkpoint at step 4 begins a round, that at step 3 lies in one."""
    recipe: Recipe = make(pictures, steps=6, validate_every=3)
    recipe = dataclasses.replace(recipe, save_every=2 if lost % 2 else 3)
    Trainer(recipe, tmp_path / 'whole', lambda _: None).run()
    trainer = Trainer(recipe, tmp_path / 'parted', lambda _: None)
    for _ in range(4 if lost % 2 else 3):
        trainer._losses.append(trainer.train_step())
        if trainer.step == trainer.batches.epoch_steps:
            trainer.validate_and_save()
    trainer._save('last.pt')
    for _ in range(lost):
        trainer._losses.append(trainer.train_step())
    if lost:
        trainer._log({})  # the line is taken back
    Trainer(recipe, tmp_path / 'parted', lambda _: None).run()
    same(checkpoint.load(tmp_path / 'whole' / 'last.pt'),
         checkpoint.load(tmp_path / 'parted' / 'last.pt'))
    assert metrics(tmp_path / 'whole') == metrics(tmp_path / 'parted')


def test_a_checkpoint_of_the_first_form_goes_on(pictures, tmp_path):
    """Runs of before had what batches remember beside the rest, and no record of validations."""
    recipe = places_recipe(pictures)
    trainer = Trainer(recipe, tmp_path, lambda _: None)
    trainer._losses += [trainer.train_step() for _ in range(2)]
    trainer.validate_and_save()
    state = checkpoint.load(tmp_path / 'last.pt')
    for name in ('format', 'objective', 'scaler', 'losses', 'selection'):
        del state[name]
    state |= state.pop('batches')
    state['recipe'] = 'bfloat16: true'
    checkpoint.save(tmp_path / 'last.pt', state)
    resumed = Trainer(recipe, tmp_path, lambda _: None)
    assert resumed.step == 2
    resumed.run()
    assert resumed.step == 6
