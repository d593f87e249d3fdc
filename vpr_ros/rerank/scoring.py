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
    query_row, query_column = np.divmod(matches.query, columns)
    row, column = np.divmod(matches.reference, columns)
    dx, dy = column - query_column, row - query_row
    found = matches.per_candidate()
    if form == 'bounded':
        total = _bounded(matches, dx, dy, found, (rows - 1, columns - 1))
        reasons = _reasons(matches, (query_row, query_column), (row, column), found, grid)
        total[[i for i, reason in enumerate(reasons) if reason]] = 0.0
    else:
        total = _anchored(matches, dx, found, columns - 1 if form == 'released' else None)
        total += _anchored(matches, dy, found, rows - 1 if form == 'released' else None)
        reasons = tuple('' if n else NO_MATCHES for n in found.tolist())
    return SpatialScores(total / (rows * columns), reasons)


def _anchored(matches: Matches, displacement: IndexArray, found: IndexArray,
              anchor: int | None) -> Float64Array:
    """sum_i (anchor - |d_i - mean d|)^2 along one axis: float64 (B,).

    Without an anchor it is the magnitude of the largest displacement of each candidate.
    """
    sums = _total(matches, displacement)
    residual = np.abs(displacement - (sums / np.maximum(found, 1))[matches.candidate])
    if anchor is None:
        largest = np.full(matches.count, np.iinfo(np.int64).min)
        np.maximum.at(largest, matches.candidate, displacement)
        reach = np.abs(largest)[matches.candidate] - residual
    else:
        reach = anchor - residual
    return _total(matches, reach * reach)


def _bounded(matches: Matches, dx: IndexArray, dy: IndexArray, found: IndexArray,
             extent: tuple[int, int]) -> Float64Array:
    """Sum over the matches of each candidate of an agreement in [0, 1]: float64 (B,)."""
    reach = np.zeros(len(matches.query), np.float64)
    for displacement, largest in ((dy, extent[0]), (dx, extent[1])):
        centre = _medians(matches, displacement, found, largest)
        left = largest - np.abs(displacement - centre[matches.candidate])
        np.maximum(left, 0.0, out=left)
        reach += left * left
    whole = extent[0] ** 2 + extent[1] ** 2
    return _total(matches, reach / max(whole, 1))


def _medians(matches: Matches, displacement: IndexArray, found: IndexArray,
             largest: int) -> Float64Array:
    """Median displacement of each candidate, from the histogram: float64 (B,)."""
    width = 2 * largest + 1
    bins = np.bincount(matches.candidate * width + displacement + largest,
                       minlength=matches.count * width)
    cumulative = bins.reshape(matches.count, width).cumsum(1)
    lower = (cumulative < (found[:, None] + 1) // 2).sum(1)
    upper = (cumulative < found[:, None] // 2 + 1).sum(1)
    return (lower + upper) / 2 - largest


def _reasons(matches: Matches, query: tuple[IndexArray, IndexArray],
             reference: tuple[IndexArray, IndexArray], found: IndexArray,
             grid: tuple[int, int]) -> tuple[str, ...]:
    """Why a candidate's matches say nothing, or '' for each."""
    reasons = np.full(matches.count, '', dtype=object)
    if min(grid) > 1:  # on a grid that is itself a line every set of matches would be refused
        line = _on_a_line(matches, *query, found) | _on_a_line(matches, *reference, found)
        reasons[line] = COLLINEAR
    reasons[found < 3] = TOO_FEW
    reasons[found == 0] = NO_MATCHES
    return tuple(reasons.tolist())


def _on_a_line(matches: Matches, y: IndexArray, x: IndexArray,
               found: IndexArray) -> NDArray[np.bool_]:
    """Whether the points of each candidate lie on one line: their scatter matrix is singular.

    Grid coordinates are whole numbers below 2^10, so that the sums are exact.
    """
    sum_x, sum_y = _total(matches, x), _total(matches, y)
    xx = found * _total(matches, x * x) - sum_x * sum_x
    yy = found * _total(matches, y * y) - sum_y * sum_y
    xy = found * _total(matches, x * y) - sum_x * sum_y
    return xx * yy <= xy * xy


def _total(matches: Matches, values: IndexArray | Float64Array) -> Float64Array:
    """Sum of a value over the matches of each candidate: float64 (B,)."""
    return np.bincount(matches.candidate, values, matches.count).astype(np.float64, copy=False)
