# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``cluster``: a network that is initialised and not trained."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from training import checkpoint
from training.recipe_file import load_recipe
from training.train import Trainer
from training.verbs.verb import add_recipe, Verb


def cluster(arguments: argparse.Namespace) -> None:
    """Initialise a network without training it: clusters and projection from images."""
    recipe = dataclasses.replace(load_recipe(arguments.recipe), validation='')
    trainer = Trainer(recipe, arguments.out, print)
    checkpoint.save(arguments.out / 'initial.pt', checkpoint.network_state(trainer.network))
    print(f'wrote {arguments.out / "initial.pt"}')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_recipe(parser)
    parser.add_argument('--out', type=Path, required=True)


VERB = Verb('cluster', cluster, add_arguments, '--out runs/off_the_shelf')
