# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A part of a data set: only some of its conditions (floors, seasons, lights), or all but some."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import Dataset, ImageRef, Indices


def select_conditions(dataset: Dataset, *, only: Collection[str] = (),
                      without: Collection[str] = ()) -> Dataset:
    """Leave images of other conditions out; images whose condition is not named stay.

    Args:
        dataset: all of it.
        only: conditions to keep; empty keeps all.
        without: conditions to leave out.

    Raises:
        DataError: a condition that the data set has not, or nothing is left.
    """
    if not only and not without:
        return dataset
    images = (*dataset.database, *dataset.queries)
    known = {image.condition for image in images if image.condition}
    unknown = sorted({*only, *without} - known)
    if unknown:
        raise DataError(f'data set {dataset.name} has no condition {unknown[0]!r}; it has '
                        f'{", ".join(sorted(known)) or "none"}')

    def kept(refs: Sequence[ImageRef]) -> Indices:
        return np.asarray([i for i, image in enumerate(refs) if not image.condition or (
            image.condition not in without and (not only or image.condition in only))], np.int64)

    rows, asked = kept(dataset.database), kept(dataset.queries)
    if not len(rows) or not len(asked):
        raise DataError(f'data set {dataset.name}: {len(rows)} database images and {len(asked)} '
                        f'queries are left by the conditions; name fewer')
    number = np.full(len(dataset.database), -1, np.int64)
    number[rows] = np.arange(len(rows))

    def renumbered(lists: Sequence[Indices]) -> tuple[Indices, ...]:
        found = [number[lists[query]] for query in asked]
        return tuple(one[one >= 0] for one in found)

    return replace(
        dataset,
        database=tuple(dataset.database[row] for row in rows),
        queries=tuple(dataset.queries[query] for query in asked),
        positives=renumbered(dataset.positives), ignored=renumbered(dataset.ignored),
    )
