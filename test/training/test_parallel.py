# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes that share every batch learn what one process learns from all of it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
import subprocess

from helpers import ROOT
import numpy as np
import pytest
import torch
from training_runs import command, ENVIRONMENT, places_recipe, tuples_recipe

from training import checkpoint  # noqa: I100
from training.parallel import Team
from training.train import Trainer
from vpr_ros.errors import ConfigError

TWO = ('torch.distributed.run', '--standalone', '--nproc_per_node', '2', '-m')


def result(folder: Path) -> tuple[dict, list[dict]]:
    """Read the last state and the metrics of a run."""
    lines = (folder / 'metrics.jsonl').read_text('utf-8').splitlines()
    return checkpoint.load(folder / 'last.pt'), [json.loads(line) for line in lines]


@pytest.mark.usefixtures('one_thread')
@pytest.mark.parametrize(('make', 'changes'), [
    (places_recipe, {'loss': 'sare_joint', 'places': 5}),  # ten images, five each
    (places_recipe, {'loss': 'geo_classification', 'loss_options': {'cell': 2.0}}),
    (tuples_recipe, {'loss': 'sare_ind'}),  # fifteen images: eight and seven
], ids=['places', 'classification', 'tuples'])
def test_two_processes_learn_what_one_does(pictures, tmp_path, make, changes):
    # SGD: Adam's first steps are the gradient's sign, which rounding decides where it is zero
    recipe = dataclasses.replace(make(pictures), precision='float32', optimiser='sgd',
                                 backbone_rate=1e-2, head_rate=1e-2, **changes)
    trainer = Trainer(recipe, tmp_path / 'one', lambda _: None)
    begun = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    trainer.run()
    done = subprocess.run(command(recipe, tmp_path / 'two', *TWO), cwd=ROOT, env=ENVIRONMENT,
                          check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (one, lines_of_one), (two, lines_of_two) = (result(tmp_path / n) for n in ('one', 'two'))
    assert one['step'] == two['step']
    for a, b in zip(lines_of_one, lines_of_two, strict=True):
        assert a['loss'] == pytest.approx(b['loss'], rel=1e-4)
    moved = difference = 0.0
    for name, value in one['network'].items():
        torch.testing.assert_close(value, two['network'][name], rtol=1e-4, atol=2e-5)
        moved += float(((value - begun[name]) ** 2).sum())
        difference += float(((value - two['network'][name]) ** 2).sum())
    assert difference**0.5 < 1e-3 * moved**0.5
    assert json.loads((tmp_path / 'two' / 'run.json').read_text())[0]['processes'] == 2


def test_parts_cover_a_batch_once():
    for size in (1, 2, 3, 7):
        for count in (0, 1, 6, 48):
            parts = [Team(rank, size, torch.device('cpu')).part(count) for rank in range(size)]
            assert np.concatenate(parts).tolist() == list(range(count))


def test_more_processes_than_images_are_refused(pictures, tmp_path):
    from training.making import _check_team

    recipe = places_recipe(pictures, places=1)
    with pytest.raises(ConfigError, match='3 processes share batches of 2 images'):
        _check_team(recipe, Team(0, 3, torch.device('cpu')))
    with pytest.raises(ConfigError, match='take frozen'):
        _check_team(dataclasses.replace(recipe, batch_statistics='trained'),
                    Team(0, 2, torch.device('cpu')))
