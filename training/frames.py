# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training images that a recipe names, as frames with positions or as tuple data."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training import sources
from training.data import Frame, FrameTable
from training.tuples import TupleData, join, tuples_of
from vpr_ros.errors import ConfigError
from vpr_ros.evaluation.datasets import load_dataset

if TYPE_CHECKING:
    from training.recipe import Recipe

READERS: dict[str, Callable[..., list[Frame]]] = {
    'ie_tower': sources.ie_tower, 'donkey': sources.donkey, 'posed': sources.posed,
}
DATASET = 'dataset'  # any form that the evaluation reads: queries and a database


def load_frames(recipe: Recipe) -> list[Frame]:
    """All training frames of a recipe.

    Raises:
        ConfigError: a source of unknown kind.
    """
    frames: list[Frame] = []
    for source in recipe.sources:
        if source.kind not in READERS:
            raise ConfigError(f'source kind {source.kind!r}; known: {", ".join(READERS)}')
        options = {'without_floors': source.without_floors} if source.without_floors else {}
        frames += READERS[source.kind](Path(source.path), **options)
    return frames


def load_tuple_data(recipe: Recipe) -> TupleData:
    """Queries and database of a recipe that trains with tuples.

    Frames of a drive or a walk are queries and database at once; a frame is no positive of
    itself.

    Raises:
        ConfigError: a source of unknown kind.
    """
    options, parts = recipe.tuples, []
    for source in recipe.sources:
        if source.kind == DATASET:
            parts.append(tuples_of(load_dataset(source.path, split=source.split),
                                   positive_radius_m=options.positive_radius_m,
                                   negative_radius_m=options.negative_radius_m,
                                   minimum_time_gap_s=options.time_gap_s))
        elif source.kind not in READERS:
            raise ConfigError(f'source kind {source.kind!r}; known with tuples: '
                              f'{", ".join((DATASET, *READERS))}')
    rest = tuple(source for source in recipe.sources if source.kind != DATASET)
    if rest:
        frames = load_frames(dataclasses.replace(recipe, sources=rest))
        parts.append(frame_tuples(FrameTable(frames)))
    return join(parts)


def frame_tuples(table: FrameTable) -> TupleData:
    """Tuples of a table of frames: every frame asks all the others.

    Where drives are known, positives are those of other drives, that is of another time.
    """
    everything = np.arange(len(table))
    drives = np.array([f'{f.environment}/{f.drive}' if f.drive else '' for f in table.frames])
    positives, not_negative = [], []
    for index in everything:
        relation = table.relation(np.array([index]), everything)[0]
        not_negative.append(np.flatnonzero(relation != -1))
        near = (relation == 1) & (everything != index)
        if drives[index]:
            near &= drives != drives[index]
        positives.append(np.flatnonzero(near))
    paths = tuple(frame.path for frame in table.frames)
    return TupleData(f'{len(paths)} frames', paths, paths, tuple(positives), tuple(not_negative))
