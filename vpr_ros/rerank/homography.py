# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The score by a homography: the share of query patches that agree with one (section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.rerank.scoring import COLLINEAR, NO_MATCHES
from vpr_ros.types import FloatArray

MIN_MATCHES = 4  # a homography has eight degrees of freedom, a match gives two
TOO_FEW = 'fewer than four patches match'
NOT_FOUND = 'no homography agrees with four matches'

# name -> OpenCV's estimator. ``ransac`` is what the paper used; the others are far faster at
# nearly the same ranking (`vpr bench`).
METHODS = {
    'ransac': cv2.RANSAC,
    'rho': cv2.RHO,
    'usac_fast': cv2.USAC_FAST,
    'usac_accurate': cv2.USAC_ACCURATE,
    'usac_magsac': cv2.USAC_MAGSAC,
    'usac_prosac': cv2.USAC_PROSAC,
}


@dataclass(frozen=True)
class HomographyCheck:
    """What the check of one pair found.

    Attributes:
        score: inliers / query patches, in [0, 1].
        inliers: number of matches that agree.
        mask: bool (M,), which of them.
        matrix: float64 (3, 3), candidate pixels to query pixels, or None.
        reason: '' or why the score is 0.
    """

    score: float
    inliers: int
    mask: NDArray[np.bool_]
    matrix: NDArray[np.float64] | None = None
    reason: str = ''


def homography_check(query_px: FloatArray, reference_px: FloatArray, query_patches: int, *,
                     tolerance_px: float, method: str = 'ransac') -> HomographyCheck:
    """Fit a homography to matched patch centres and count those that agree with it.

    Args:
        query_px: float32 (M, 2), centres of the matched patches in the query.
        reference_px: float32 (M, 2), in the candidate, same order; for ``usac_prosac`` the best
            matches first.
        query_patches: n_p, all patches of the query.
        tolerance_px: largest reprojection error of an inlier: the patch stride in the paper, one
            and a half of it in the authors' code.
        method: see :data:`METHODS`.

    Raises:
        ConfigError: there is no such method, or the tolerance is not positive.
    """
    if method not in METHODS:
        raise ConfigError(f'homography method {method!r} is not one of {", ".join(METHODS)}')
    if not tolerance_px > 0:
        raise ConfigError(f'homography tolerance {tolerance_px} px found, expected more than 0')
    none = np.zeros(len(query_px), bool)
    if len(query_px) < MIN_MATCHES:
        return HomographyCheck(0.0, 0, none, reason=TOO_FEW if len(query_px) else NO_MATCHES)
    if on_a_line(query_px) or on_a_line(reference_px):
        return HomographyCheck(0.0, 0, none, reason=COLLINEAR)
    try:
        matrix, mask = cv2.findHomography(
            np.ascontiguousarray(reference_px, np.float32),
            np.ascontiguousarray(query_px, np.float32), METHODS[method], tolerance_px,
        )
    except cv2.error:  # the USAC family raises where RANSAC returns nothing
        matrix, mask = None, None
    if matrix is None or mask is None or not np.isfinite(matrix).all():
        return HomographyCheck(0.0, 0, none, reason=NOT_FOUND)
    agrees = mask.ravel().astype(bool)
    inliers = int(agrees.sum())
    if inliers < MIN_MATCHES:
        return HomographyCheck(0.0, 0, none, reason=NOT_FOUND)
    return HomographyCheck(inliers / max(query_patches, 1), inliers, agrees,
                           matrix.astype(np.float64))


def on_a_line(points: FloatArray) -> bool:
    """Whether points (M, 2) lie on one line or spot, within a thousandth of their spread."""
    centred = points.astype(np.float64) - points.mean(0)
    xx, yy = centred[:, 0] @ centred[:, 0], centred[:, 1] @ centred[:, 1]
    xy = centred[:, 0] @ centred[:, 1]
    return bool(xx * yy - xy * xy <= 1e-6 * (xx + yy) ** 2)


def stride_px(centers_px: FloatArray, grid: tuple[int, int]) -> float:
    """Distance of neighbouring patches in pixels, from their centres; the larger of x and y."""
    rows, columns = grid
    points = centers_px.reshape(rows, columns, 2)
    step_x = float(points[0, 1, 0] - points[0, 0, 0]) if columns > 1 else 0.0
    step_y = float(points[1, 0, 1] - points[0, 0, 1]) if rows > 1 else 0.0
    return max(abs(step_x), abs(step_y), 1.0)
