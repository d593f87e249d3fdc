# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What tuples are taken from: queries, a database, and what is known of every pair.

A pair of a query and a database image is a *potential positive*, a *definite negative*, or
neither (NetVLAD, section 4): near, but not near enough to show the same things; taken at the same
time; or simply unknown. Whatever the data set knows, positions or lists of names, becomes two
lists of indices a query, so that data sets join.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.dataset import Dataset, ImageRef, Indices, within_radius

MONTH_S = 28 * 86_400.0
"""The time gap of Time Machine data, whose stamps are months: the shortest there is."""
EARLIEST_NS = 10 * 365 * 86_400 * 10**9
"""Stamps before 1980 are the order of images, not when they were taken."""
_SLACK_NS = 10**9  # stamps of one month differ a little, to keep the order of the images


@dataclass(frozen=True)
class TupleData:
    """Queries and a database; the indices of both begin at 0.

    Attributes:
        name: for reports.
        database, queries: image files.
        positives: per query, ascending int64 database indices of its potential positives.
        not_negative: per query, ascending int64 database indices that are no definite negatives;
            they contain the positives.
    """

    name: str
    database: tuple[Path, ...]
    queries: tuple[Path, ...]
    positives: tuple[Indices, ...]
    not_negative: tuple[Indices, ...]

    def negatives_of(self, query: int) -> Indices:
        """All definite negatives of a query, ascending."""
        mask = np.ones(len(self.database), bool)
        mask[self.not_negative[query]] = False
        return np.flatnonzero(mask)

    def usable(self, negatives: int) -> Indices:
        """Find queries with a potential positive and at least ``negatives`` definite negatives."""
        return np.array([
            query for query in range(len(self.queries))
            if len(self.positives[query])
            and len(self.database) - len(self.not_negative[query]) >= negatives
        ], np.int64)

    @property
    def images(self) -> tuple[Path, ...]:
        """Database images, then queries: the rows of the feature cache."""
        return self.database + self.queries


def by_position(
    dataset: Dataset, *, positive_radius_m: float = 10.0, negative_radius_m: float = 25.0,
    minimum_time_gap_s: float = 0.0,
) -> TupleData:
    """Tuples by where (and when) images were taken.

    An image that is query and database image at once is neither positive nor negative to itself.

    Args:
        dataset: every image with its position; with a time gap also with its true time.
        positive_radius_m: database images this near (inclusive) are potential positives.
        negative_radius_m: images beyond it are definite negatives.
        minimum_time_gap_s: positives and negatives were taken at least so much earlier or later
            than the query, :data:`MONTH_S` for Time Machine data (NetVLAD, appendix B); 0: any.

    Raises:
        DataError: an image has no position, or, with a gap, no time.
        ConfigError: the negative radius is smaller than the positive one, or a number negative.
    """
    if not 0 <= positive_radius_m <= negative_radius_m or minimum_time_gap_s < 0:
        raise ConfigError(
            f'radii of {positive_radius_m:g} m for positives and {negative_radius_m:g} m for '
            f'negatives with a time gap of {minimum_time_gap_s:g} s; expected 0 or more, and the '
            f'second radius not smaller than the first')
    database, queries = _positions(dataset, 'database'), _positions(dataset, 'queries')
    near = within_radius(queries, database, positive_radius_m)
    around = within_radius(queries, database, negative_radius_m)
    itself = _themselves(dataset)
    gap_ns = max(round(minimum_time_gap_s * 1e9) - _SLACK_NS, minimum_time_gap_s > 0)
    stamps, asked_at = _stamps(dataset.database), _stamps(dataset.queries)
    if gap_ns and min(stamps.min(), asked_at.min()) < EARLIEST_NS:
        raise DataError(f'{dataset.name}: its images do not say when they were taken, which a '
                        f'time gap needs; leave the gap out')
    positives, not_negative = [], []
    for query, (close, left_out) in enumerate(zip(near, around, strict=True)):
        kept = close[close != itself[query]]
        excluded = left_out
        if gap_ns:
            together = np.abs(stamps - asked_at[query]) < gap_ns
            kept = kept[~together[kept]]
            excluded = np.union1d(left_out, np.flatnonzero(together))
        positives.append(kept)
        not_negative.append(excluded)
    return _of(dataset, positives, not_negative)


def by_lists(dataset: Dataset) -> TupleData:
    """Tuples by the data set's own lists of right answers.

    What is right is positive, what the data set ignores is neither, all else is negative.
    """
    rights = [right[right != itself] for right, itself in zip(
        dataset.positives, _themselves(dataset), strict=True)]
    both = [
        np.unique(np.concatenate([right, skipped, [itself] * (itself >= 0)])).astype(np.int64)
        for right, skipped, itself in zip(
            rights, dataset.ignored, _themselves(dataset), strict=True)
    ]
    return _of(dataset, rights, both)


def tuples_of(
    dataset: Dataset, *, positive_radius_m: float = 10.0, negative_radius_m: float = 25.0,
    minimum_time_gap_s: float = 0.0,
) -> TupleData:
    """:func:`by_position` where the data set measures in metres, else :func:`by_lists`."""
    if dataset.radius_m is None:
        return by_lists(dataset)
    return by_position(dataset, positive_radius_m=positive_radius_m,
                       negative_radius_m=negative_radius_m, minimum_time_gap_s=minimum_time_gap_s)


def join(parts: Sequence[TupleData]) -> TupleData:
    """Several data sets as one; images of different sets are negative to each other.

    Raises:
        DataError: there is none.
    """
    if not parts:
        raise DataError('no data set to take tuples from; name at least one source')
    if len(parts) == 1:
        return parts[0]
    first = np.cumsum([0, *(len(part.database) for part in parts)])

    def moved(name: str) -> tuple[Indices, ...]:
        return tuple(indices + start for part, start in zip(parts, first[:-1], strict=True)
                     for indices in getattr(part, name))

    return TupleData(
        ' + '.join(part.name for part in parts),
        tuple(path for part in parts for path in part.database),
        tuple(path for part in parts for path in part.queries),
        moved('positives'), moved('not_negative'),
    )


def _themselves(dataset: Dataset) -> list[int]:
    """Of every query its own index among the database images, or -1."""
    row_of = {image.path: row for row, image in enumerate(dataset.database)}
    return [row_of.get(image.path, -1) for image in dataset.queries]


def _of(dataset: Dataset, positives: Sequence[Indices], not_negative: Sequence[Indices]
        ) -> TupleData:
    return TupleData(
        dataset.name, tuple(image.path for image in dataset.database),
        tuple(image.path for image in dataset.queries), tuple(positives), tuple(not_negative),
    )


def _positions(dataset: Dataset, part: str) -> NDArray[np.float64]:
    images = getattr(dataset, part)
    lost = next((image.path for image in images if image.position_m is None), None)
    if lost is not None:
        raise DataError(f'{lost} has no position, which tuples by distance need; give positions '
                        f'or a ground_truth.csv')
    return np.array([image.position_m for image in images], np.float64).reshape(-1, 2)


def _stamps(images: Sequence[ImageRef]) -> NDArray[np.int64]:
    return np.array([image.stamp_ns for image in images], np.int64)
