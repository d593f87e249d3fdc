# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mutual nearest neighbours between patch descriptors (Patch-NetVLAD, equation 3).

On unit vectors the nearest neighbour is the largest dot product: no square root, nothing that
can turn NaN. The product of a candidate with the query is looked at while it is in the cache:
one pass for the best query patch of each reference patch, one for the best value of each query
patch. A pair is mutual when the value is the best of its row and of its column; the column's
argument is not needed, and finding it is what makes the straightforward form slow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.rerank.codes import ZERO_POINT
from vpr_ros.rerank.products import ByteProduct, QueryCodes
from vpr_ros.types import FloatArray

IndexArray = NDArray[np.intp]

BLANK_SPREAD = 1e-3  # total variance of unit descriptors below which nothing can be told apart
SAMPLED = 16  # patches that are enough to see that most images are not blank
MAX_BLOCK = 1 << 18  # similarities computed at once; 1 MiB stays in the second-level cache


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
        """Count the matches of each candidate: intp (count,)."""
        return np.diff(self.splits())


def mutual_matches(query: FloatArray, references: FloatArray,
                   similarities: FloatArray | None = None) -> Matches:
    """Match the patches of one query with those of several candidates.

    Where several pairs tie, the lowest query patch wins and then the lowest reference patch, so
    a patch is matched at most once and the result is the same in every run.

    Args:
        query: float32 (n, d), rows of unit length.
        references: float32 (B, m, d), rows of unit length, C-contiguous.
        similarities: buffer of at least :func:`buffer_size` elements, reused between calls.

    Returns:
        The matches, by candidate and then by query patch.
    """
    def multiply(low: int, high: int, out: FloatArray) -> None:
        np.matmul(references[low:high].reshape(-1, references.shape[2]), query.T, out=out)

    return _matched(multiply, len(query), references.shape[:2], similarities)


def mutual_code_matches(product: ByteProduct, query: QueryCodes, codes: NDArray[np.uint8],
                        scales: FloatArray, similarities: FloatArray | None = None) -> Matches:
    """:func:`mutual_matches` of 8-bit codes, without decoding them: the same result.

    Args:
        product: multiplies bytes.
        query: n patches of d dimensions.
        codes: uint8 (B, m, d), C-contiguous.
        scales: float32 (B, m), of the codes.
        similarities: see :func:`mutual_matches`.
    """
    def multiply(low: int, high: int, out: FloatArray) -> None:
        product.multiply(codes[low:high].reshape(-1, codes.shape[2]), query, out)
        out *= scales[low:high].reshape(-1, 1)

    return _matched(multiply, len(query.scales), codes.shape[:2], similarities)


def _matched(multiply: Callable[[int, int, FloatArray], None], rows: int,
             references: tuple[int, ...], buffer: FloatArray | None) -> Matches:
    """Match ``rows`` query patches with (candidates, patches) of the references.

    ``multiply`` writes the similarities of candidates low to high: float32 (patches, rows), one
    candidate below the other.
    """
    count, patches = references
    none = np.empty(0, np.intp)
    if rows == 0 or patches == 0 or count == 0:
        return Matches(none, none, none, count)
    step = block_size(rows, patches)
    if buffer is None:
        buffer = np.empty(buffer_size(rows, patches, count), np.float32)
    choice = np.empty((count, patches), np.intp)  # the best query patch of each reference patch
    value = np.empty((count, patches), np.float32)
    best = np.empty((count, rows), np.float32)  # the best value of each query patch
    for low in range(0, count, step):
        high = min(low + step, count)
        product = buffer.ravel()[: (high - low) * patches * rows].reshape(-1, rows)
        multiply(low, high, product)
        chosen = product.argmax(1)
        choice[low:high] = chosen.reshape(-1, patches)
        value[low:high] = product[np.arange(len(product)), chosen].reshape(-1, patches)
        product.reshape(-1, patches, rows).max(1, out=best[low:high])
    candidate, reference = np.nonzero(value >= np.take_along_axis(best, choice, 1))
    # equal descriptors: several reference patches may have reached the same best value
    owner = np.full(count * rows, -1, np.intp)
    owner[(candidate * rows + choice[candidate, reference])[::-1]] = reference[::-1]
    claimed = np.flatnonzero(owner >= 0)
    candidate, query_patch = np.divmod(claimed, rows)
    return Matches(query_patch, owner[claimed], candidate, count)


def joined(blocks: Sequence[Matches]) -> Matches:
    """Join the matches of several blocks of candidates, candidates counted through."""
    starts = np.cumsum([0, *(block.count for block in blocks)])
    candidate = [b.candidate + start for b, start in zip(blocks, starts[:-1], strict=True)]
    none = [np.empty(0, np.intp)]
    return Matches(
        np.concatenate(none + [block.query for block in blocks]),
        np.concatenate(none + [block.reference for block in blocks]),
        np.concatenate(none + candidate), int(starts[-1]),
    )


def block_size(query_patches: int, reference_patches: int) -> int:
    """How many candidates are multiplied at once: few enough for the cache."""
    return max(1, MAX_BLOCK // max(1, query_patches * reference_patches))


def buffer_size(query_patches: int, reference_patches: int, candidates: int) -> int:
    """Similarities held at once: elements of the buffer of :func:`mutual_matches`."""
    held = min(block_size(query_patches, reference_patches), candidates)
    return held * query_patches * reference_patches


def is_blank(descriptors: FloatArray) -> NDArray[np.bool_]:
    """Whether the patches of an image are all alike (or not numbers), so that none can match.

    Args:
        descriptors: float32 (..., n, d), rows of unit length or zero.

    Returns:
        bool (...): the total variance, 1 for unrelated unit vectors, is below 1e-3.
    """
    return ~(_spread(descriptors) >= BLANK_SPREAD)


def are_blank_codes(codes: NDArray[np.uint8], scales: FloatArray) -> NDArray[np.bool_]:
    """:func:`is_blank` of 8-bit codes; a few patches of each image are decoded, seldom all.

    The variance of n patches is at least k / n times that of any k of them.

    Args:
        codes: uint8 (B, n, d).
        scales: float32 (B, n).
    """
    patches = codes.shape[1]
    chosen = slice(None, None, max(1, patches // SAMPLED))
    few = _decoded(codes[:, chosen], scales[:, chosen])
    blank = ~(_spread(few) * few.shape[1] >= BLANK_SPREAD * patches)
    for index in np.flatnonzero(blank):
        blank[index] = is_blank(_decoded(codes[index], scales[index]))
    return blank


def _decoded(codes: NDArray[np.uint8], scales: FloatArray) -> FloatArray:
    return (codes.astype(np.float32) - np.float32(ZERO_POINT)) * scales[..., None]


def _spread(descriptors: FloatArray) -> FloatArray:
    """Total variance of the rows: (..., n, d) -> (...)."""
    power = np.einsum('...nd,...nd->...', descriptors, descriptors) / descriptors.shape[-2]
    mean = descriptors.mean(-2)
    return np.asarray(power - np.einsum('...d,...d->...', mean, mean), np.float32)
