# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small recipes that tests train with, and how they start a run as a process."""

from __future__ import annotations

import os
from pathlib import Path
import sys
from typing import Any

from training.model import Architecture
from training.recipe import Recipe, Source, TupleOptions
from training.recipe_file import dump_recipe

ENVIRONMENT = {'OMP_NUM_THREADS': '1', 'PATH': os.environ.get('PATH', '/usr/bin:/bin')}


def places_recipe(pictures: Path, **changes: Any) -> Recipe:
    """In-batch training of a tiny network, three epochs of two steps."""
    values: dict[str, Any] = {
        'architecture': Architecture(reduced=16, clusters=4, dim=12),
        'sources': (Source('posed', str(pictures)),), 'loss_options': {'scale': 7.0},
        'height': 48, 'width': 64, 'stored_height': 60, 'stored_width': 80,
        'evaluation_height': 48, 'evaluation_width': 64, 'places': 4, 'negatives': 2,
        'steps': 6, 'warmup': 2, 'decay': 2, 'validate_every': 2, 'backbone_rate': 1e-3,
        'head_rate': 1e-3, 'device': 'cpu',
    }
    return Recipe(**{**values, **changes})


def tuples_recipe(pictures: Path, **changes: Any) -> Recipe:
    """Training with tuples, two epochs of five steps with two rounds of mining and more."""
    options = TupleOptions(negatives=3, pool=6, remembered=2, batch=3, epochs=2,
                           epoch_queries=14, refresh_every=6)
    values: dict[str, Any] = {
        'batching': 'tuples', 'tuples': options, 'loss': 'triplet', 'loss_options': {},
        'centred_share': 0.0, 'optimiser': 'sgd', 'halve_every': 1, 'decay': 0, 'warmup': 0,
        'average': 0.0, 'augmentation': ('flip', {'colour_jitter': {'brightness': 0.5}}),
        'keep_images': False, 'workers': 2,
    }
    return places_recipe(pictures, **{**values, **changes})


def command(recipe: Recipe, folder: Path, *launcher: str) -> list[str]:
    """Return the command that trains a recipe in a folder, by a launcher such as torchrun."""
    path = folder.with_suffix('.yaml')
    path.write_text(dump_recipe(recipe), encoding='utf-8')
    return [sys.executable, '-m', *launcher, 'training', 'train', '--recipe', str(path), '--out',
            str(folder)]
