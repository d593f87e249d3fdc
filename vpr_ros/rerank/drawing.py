# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A query and its match side by side, the matched patches joined and coloured by agreement."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.rerank.matching import is_blank, mutual_matches
from vpr_ros.rerank.scales import Patches, stack
from vpr_ros.types import ImageArray, PatchSet, SpatialEvidence

GAP_PX = 8
BAR_PX = 26
# agreement 0 .. 1 from magenta over grey to green: told apart also without seeing red and green
_LOW, _MIDDLE, _HIGH = (208.0, 28.0, 139.0), (190.0, 190.0, 190.0), (40.0, 200.0, 60.0)
MAX_LINES = 60
LINE_OPACITY = 0.65
SHIFT = 3  # points are given to OpenCV in eighths of a pixel
SUB = 1 << SHIFT


def draw_matches(
    query_rgb: ImageArray, match_rgb: ImageArray, query: Mapping[int, PatchSet],
    match: Mapping[int, Patches], *, input_size: tuple[int, int], size: int | None = None,
    evidence: SpatialEvidence | None = None, height_px: int = 240,
) -> ImageArray:
    """Draw two images side by side with the patches that match between them.

    A line joins each pair of mutual nearest neighbours; its colour is how well its displacement
    agrees with the median one (green: fully, grey: half, magenta: not at all). Of many, the
    most agreeing and the least agreeing are drawn, and both ends of a line are moved by less than
    half a patch so that those of one row lie side by side: the picture stays readable.

    Args:
        query_rgb, match_rgb: uint8 (H, W, 3), any size; stored thumbnails will do.
        query, match: patch size -> patches of each.
        input_size: (height, width) of the model's input, in whose pixels the centres are.
        size: patch size to draw; None takes the smallest that both have.
        evidence: its score, matches and inliers are written below.
        height_px: of each image in the picture.

    Returns:
        uint8 (height_px + bar, W, 3) RGB; without common patch sizes just the two images.
    """
    left, right = _scaled(query_rgb, height_px), _scaled(match_rgb, height_px)
    offset = left.shape[1] + GAP_PX
    canvas = np.full((height_px + BAR_PX, offset + right.shape[1], 3), 24, np.uint8)
    canvas[:height_px, : left.shape[1]] = left
    canvas[:height_px, offset:] = right
    sizes = sorted(set(query) & set(match))
    chosen = size if size is not None else (sizes[0] if sizes else None)
    found = 0
    if chosen is not None and chosen in query and chosen in match:
        mine, other, agreement = agreeing_matches(query[chosen], match[chosen])
        found = len(agreement)
        start = _to_picture(query[chosen].centers_px[mine], input_size, left.shape)
        end = _to_picture(match[chosen].centers_px[other], input_size, right.shape)
        end[:, 0] += offset
        apart = _apart(mine, query[chosen].grid) * height_px / query[chosen].grid[0]
        start[:, 1] += apart
        end[:, 1] += apart
        _join(canvas, start, end, agreement)
    cv2.putText(canvas, _caption(evidence, chosen, found), (6, height_px + 18),
                cv2.FONT_HERSHEY_SIMPLEX, 0.42, (230, 230, 230), 1, cv2.LINE_AA)
    return canvas


def agreeing_matches(query: PatchSet, match: Patches) -> tuple[
        NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the matched patches of both images and their agreement with the median displacement.

    Returns:
        Query patches intp (M,), candidate patches intp (M,), agreement float64 (M,) in [0, 1]:
        1 at the median displacement, 0 from a quarter of the grid away.
    """
    own, theirs = stack([query]), stack([match])
    if is_blank(own).any() or is_blank(theirs).any() or own.shape[2] != theirs.shape[2]:
        none = np.empty(0, np.intp)
        return none, none, np.empty(0)
    mine, other = mutual_matches(own[0], theirs).of(0)
    if len(mine) == 0:
        return mine, other, np.empty(0)
    moved = np.stack(np.divmod(other, match.grid[1]), 1) - np.stack(
        np.divmod(mine, query.grid[1]), 1)
    residual = np.abs(moved - np.median(moved, 0)) / (np.array(query.grid) / 4)
    return mine, other, 1.0 - np.minimum(residual.max(1), 1.0)


def _join(canvas: ImageArray, start: NDArray[np.float64], end: NDArray[np.float64],
          agreement: NDArray[np.float64]) -> None:
    """Draw lines that let the images show through, and a dot at both ends of each."""
    lines = canvas.copy()
    for dots in (False, True):
        for index in _drawn(agreement):
            colour = _colour(float(agreement[index]))
            a, b = ((round(x * SUB), round(y * SUB)) for x, y in (start[index], end[index]))
            if dots:
                cv2.circle(canvas, a, 3 * SUB, colour, -1, cv2.LINE_AA, SHIFT)
                cv2.circle(canvas, b, 3 * SUB, colour, -1, cv2.LINE_AA, SHIFT)
            else:
                cv2.line(lines, a, b, colour, 1, cv2.LINE_AA, SHIFT)
        if not dots:
            cv2.addWeighted(lines, LINE_OPACITY, canvas, 1 - LINE_OPACITY, 0, canvas)


def _apart(patches: NDArray[np.intp], grid: tuple[int, int]) -> NDArray[np.float64]:
    """How far, in rows, a line is moved so that those of one row do not lie on each other."""
    return 0.7 * (patches % grid[1] / max(grid[1] - 1, 1) - 0.5)


def _drawn(agreement: NDArray[np.float64]) -> NDArray[np.intp]:
    """Choose the indices to draw, the most agreeing last so that they lie on top."""
    order = np.argsort(agreement, kind='stable')
    if len(order) <= MAX_LINES:
        return order
    least = MAX_LINES // 4
    return np.concatenate([order[:least], order[least - MAX_LINES:]])


def _scaled(image: ImageArray, height_px: int) -> ImageArray:
    width = max(1, round(image.shape[1] * height_px / image.shape[0]))
    shrinks = image.shape[0] >= height_px
    flag = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height_px), interpolation=flag), np.uint8)


def _to_picture(centers_px: NDArray, input_size: tuple[int, int],
                shape: tuple[int, ...]) -> NDArray[np.float64]:
    """From pixels of the model's input to pixels of the picture: float64 (M, 2)."""
    height, width = input_size
    return (centers_px + 0.5) * (shape[1] / width, shape[0] / height) - 0.5


def _colour(agreement: float) -> tuple[int, int, int]:
    low, high, at = (_LOW, _MIDDLE, 2 * agreement) if agreement < 0.5 else (
        _MIDDLE, _HIGH, 2 * agreement - 1)
    red, green, blue = (round(a + (b - a) * at) for a, b in zip(low, high, strict=True))
    return red, green, blue


def _caption(evidence: SpatialEvidence | None, size: int | None, found: int) -> str:
    parts = [f'patch size {size}: {found} matches'] if size is not None else ['no patches']
    if evidence is not None:
        parts.insert(0, f'spatial score {evidence.score:.2f}')
        if evidence.inliers >= 0:
            parts.append(f'{evidence.inliers} of {evidence.matches} inliers, all sizes')
        if evidence.reason:
            parts.append(evidence.reason)
    return ' | '.join(parts)
