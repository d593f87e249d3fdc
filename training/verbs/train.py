# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``train``: a run by a recipe, begun or gone on with."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from training.recipe_file import load_recipe, parse_recipe
from training.train import Trainer
from training.verbs.verb import add_recipe, Verb


def train(arguments: argparse.Namespace) -> None:
    """Train by a recipe, or go on where the run folder stopped."""
    recipe = load_recipe(arguments.recipe)
    changes = {'steps': arguments.steps, 'seed': arguments.seed, 'loss': arguments.loss,
               'initial_checkpoint': arguments.initial_checkpoint}
    changes = {key: value for key, value in changes.items() if value is not None}
    if 'loss' in changes and changes['loss'] != recipe.loss:
        changes['loss_options'] = {}  # those of the recipe's own loss do not fit
    recipe = parse_recipe(dataclasses.asdict(dataclasses.replace(recipe, **changes)))
    Trainer(recipe, arguments.out, lambda line: print(line, flush=True)).run()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_recipe(parser)
    parser.add_argument('--out', type=Path, required=True,
                        help='run folder; resumed when it exists')
    parser.add_argument('--steps', type=int)
    parser.add_argument('--seed', type=int)
    parser.add_argument('--loss')
    parser.add_argument('--initial-checkpoint')


VERB = Verb('train', train, add_arguments, '--out runs/default')
