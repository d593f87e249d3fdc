# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rapid spatial scoring (Patch-NetVLAD, equation 4) in three named forms.

With the displacement (x_i, y_i) of every match in cells of the patch grid, R x C the grid, and
n_p the number of query patches:

``paper``
    Equation 4 as printed: 1/n_p sum_i (|max_j x_j| - |x_i - mean x|)^2 + the same in y. The
    maximum is over the matched displacements, so a perfect match without shift scores 0.
``released``
    The authors' code: the maximum is the largest index of the grid, C - 1 and R - 1. Its sign is
    turned so that higher is better. A perfect match scores (C - 1)^2 + (R - 1)^2.
``bounded``
    The default. ``released``, divided by that maximum, with two changes that keep it in [0, 1]
    and robust: residuals count from the median displacement, and one beyond the maximum
    contributes 0 (squaring would make it positive again). Identical images score exactly 1; one
    threshold means the same for every query, grid and patch size. Configurations that say nothing
    about a place (one match, matches on one line) score 0 and give the reason.

Each form is invariant when both images are shifted alike; swapping the images changes nothing
in ``released`` and ``bounded``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.rerank.matching import IndexArray, Matches

Float64Array = NDArray[np.float64]
FORMS = ('bounded', 'released', 'paper')
NO_MATCHES = 'no patch has a mutual nearest neighbour'
TOO_FEW = 'fewer than three patches match'
COLLINEAR = 'the matched patches lie on one line'


@dataclass(frozen=True)
class SpatialScores:
    """Scores of one patch size for every candidate.

    Attributes:
        scores: float64 (B,), higher is better; in [0, 1] for ``bounded``.
        reasons: '' or why the score is 0, one for each candidate.
    """

    scores: Float64Array
    reasons: tuple[str, ...]


def spatial_scores(matches: Matches, grid: tuple[int, int],
                   form: str = 'bounded') -> SpatialScores:
    """Score the matches of one query with each of its candidates.

    Args:
        matches: of one patch size.
        grid: (rows, columns) of the patches, the same in query and candidates.
        form: ``bounded``, ``released`` or ``paper``.

    Raises:
        ConfigError: there is no such form.
    """
    if form not in FORMS:
        raise ConfigError(f'spatial score {form!r} is not one of {", ".join(FORMS)}')
    rows, columns = grid
    groups = Groups(matches)
    query_row, query_column = _cells(matches.query, grid)
    row, column = _cells(matches.reference, grid)
    dy, dx = row - query_row, column - query_column
    if form == 'bounded':
        total = _bounded(groups, dy, dx, (rows - 1, columns - 1))
        reasons = _reasons(groups, (query_row, query_column), (row, column), grid)
        total[[i for i, reason in enumerate(reasons) if reason]] = 0.0
    else:
        reach = _anchored(groups, dx, columns - 1 if form == 'released' else None)
        reach += _anchored(groups, dy, rows - 1 if form == 'released' else None)
        total = groups.total(reach)
        reasons = tuple('' if n else NO_MATCHES for n in groups.found.tolist())
    return SpatialScores(total / (rows * columns), reasons)


class Groups:
    """Sums over the matches of each candidate, which lie together.

    Attributes:
        found: intp (B,), matches of each candidate.
    """

    def __init__(self, matches: Matches) -> None:
        splits = matches.splits()
        self.found = np.diff(splits)
        self.candidate = matches.candidate
        self._filled = self.found > 0
        self._starts = splits[:-1][self._filled]

    def total(self, values: Float64Array) -> Float64Array:
        """Sum of the values of each candidate's matches: float64 (M,) -> (B,)."""
        return self._reduce(np.add, values)

    def largest(self, values: Float64Array) -> Float64Array:
        """Maximum of the values of each candidate's matches, 0 without: (M,) -> (B,)."""
        return self._reduce(np.maximum, values)

    def spread(self, values: Float64Array) -> Float64Array:
        """Value of each match's candidate: float64 (B,) -> (M,)."""
        return np.repeat(values, self.found)

    def _reduce(self, function: np.ufunc, values: Float64Array) -> Float64Array:
        result = np.zeros(len(self.found))
        if len(values):  # reduceat knows no empty groups, so only the filled ones are given
            result[self._filled] = function.reduceat(values, self._starts)
        return result


