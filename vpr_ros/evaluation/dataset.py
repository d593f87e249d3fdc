# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A data set: database images, query images, and which of them show the same place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import DataError

Indices = NDArray[np.int64]
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.ppm', '.tif', '.tiff')
DEFAULT_RADIUS_M = 25.0  # what the field counts as the same place
MOST_CONDITIONS = 24
_SECOND_NS = 1_000_000_000
_APART_NS = 1_000_000 * _SECOND_NS


@dataclass(frozen=True)
class ImageRef:
    """One image of a data set.

    Attributes:
        path: its file.
        name: unique among the database (or the queries) and readable in reports.
        stamp_ns: when it was taken, or its order; images of different drives lie far apart.
        position_m: (east, north) in metres, or None.
        condition: light, season or the like as the data set names it, or ''.
        heading_deg: direction of view, clockwise from north, or None.
        box_px: the part that counts (left, top, right, bottom), or None for the whole image.
    """

    path: Path
    name: str
    stamp_ns: int = 0
    position_m: tuple[float, float] | None = None
    condition: str = ''
    heading_deg: float | None = None
    box_px: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Dataset:
    """Queries, the database, and the truth about them.

    Attributes:
        name: of the data set, for reports.
        database, queries: the images.
        positives: per query, ascending indices of the database images that show its place; empty
            when none does.
        ignored: per query, ascending indices that are neither right nor wrong.
        radius_m: radius that made the positives, or None.
        retrieval: whether the set is scored by mean average precision over whole rankings.
    """

    name: str
    database: tuple[ImageRef, ...]
    queries: tuple[ImageRef, ...]
    positives: tuple[Indices, ...]
    ignored: tuple[Indices, ...]
    radius_m: float | None = None
    retrieval: bool = False

    @property
    def conditions(self) -> tuple[str, ...]:
        """Conditions of the queries, in order of appearance.

        Empty when none is named, or so many that they are no conditions (a folder per place).
        """
        named = tuple(dict.fromkeys(q.condition for q in self.queries if q.condition))
        return named if len(named) <= MOST_CONDITIONS else ()


def make_dataset(
    name: str,
    database: Sequence[ImageRef],
    queries: Sequence[ImageRef],
    positives: Sequence[Indices],
    ignored: Sequence[Indices] | None = None,
    *,
    radius_m: float | None = None,
    retrieval: bool = False,
) -> Dataset:
    """Put a data set together and check that there is something to evaluate.

    Raises:
        DataError: no database image or no query.
    """
    for images, what in ((database, 'database images'), (queries, 'queries')):
        if not images:
            raise DataError(f'data set {name}: it holds no {what}; check the folder')
    none = np.zeros(0, np.int64)
    return Dataset(name, tuple(database), tuple(queries), tuple(positives),
                   tuple(ignored) if ignored is not None else (none,) * len(queries), radius_m,
                   retrieval)


def list_images(folder: Path) -> list[Path]:
    """Images below a folder, by relative path.

    Raises:
        DataError: the folder is missing or holds no image.
    """
    if not folder.is_dir():
        raise DataError(f'the folder {folder} is missing')
    found = sorted(p for p in folder.rglob('*')
                   if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file())
    if not found:
        raise DataError(f'{folder} holds no image ({", ".join(IMAGE_SUFFIXES)})')
    return found


def stamp(order: float, *, drive: int = 0) -> int:
    """Make up a stamp for images without: ``order`` in seconds within a drive, nanoseconds."""
    return drive * _APART_NS + round(order * _SECOND_NS) + _SECOND_NS


def condition_of(name: str) -> str:
    """Return the condition that a sub-folder names (``night/0001.jpg``: night), or ''."""
    folder, slash, _ = name.partition('/')
    return folder if slash else ''


def positions_of(images: Sequence[ImageRef]) -> NDArray[np.float64]:
    """East and north of each image in metres, float64 (n, 2); NaN where unknown."""
    unknown = (np.nan, np.nan)
    return np.asarray([i.position_m or unknown for i in images], np.float64).reshape(-1, 2)


def within_radius(
    queries: NDArray[np.float64], database: NDArray[np.float64], radius_m: float
) -> list[Indices]:
    """Database indices within a radius (inclusive) of each query.

    Args:
        queries: float64 (Q, 2), east and north in metres.
        database: float64 (N, 2).
        radius_m: the radius.

    Returns:
        Per query, ascending indices.
    """
    order = np.argsort(database[:, 0], kind='stable')
    east = database[order, 0]
    slack = 1e-6  # the sweep only narrows down; the distance decides
    low = np.searchsorted(east, queries[:, 0] - radius_m - slack, 'left')
    high = np.searchsorted(east, queries[:, 0] + radius_m + slack, 'right')
    result = []
    for query, first, last in zip(queries, low, high, strict=True):
        near = order[first:last]
        distance = np.hypot(*(database[near] - query).T)
        result.append(np.sort(near[distance <= radius_m]).astype(np.int64))
    return result
