# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training images that a recipe names, as frames with positions or as tuple data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training import source_kinds
from training.data import Frame
from training.dataset_frames import tuples_of_frames
from training.recipe import Recipe, Source
from training.tuples import join, TupleData, tuples_of
from vpr_ros.evaluation.dataset import Dataset


def load_frames(recipe: Recipe) -> list[Frame]:
    """All training frames of a recipe.

    Raises:
        ConfigError: a source of unknown kind, or with options that its kind does not know.
        DataError: one cannot be read.
    """
    frames: list[Frame] = []
    for source in recipe.sources:
        frames += source_kinds.load_frames(source.kind, Path(source.path), **options_of(source))
    return frames


def load_tuple_data(recipe: Recipe) -> TupleData:
    """Load queries and database of a recipe that trains with tuples.

    Frames of a drive or a walk are queries and database at once; a frame is no positive of
    itself. Where a site was driven several times, positives are of other drives, that is of
    another time, unless the recipe's ``pairs`` say otherwise.

    Raises:
        ConfigError: as :func:`load_frames`.
        DataError: as :func:`load_frames`.
    """
    options, parts = recipe.tuples, []
    frames: list[Frame] = []
    for source in recipe.sources:
        found = source_kinds.load_source(source.kind, Path(source.path), **options_of(source))
        if isinstance(found, Dataset):
            parts.append(tuples_of(found, positive_radius_m=options.positive_radius_m,
                                   negative_radius_m=options.negative_radius_m,
                                   minimum_time_gap_s=options.time_gap_s))
        else:
            frames += found  # of one table: sources may show the same environment
    if frames:
        parts.append(tuples_of_frames(f'{len(frames)} frames', frames,
                                      pairs=options.pairs))  # type: ignore[arg-type]
    return join(parts)


def options_of(source: Source) -> dict[str, Any]:
    """Return what a recipe says of a source beside its kind and path."""
    held_out = {'without_floors': source.without_floors} if source.without_floors else {}
    return {**held_out, **source.options}
