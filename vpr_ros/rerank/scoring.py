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
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.rerank.matching import IndexArray, Matches

Float64Array = NDArray[np.float64]
FORMS = ('bounded', 'released', 'paper')
COLUMN_BITS = 16  # more than enough for a displacement in the largest grid
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

    Displacements along an axis are whole numbers below its extent, so that all a score needs is
    how often each occurs in a candidate: a small table takes the place of the matches.

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
    counts = _displacements(matches, grid)
    found = counts[0].sum(1)
    total = _AGREEMENT[form](counts, found, np.array([[rows - 1.0], [columns - 1.0]])).sum(0)
    total /= rows * columns
    if form != 'bounded':
        return SpatialScores(total, tuple('' if n else NO_MATCHES for n in found.tolist()))
    total /= max((rows - 1) ** 2 + (columns - 1) ** 2, 1)
    reasons = _reasons(matches, found.astype(np.intp), grid)
    total[[i for i, reason in enumerate(reasons) if reason]] = 0.0
    return SpatialScores(total, reasons)


@lru_cache(maxsize=32)
def _cells(grid: tuple[int, int]) -> tuple[IndexArray, IndexArray]:
    """Row and column of each patch: a table is faster than dividing."""
    row, column = (axis.ravel() for axis in np.indices(grid, np.intp))
    return row, column


@lru_cache(maxsize=32)
def _both_cells(grid: tuple[int, int]) -> IndexArray:
    """Row and column of each patch in one number, the column in the lower bits."""
    row, column = _cells(grid)
    return (row << COLUMN_BITS) + column


def _displacements(matches: Matches, grid: tuple[int, int]) -> Float64Array:
    """How often each displacement -E..E occurs in each candidate, down and across.

    Returns:
        float64 (2, B, 2 E + 1), E the larger side of the grid less 1.
    """
    cells, extent = _both_cells(grid), max(grid) - 1
    width, count = 2 * extent + 1, matches.count
    moved = cells.take(matches.reference)
    moved -= cells.take(matches.query)
    moved += (extent << COLUMN_BITS) + extent  # neither part is negative then
    bins = np.empty((2, len(moved)), np.intp)
    np.right_shift(moved, COLUMN_BITS, out=bins[0])
    np.bitwise_and(moved, (1 << COLUMN_BITS) - 1, out=bins[1])
    bins += np.multiply(matches.candidate, width, out=moved)
    bins[1] += count * width
    counts = np.bincount(bins.ravel(), minlength=2 * count * width)
    return counts.reshape(2, count, width).astype(np.float64)


def _around_mean(counts: Float64Array, found: Float64Array,
                 anchor: Float64Array) -> Float64Array:
    """Sum of (anchor - |d_i - mean d|)^2 over each candidate's matches: float64 (2, B)."""
    extent = counts.shape[2] // 2
    moved = np.arange(-extent, extent + 1.0)
    mean = counts @ moved / np.maximum(found, 1)
    left = moved - mean[..., None]
    np.abs(left, out=left)
    left -= anchor[..., None]
    return np.einsum('abd,abd,abd->ab', counts, left, left)


def _released(counts: Float64Array, found: Float64Array, extents: Float64Array) -> Float64Array:
    return _around_mean(counts, found, extents)


def _paper(counts: Float64Array, found: Float64Array, extents: Float64Array) -> Float64Array:
    return _around_mean(counts, found, np.abs(_largest(counts)))


def _bounded(counts: Float64Array, found: Float64Array, extents: Float64Array) -> Float64Array:
    """Sum of max(0, extent - |d_i - median d|)^2 over each candidate's matches: float64 (2, B)."""
    cumulative = counts.cumsum(2)
    lower = (cumulative < ((found + 1) // 2)[:, None]).sum(2)
    upper = (cumulative < (found // 2 + 1)[:, None]).sum(2)
    left = np.arange(float(counts.shape[2])) - ((lower + upper) / 2)[..., None]
    np.abs(left, out=left)
    np.subtract(extents[..., None], left, out=left)
    np.maximum(left, 0.0, out=left)
    return np.einsum('abd,abd,abd->ab', counts, left, left)


def _largest(counts: Float64Array) -> Float64Array:
    """Return the largest displacement of each candidate, 0 without matches: float64 (2, B)."""
    last = counts.shape[2] // 2 - (counts[:, :, ::-1] > 0).argmax(2)
    return np.where(counts.any(2), last, 0).astype(np.float64)


_AGREEMENT = {'bounded': _bounded, 'released': _released, 'paper': _paper}


def _reasons(matches: Matches, found: IndexArray, grid: tuple[int, int]) -> tuple[str, ...]:
    """Why a candidate's matches say nothing, or '' for each."""
    reasons = np.full(len(found), '', dtype=object)
    if min(grid) > 1:  # on a grid that is itself a line every set of matches would be refused
        row, column = _cells(grid)
        for patches in (matches.query, matches.reference):
            line = _on_a_line(matches, found, row.take(patches), column.take(patches))
            reasons[line] = COLLINEAR
    reasons[found < 3] = TOO_FEW
    reasons[found == 0] = NO_MATCHES
    return tuple(reasons.tolist())


def _on_a_line(matches: Matches, found: IndexArray, y: IndexArray,
               x: IndexArray) -> NDArray[np.bool_]:
    """Whether the points of each candidate lie on one line: their scatter matrix is singular.

    Grid coordinates are whole numbers below 2^10, so that the sums are exact; one point off the
    line of a million others still makes a difference of 1e-9.
    """
    starts = matches.splits()[:-1][found > 0]

    def total(values: IndexArray) -> IndexArray:
        result = np.zeros(len(found), np.intp)
        if len(values):  # reduceat knows no empty groups, so only the filled ones are given
            result[found > 0] = np.add.reduceat(values, starts)
        return result

    sum_x, sum_y = total(x), total(y)
    xx = (found * total(x * x) - sum_x * sum_x).astype(np.float64)
    yy = (found * total(y * y) - sum_y * sum_y).astype(np.float64)
    xy = (found * total(x * y) - sum_x * sum_y).astype(np.float64)
    return np.asarray(xx * yy * (1.0 - 1e-12) <= xy * xy)
