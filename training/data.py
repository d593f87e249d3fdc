# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training and evaluation sets: which images show the same place, which do not, and which may.

A frame has an environment (a building floor, a race track, a rendered world) and, inside it, a
space in which its position is known. Two frames
  - of one space are positive within one positive radius, negative beyond two of them;
  - of one environment but different spaces are unknown: never positive, never negative;
  - of different environments are negative.
Positions are stored in units of the source's own positive radius, so sources mix. Where a source
has lists of right answers and no positions, the lists decide (:class:`Listed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import DataError

POSITIVE_RADIUS = 1.0
NEGATIVE_RADIUS = 2.0
MAX_HEADING_DIFFERENCE = np.deg2rad(40)


@dataclass(frozen=True)
class Listed:
    """What the lists of a data set say of one image; others of its environment are negative.

    Two images that are both queries, or both of the database, are unknown to each other unless
    one names the other.

    Attributes:
        asks: whether it is a query.
        positives: files that show its place.
        unknown: files that may or may not.
    """

    asks: bool
    positives: frozenset[Path] = frozenset()
    unknown: frozenset[Path] = frozenset()


@dataclass(frozen=True)
class Frame:
    """One training image.

    Attributes:
        path: the image file.
        environment: name, unique over all sources.
        space: name of the coordinate system inside the environment.
        position: (x, y) in units of the positive radius.
        heading: viewing direction in radians, or None where it is not known.
        drive: name of the recording, '' where it is not known: another drive is another time.
        listed: what lists say, for a source without positions.
    """

    path: Path
    environment: str
    space: str
    position: tuple[float, float]
    heading: float | None = None
    drive: str = ''
    listed: Listed | None = None


class FrameTable:
    """Many frames with their relation to each other.

    Attributes:
        frames: in the given order; indices below mean places in it.
        environments: int (N,), number of each frame's environment.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        if not frames:
            raise DataError('the training set is empty; name at least one source with images')
        self.frames = list(frames)
        names = sorted({frame.environment for frame in frames})
        spaces = sorted({(frame.environment, frame.space) for frame in frames})
        self.environment_names = names
        self.environments = np.array([names.index(frame.environment) for frame in frames])
        self._spaces = np.array([spaces.index((f.environment, f.space)) for f in frames])
        self._positions = np.array([frame.position for frame in frames], np.float64)
        self._headings = np.array(
            [np.nan if frame.heading is None else frame.heading for frame in frames]
        )
        self._is_listed = np.array([frame.listed is not None for frame in frames])
        self._asks = np.array([bool(frame.listed and frame.listed.asks) for frame in frames])
        self._named = _named(frames)

    def __len__(self) -> int:
        return len(self.frames)

    def relation(self, rows: NDArray[np.integer], columns: NDArray[np.integer]
                 ) -> NDArray[np.int8]:
        """Relation of frames: int8 (len(rows), len(columns)), 1 positive, -1 negative, 0 unknown.

        A frame is positive to itself.
        """
        distance = np.linalg.norm(
            self._positions[rows][:, None] - self._positions[columns][None], axis=2
        )
        turn = self._headings[rows][:, None] - self._headings[columns][None]
        turn = np.abs((turn + np.pi) % (2 * np.pi) - np.pi)
        same_view = ~(turn > MAX_HEADING_DIFFERENCE)  # an unknown heading (NaN) counts as same
        same_space = self._spaces[rows][:, None] == self._spaces[columns][None]
        other = self.environments[rows][:, None] != self.environments[columns][None]
        result = np.zeros(distance.shape, np.int8)
        result[same_space & same_view & (distance <= POSITIVE_RADIUS)] = 1
        result[(same_space & (distance > NEGATIVE_RADIUS)) | other] = -1
        if self._named:
            self._apply_lists(result, rows, columns, ~other)
        return result

    def _apply_lists(self, result: NDArray[np.int8], rows: NDArray[np.integer],
                     columns: NDArray[np.integer], together: NDArray[np.bool_]) -> None:
        """Overwrite the relation of frames of one environment that have lists, in place."""
        both = self._is_listed[rows][:, None] & self._is_listed[columns][None] & together
        across = self._asks[rows][:, None] != self._asks[columns][None]
        result[both] = np.where(across[both], -1, 0)
        for place, row in enumerate(rows):
            for relation, named in enumerate(self._named.get(int(row), ())):
                result[place, np.isin(columns, named)] = relation
        result[both & (rows[:, None] == columns[None])] = 1

    def positives(self, index: int) -> NDArray[np.integer]:
        """Return indices of the frames positive to one frame, itself left out."""
        near = np.flatnonzero(self._spaces == self._spaces[index])
        found = near[self.relation(np.array([index]), near)[0] == 1]
        return found[found != index]


def _named(frames: Sequence[Frame]) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Row of a frame with lists -> rows that are unknown to it, rows that are positive.

    Both ways: what a query names names the query.
    """
    row_of = {frame.path: row for row, frame in enumerate(frames) if frame.listed}
    found: dict[int, tuple[set[int], set[int]]] = {row: (set(), set()) for row in row_of.values()}
    for path, row in row_of.items():
        listed = frames[row].listed
        assert listed is not None and path == frames[row].path
        for part, paths in enumerate((listed.unknown, listed.positives)):
            for other in (row_of[name] for name in paths if name in row_of):
                found[row][part].add(other)
                found[other][part].add(row)
    return {row: (np.array(sorted(unknown), np.int64), np.array(sorted(positive), np.int64))
            for row, (unknown, positive) in found.items()}


@dataclass(frozen=True)
class EvaluationSet:
    """Queries, a database and which answers count.

    Attributes:
        name: shown in reports.
        database: image files.
        queries: image files.
        correct: per query the database indices that are right.
        ignored: per query the database indices that are neither right nor wrong.
    """

    name: str
    database: tuple[Path, ...]
    queries: tuple[Path, ...]
    correct: tuple[NDArray[np.integer], ...]
    ignored: tuple[NDArray[np.integer], ...]
