# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One data set, three uses: frames for the in-batch trainer, tuples, and validation.

Data sets come in two kinds. Benchmarks have queries and a database (:class:`Dataset`); drives are
frames that stand in a frame table. Each kind can be used in all three ways.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import get_args, Literal

import numpy as np
from numpy.typing import NDArray

from training.data import EvaluationSet, Frame, FrameTable, Listed
from training.tuples import TupleData
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.dataset import Dataset, ImageRef, Indices

POSITIVE_RADIUS_M = 10.0
Pairs = Literal['auto', 'any', 'other_drive', 'same_drive']
PAIRS: tuple[str, ...] = get_args(Pairs)


def frames_of(dataset: Dataset, *, positive_radius_m: float = POSITIVE_RADIUS_M,
              space: str = 'map') -> list[Frame]:
    """Make queries and database frames of one environment; a file that is both comes once.

    With positions, images within the radius are positive and beyond twice the radius negative;
    else the data set's lists decide.

    Args:
        dataset: of any form.
        positive_radius_m: of positives.
        space: name of its coordinate system.
    """
    measured = dataset.radius_m is not None and all(
        image.position_m is not None for image in dataset.database + dataset.queries)
    frames: dict[Path, Frame] = {}
    for part, images in (('queries', dataset.queries), ('database', dataset.database)):
        for number, image in enumerate(images):
            if image.path in frames:
                continue
            if measured and image.position_m is not None:
                east, north = image.position_m
                frames[image.path] = Frame(
                    image.path, dataset.name, space,
                    (east / positive_radius_m, north / positive_radius_m), _heading(image), part)
                continue
            listed = Listed(False)
            if part == 'queries':
                listed = Listed(True, *(
                    frozenset(dataset.database[index].path for index in indices[number])
                    for indices in (dataset.positives, dataset.ignored)))
            frames[image.path] = Frame(image.path, dataset.name, space, (0.0, 0.0), None, part,
                                       listed)
    return list(frames.values())


def tuples_of_frames(name: str, frames: Sequence[Frame], *, pairs: Pairs = 'auto') -> TupleData:
    """Every frame asks for the others: the tuples of drives, whose frames know their places.

    Args:
        name: for reports.
        frames: those of a frame table.
        pairs: which positives count: ``any``; of ``other_drive``, seen at another time, as Time
            Machine data has them; of the ``same_drive``, the comparison without; ``auto`` takes
            other drives where an environment has several, else any.

    Raises:
        ConfigError: an unknown choice of pairs.
        DataError: drives count, but frames do not say theirs.
    """
    if pairs not in PAIRS:
        raise ConfigError(f'pairs {pairs!r}; known: {", ".join(PAIRS)}')
    if pairs not in ('any', 'auto') and not all(frame.drive for frame in frames):
        raise DataError(f'{name}: frames do not say which drive they belong to; add a column '
                        f'drive to frames.csv, or take pairs: any')
    table, every = FrameTable(frames), np.arange(len(frames))
    drives, several = _drives(frames)
    paths = tuple(frame.path for frame in frames)
    positives: list[Indices] = []
    around: list[Indices] = []
    for index in range(len(frames)):
        found = table.positives(index)
        if pairs in ('other_drive', 'same_drive') or (pairs == 'auto' and several[index]):
            same = drives[found] == drives[index]
            found = found[same if pairs == 'same_drive' else ~same]
        positives.append(found.astype(np.int64))
        relation = table.relation(np.array([index]), every)[0]
        around.append(np.flatnonzero(relation != -1).astype(np.int64))
    return TupleData(name, paths, paths, tuple(positives), tuple(around))


def evaluation_of(dataset: Dataset) -> EvaluationSet:
    """Evaluate queries against the database, by the data set's own rule."""
    return EvaluationSet(
        dataset.name, tuple(image.path for image in dataset.database),
        tuple(image.path for image in dataset.queries), dataset.positives, dataset.ignored)


def evaluation_of_frames(name: str, frames: Sequence[Frame], *, most: int = 1000
                         ) -> EvaluationSet:
    """Evaluate frames of drives against all frames: the place, found again at another time.

    Right are positives, of other drives where an environment has several: the neighbours in the
    same drive would be found by any network, so they and the frame itself are left out, as is
    what is unknown. Frames without a right answer do not ask.

    Args:
        name: for reports.
        frames: those of a frame table.
        most: queries, taken evenly.

    Raises:
        DataError: no frame has a right answer.
    """
    table, every = FrameTable(frames), np.arange(len(frames))
    drives, several = _drives(frames)
    asked: list[tuple[int, Indices, Indices]] = []
    for index in range(len(frames)):
        relation = table.relation(np.array([index]), every)[0]
        neighbours = (drives == drives[index]) & several[index]
        right = (relation == 1) & ~neighbours & (every != index)
        if right.any():
            skipped = (relation == 0) | ((relation == 1) & ~right) | (every == index)
            asked.append((index, np.flatnonzero(right), np.flatnonzero(skipped)))
    if not asked:
        raise DataError(f'{name}: no frame shows the place of another; validate on drives that '
                        f'meet')
    taken = [asked[i] for i in np.linspace(0, len(asked) - 1, min(most, len(asked))).astype(int)]
    paths = tuple(frame.path for frame in frames)
    return EvaluationSet(name, paths, tuple(paths[index] for index, _, _ in taken),
                         tuple(right for _, right, _ in taken),
                         tuple(skipped for _, _, skipped in taken))


def _drives(frames: Sequence[Frame]) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """Tell the drive of each frame, unique over environments, and if it is one of several."""
    drives = np.array([f'{f.environment}/{f.drive}' if f.drive else '' for f in frames])
    of: dict[str, set[str]] = defaultdict(set)
    for frame, drive in zip(frames, drives, strict=True):
        of[frame.environment].add(str(drive))
    several = np.array([bool(frame.drive) and len(of[frame.environment]) > 1 for frame in frames])
    return drives, several


def _heading(image: ImageRef) -> float | None:
    """Radians, counter-clockwise from east, where the data set knows the direction of view."""
    return None if image.heading_deg is None else float(np.deg2rad(90.0 - image.heading_deg))
