# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mutual nearest neighbours between patch descriptors (Patch-NetVLAD, equation 3).

On unit vectors the nearest neighbour is the largest dot product: no square root, nothing that
can turn NaN. One query is matched with a block of candidates at once: one matrix product, one
pass for the best reference of each query patch, one for the best value of each reference patch.
A pair is mutual when the value is the best of its row and of its column; the column's argument
is not needed, and finding it is what makes the straightforward form slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray

IndexArray = NDArray[np.intp]

BLANK_SPREAD = 1e-3  # total variance of unit descriptors below which nothing can be told apart
MAX_BLOCK = 1 << 20  # similarities computed at once; 4 MiB stay in the second-level cache or near


@dataclass(frozen=True)
class Matches:
    """Mutual nearest neighbours of one query image in several candidate images.

    Attributes:
        query: intp (M,), patch of the query.
        reference: intp (M,), patch of the candidate.
        candidate: intp (M,), ascending: which candidate, 0..count - 1.
        count: number of candidates.
    """

    query: IndexArray
    reference: IndexArray
    candidate: IndexArray
    count: int

    def of(self, candidate: int) -> tuple[IndexArray, IndexArray]:
        """Query and reference patches matched in one candidate."""
        low, high = np.searchsorted(self.candidate, (candidate, candidate + 1))
        return self.query[low:high], self.reference[low:high]

    def splits(self) -> IndexArray:
        """Where each candidate's matches begin, and the end: intp (count + 1,)."""
        return np.searchsorted(self.candidate, np.arange(self.count + 1))

    def per_candidate(self) -> IndexArray:
        """Number of matches of each candidate: intp (count,)."""
        return np.diff(self.splits())


def mutual_matches(query: FloatArray, references: FloatArray,
                   similarities: FloatArray | None = None) -> Matches:
    """Match the patches of one query with those of several candidates.

    Where several pairs tie, the lowest query patch wins and then the lowest reference patch, so
    a patch is matched at most once and the result is the same in every run.

    Args:
        query: float32 (n, d), rows of unit length.
        references: float32 (B, m, d), rows of unit length, C-contiguous.
        similarities: buffer float32 of at least n * B * m elements, reused between calls.

    Returns:
        The matches, by candidate and then by query patch.
    """
    count, patches, dim = references.shape
    rows = len(query)
    if rows == 0 or patches == 0 or count == 0:
        none = np.empty(0, np.intp)
        return Matches(none, none, none, count)
    if similarities is None:
        similarities = np.empty(rows * count * patches, np.float32)
    product = similarities.ravel()[: rows * count * patches].reshape(rows, count * patches)
    np.matmul(query, references.reshape(count * patches, dim).T, out=product)
    best_of_reference = product.max(0).reshape(count, patches)
    blocks = product.reshape(rows, count, patches)
    choice = blocks.argmax(2)  # (n, B): the best reference patch of each query patch
    value = np.take_along_axis(blocks, choice[:, :, None], 2)[:, :, 0]
    candidates = np.arange(count)
    mutual = value >= best_of_reference[candidates, choice]
    candidate, query_patch = np.nonzero(mutual.T)
    reference = choice[query_patch, candidate]
    # equal descriptors: several query patches may have reached the same best value
    claim = candidate * patches + reference
    owner = np.empty(count * patches, np.intp)
    owner[claim[::-1]] = query_patch[::-1]
    first = owner[claim] == query_patch
    if not first.all():
        candidate, query_patch, reference = candidate[first], query_patch[first], reference[first]
    return Matches(query_patch, reference, candidate, count)


def joined(blocks: Sequence[Matches]) -> Matches:
    """The matches of several blocks of candidates as one, candidates counted through."""
    starts = np.cumsum([0, *(block.count for block in blocks)])
    candidate = [b.candidate + start for b, start in zip(blocks, starts[:-1], strict=True)]
    none = [np.empty(0, np.intp)]
    return Matches(
        np.concatenate(none + [block.query for block in blocks]),
        np.concatenate(none + [block.reference for block in blocks]),
        np.concatenate(none + candidate), int(starts[-1]),
    )


def block_size(query_patches: int, reference_patches: int) -> int:
    """How many candidates are best matched in one call: small enough for the cache."""
    return max(1, MAX_BLOCK // max(1, query_patches * reference_patches))


def is_blank(descriptors: FloatArray) -> NDArray[np.bool_]:
    """Whether the patches of an image are all alike (or not numbers), so that none can match.

    Args:
        descriptors: float32 (..., n, d), rows of unit length or zero.

    Returns:
        bool (...): the total variance, 1 for unrelated unit vectors, is below 1e-3.
    """
    power = np.einsum('...nd,...nd->...', descriptors, descriptors) / descriptors.shape[-2]
    mean = descriptors.mean(-2)
    spread = power - np.einsum('...d,...d->...', mean, mean)
    return ~(spread >= BLANK_SPREAD)
