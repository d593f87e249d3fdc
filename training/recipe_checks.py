# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What must agree between the keys of a recipe, beyond the range of each."""

from __future__ import annotations

import re
from typing import Any

import torch

from training.augmentations import make_augmentation
from training.model import check_architecture, entry_of
from training.objective import check_loss, GEOGRAPHY
from training.recipe import Recipe
from vpr_ros.errors import ConfigError


def check_recipe(recipe: Recipe, where: str) -> None:
    """Raise ConfigError where keys do not fit each other; one sentence that names them."""
    check_architecture(recipe.architecture, f'{where}: architecture')
    _check_backbone(recipe, where)
    check_loss(recipe.loss, recipe.loss_options, where)
    make_augmentation(recipe.augmentation, recipe.height, recipe.width, f'{where}: augmentation')
    if recipe.learn_projection and not recipe.architecture.dim:
        raise ConfigError(f'{where}: learn_projection is true, but architecture.dim is 0: there '
                          f'is no projection; give its length, or learn_projection: false')
    if recipe.batching == 'tuples':
        _check_tuples(recipe, where)
    if not re.fullmatch(r'auto|cpu|cuda(:\d+)?', recipe.device):
        raise ConfigError(f'{where}: device is {recipe.device!r}, expected auto, cpu, cuda or '
                          f'cuda:NUMBER')


def _check_backbone(recipe: Recipe, where: str) -> None:
    """Check the stage that training begins at, and the sizes of images."""
    with torch.device('meta'):
        backbone: Any = entry_of(recipe.architecture.backbone).make()
    try:
        for height, width in ((recipe.height, recipe.width),
                              (recipe.evaluation_height, recipe.evaluation_width)):
            backbone.grid(height, width)
        if recipe.train_from:
            backbone.train_from(recipe.train_from)
    except ConfigError as error:
        raise ConfigError(f'{where}: {error}') from error


def _check_tuples(recipe: Recipe, where: str) -> None:
    options = recipe.tuples
    if recipe.loss == GEOGRAPHY:
        raise ConfigError(f'{where}: loss {GEOGRAPHY} classifies images one by one; take '
                          f'batching: places')
    if options.pool < options.negatives:
        raise ConfigError(f'{where}: tuples.pool is {options.pool}, expected no less than '
                          f'tuples.negatives, {options.negatives}')
    if options.negative_radius_m < options.positive_radius_m:
        raise ConfigError(
            f'{where}: tuples.negative_radius_m is {options.negative_radius_m:g}, expected no '
            f'less than tuples.positive_radius_m, {options.positive_radius_m:g}')
