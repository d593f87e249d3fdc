# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets whose truth is where each image was taken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import (
    condition_of,
    Dataset,
    DEFAULT_RADIUS_M,
    ImageRef,
    list_images,
    make_dataset,
    stamp,
    within_radius,
)

SPLITS = ('test', 'val', 'train')
FIELDS = 16  # of a complete name, split at @


def from_positions(
    name: str, database: Sequence[ImageRef], queries: Sequence[ImageRef], radius_m: float
) -> Dataset:
    """Make a data set in which images within ``radius_m`` (inclusive) show the same place.

    Raises:
        DataError: an image has no position, or there is nothing to evaluate.
    """
    arrays = []
    for images in (database, queries):
        lost = next((image.path for image in images if image.position_m is None), None)
        if lost is not None:
            raise DataError(f'{lost} has no position; name images '
                            '@utm_east@utm_north@...@.jpg or add a ground_truth.csv')
        arrays.append(np.asarray([i.position_m for i in images], np.float64).reshape(-1, 2))
    positives = within_radius(arrays[1], arrays[0], radius_m)
    return make_dataset(name, database, queries, positives, radius_m=radius_m)


def load_utm(path: Path, *, radius_m: float = DEFAULT_RADIUS_M, split: str = '') -> Dataset:
    """Images named ``@utm_east@utm_north@...@.jpg``.

    Of the other fields of such a name, the heading (the 9th) and the note (the 14th: day, night)
    are taken where they are given; a sub-folder of ``queries/`` names the condition as well.

    Args:
        path: holds ``database/`` and ``queries/``, or ``images/{train,val,test}/`` with both.
        radius_m: images at most this far apart show the same place.
        split: of the second layout; '' takes test, else val, else train.
    """
    folder = path
    if not (path / 'database').is_dir():
        splits = [split] if split else [s for s in SPLITS if (path / 'images' / s).is_dir()]
        if not splits:
            raise DataError(f'{path} holds neither database/ nor images/{{train,val,test}}/')
        folder = path / 'images' / splits[0]
    parts = []
    for drive, part in enumerate(('database', 'queries')):
        images = list_images(folder / part)
        parts.append([
            ImageRef(p, p.relative_to(folder / part).as_posix(), stamp(order, drive=drive),
                     utm_of(p.name), note_of(p.name) or condition_of(
                         p.relative_to(folder / part).as_posix()), heading_of(p.name))
            for order, p in enumerate(images)
        ])
    return from_positions(path.name, parts[0], parts[1], radius_m)


def utm_of(name: str) -> tuple[float, float] | None:
    """(east, north) in metres from a file name ``@east@north@...``, or None."""
    fields = name.split('@')
    try:
        east, north = float(fields[1]), float(fields[2])
    except (IndexError, ValueError):
        return None
    return (east, north) if np.isfinite((east, north)).all() else None


def heading_of(name: str) -> float | None:
    """Degrees clockwise from north, the 9th field of a file name ``@east@north@...``, or None."""
    fields = name.split('@')
    try:
        heading = float(fields[9]) if len(fields) == FIELDS else np.nan
    except ValueError:
        return None
    return heading % 360.0 if np.isfinite(heading) else None


def note_of(name: str) -> str:
    """Return the 14th field of such a name, by which data sets tell light or season, or ''."""
    fields = name.split('@')
    return fields[14] if len(fields) == FIELDS else ''
