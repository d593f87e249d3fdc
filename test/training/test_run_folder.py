# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run leaves behind."""

from __future__ import annotations

import importlib.util
import json

import pytest
import torch

from training.recipe import Recipe, Source
from training.recipe_file import load_recipe
from training.run_folder import RunFolder
from vpr_ros.errors import DataError

RECIPE = Recipe(sources=(Source('posed', 'somewhere'),), seed=7)


def begin(path, step=0) -> RunFolder:
    folder = RunFolder(path)
    folder.begin(RECIPE, step=step, processes=1, device='cpu')
    return folder


def test_it_says_what_the_run_was_made_of(tmp_path):
    folder = begin(tmp_path / 'run')
    begin(tmp_path / 'run', step=5)
    assert load_recipe(tmp_path / 'run' / 'recipe.yaml') == RECIPE
    first, second = json.loads((tmp_path / 'run' / 'run.json').read_text())
    assert first['seed'] == 7 and second['step'] == 5
    assert first['versions']['torch'] == torch.__version__
    assert len(first['commit'].removesuffix('-dirty')) == 40 or first['commit'] == 'unknown'
    installed = importlib.util.find_spec('tensorboard') is not None
    assert installed == (tmp_path / 'run' / 'events').is_dir()
    assert installed or 'tensorboard is not installed' in folder.notes[0]


def test_lines_of_undone_steps_are_taken_back(tmp_path):
    folder = begin(tmp_path)
    for step in (2, 4, 6):
        folder.log({'step': step, 'loss': 1.0 / step})
    with (tmp_path / 'metrics.jsonl').open('a') as file:
        file.write('{"step": 8, "lo')  # killed while writing
    assert [line['step'] for line in begin(tmp_path, step=4).lines()] == [2, 4]
    assert begin(tmp_path, step=0).lines() == []


def test_a_damaged_line_in_the_middle_is_an_error(tmp_path):
    (tmp_path / 'metrics.jsonl').write_text('{"step": 1}\nbroken\n{"step": 2}\n')
    with pytest.raises(DataError, match='line 2 is no JSON object'):
        begin(tmp_path, step=5)


def test_other_processes_write_nothing(tmp_path):
    folder = RunFolder(tmp_path / 'run', writes=False)
    folder.begin(RECIPE, step=0, processes=2, device='cpu')
    folder.log({'step': 1})
    folder.save('last.pt', {})
    assert not (tmp_path / 'run').exists()