def _cells(patches: IndexArray, grid: tuple[int, int]) -> tuple[Float64Array, Float64Array]:
    """Row and column of patches, from a table: faster than dividing."""
    rows, columns = (axis.ravel() for axis in np.indices(grid, np.float64))
    return rows.take(patches), columns.take(patches)


def _anchored(groups: Groups, displacement: Float64Array, anchor: int | None) -> Float64Array:
    """(anchor - |d_i - mean d|)^2 along one axis: float64 (M,).

    Without an anchor it is the magnitude of the largest displacement of each candidate.
    """
    mean = groups.total(displacement) / np.maximum(groups.found, 1)
    residual = displacement - groups.spread(mean)
    np.abs(residual, out=residual)
    if anchor is None:
        residual -= groups.spread(np.abs(groups.largest(displacement)))
    else:
        residual -= anchor
    return np.multiply(residual, residual, out=residual)


def _bounded(groups: Groups, dy: Float64Array, dx: Float64Array,
             extent: tuple[int, int]) -> Float64Array:
    """Sum over the matches of each candidate of an agreement in [0, 1]: float64 (B,)."""
    reach = np.zeros(len(dx))
    for displacement, largest in ((dy, extent[0]), (dx, extent[1])):
        left = displacement - groups.spread(_medians(groups, displacement, largest))
        np.abs(left, out=left)
        np.subtract(largest, left, out=left)
        np.maximum(left, 0.0, out=left)
        reach += left * left
    reach /= max(extent[0] ** 2 + extent[1] ** 2, 1)
    return groups.total(reach)


def _medians(groups: Groups, displacement: Float64Array, largest: int) -> Float64Array:
    """Median displacement of each candidate, from the histogram: float64 (B,)."""
    width, count = 2 * largest + 1, len(groups.found)
    bins = groups.candidate * width + (displacement + largest).astype(np.intp)
    histogram = np.bincount(bins, minlength=count * width).reshape(count, width)
    cumulative = histogram.cumsum(1)
    lower = (cumulative < (groups.found[:, None] + 1) // 2).sum(1)
    upper = (cumulative < groups.found[:, None] // 2 + 1).sum(1)
    return (lower + upper) / 2 - largest


def _reasons(groups: Groups, query: tuple[Float64Array, Float64Array],
             reference: tuple[Float64Array, Float64Array],
             grid: tuple[int, int]) -> tuple[str, ...]:
    """Why a candidate's matches say nothing, or '' for each."""
    reasons = np.full(len(groups.found), '', dtype=object)
    if min(grid) > 1:  # on a grid that is itself a line every set of matches would be refused
        reasons[_on_a_line(groups, *query) | _on_a_line(groups, *reference)] = COLLINEAR
    reasons[groups.found < 3] = TOO_FEW
    reasons[groups.found == 0] = NO_MATCHES
    return tuple(reasons.tolist())


def _on_a_line(groups: Groups, y: Float64Array, x: Float64Array) -> NDArray[np.bool_]:
    """Whether the points of each candidate lie on one line: their scatter matrix is singular.

    Grid coordinates are whole numbers below 2^10, so that the sums are exact.
    """
    sum_x, sum_y = groups.total(x), groups.total(y)
    xx = groups.found * groups.total(x * x) - sum_x * sum_x
    yy = groups.found * groups.total(y * y) - sum_y * sum_y
    xy = groups.found * groups.total(x * y) - sum_x * sum_y
    return xx * yy <= xy * xy
