# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets by the words of the command line and of recipes."""

from __future__ import annotations

from pathlib import Path

from training.data import EvaluationSet
from training.frames import load_frames
from training.recipe import Recipe
from training.source_kinds import floors_evaluation, load_evaluation, parse_source


def open_set(text: str) -> EvaluationSet:
    """PATH of a data set of any form, KIND:PATH:OPTION=VALUE,... or ie_tower:FOLDER:FLOOR,FLOOR.

    Raises:
        ConfigError: an unknown kind or option.
        DataError: it cannot be read.
    """
    if text.startswith('ie_tower:') and '=' not in text:
        return floors_evaluation(text)
    kind, path, options = parse_source(text)
    return load_evaluation(kind, path, **options)


def training_images(recipe: Recipe, count: int) -> list[Path]:
    """Up to ``count`` images of each environment of a recipe, so that none decides alone."""
    return [path for paths in environment_images(recipe, count).values() for path in paths]


def environment_images(recipe: Recipe, count: int) -> dict[str, list[Path]]:
    """Up to ``count`` images of each environment of a recipe, evenly spread, by environment."""
    found: dict[str, list[Path]] = {}
    for frame in load_frames(recipe):
        found.setdefault(frame.environment, []).append(frame.path)
    return {name: paths[:: max(1, len(paths) // count)][:count]
            for name, paths in sorted(found.items())}
