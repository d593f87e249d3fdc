# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets by the words of the command line and of recipes."""

from __future__ import annotations

from pathlib import Path

from training import sources
from training.data import EvaluationSet
from training.frames import load_frames
from training.recipe import Recipe
from vpr_ros.errors import ConfigError


def open_set(text: str) -> EvaluationSet:
    """``FOLDER`` with ground_truth.csv, or ``ie_tower:FOLDER:floor,floor``.

    Raises:
        ConfigError: neither form.
    """
    if text.startswith('ie_tower:'):
        parts = text.split(':')
        if len(parts) != 3:
            raise ConfigError(f'data set {text!r}: expected ie_tower:FOLDER:FLOOR,FLOOR')
        return sources.ie_tower_evaluation(Path(parts[1]), parts[2].split(','))
    return sources.ground_truth_folder(Path(text))


def training_images(recipe: Recipe, count: int) -> list[Path]:
    """Up to ``count`` images of each environment of a recipe, so that none decides alone."""
    frames, paths = load_frames(recipe), []
    for name in sorted({frame.environment for frame in frames}):
        here = [frame.path for frame in frames if frame.environment == name]
        paths += here[:: max(1, len(here) // count)][:count]
    return paths
