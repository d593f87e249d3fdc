# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recipes as YAML: one file holds one recipe; unknown keys are errors."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from pathlib import Path
from typing import Any

import yaml

from training.keys import build  # noqa: I100
from training.recipe import Recipe
from training.recipe_checks import check_recipe
from vpr_ros.errors import ConfigError


def parse_recipe(raw: Any, where: str = 'recipe') -> Recipe:
    """Check a recipe as read from YAML.

    Raises:
        ConfigError: an unknown key, or a value that is wrong.
    """
    recipe = build(Recipe, raw, where)
    check_recipe(recipe, where)
    return recipe


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        ConfigError: it cannot be read or is wrong.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'recipe {path} cannot be read ({error})') from error
    return parse_recipe(raw, f'recipe {path}')


def dump_recipe(recipe: Recipe) -> str:
    """Write the recipe as YAML that reads back to the same."""
    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: plain(item) for name, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, (tuple, list)) else value

    return yaml.safe_dump(plain(dataclasses.asdict(recipe)), sort_keys=False)
