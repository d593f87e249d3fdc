# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pose of one camera in another from the features that both see.

With depth in either image: PnP inside RANSAC, then all inliers of both directions at once; metric.
Without: the essential matrix; the position is a direction of length 1. Either is refused, with a
sentence, where the geometry does not support it.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.geometry.epipolar import direction_only
from vpr_ros.geometry.features import Features
from vpr_ros.geometry.matching import match_features
from vpr_ros.geometry.reprojection import Projections, refine, whitened
from vpr_ros.geometry.rigid import Float64Array, Transform

RANSAC_PX = 3.0
RANSAC_ROUNDS = 1000
MAX_POSITION_STD_M = 0.5
MAX_ROTATION_STD_RAD = math.radians(3.0)
INLIER_STD = 3.5  # standard deviations of a residual up to which a match agrees
MIN_SPREAD = 0.05  # standard deviation of the inliers' x/z and y/z: they must not huddle


@dataclass(frozen=True)
class RelativePose:
    """What two images say about where they were taken from.

    Attributes:
        query_T_match: pose of the match camera in the query camera's optical frame; None when
            the geometry does not support one.
        covariance: float64 (6, 6), see :mod:`vpr_ros.geometry.rigid`.
        metric: False when only the direction of the position is known; it then has length 1.
        inliers: features that agree with it.
        matches: features that look the same.
        text: what it rests on, or why there is none, in words.
    """

    query_T_match: Transform | None
    covariance: Float64Array
    metric: bool
    inliers: int
    matches: int
    text: str


def relative_pose(query: Features, match: Features, *, min_inliers: int = 20) -> RelativePose:
    """Estimate query_T_match.

    Args:
        query, match: the features of both images.
        min_inliers: a pose that fewer features agree with is refused.
    """
    if query.kind != match.kind:
        return refused(f'the map holds features of {match.kind}, the node makes {query.kind}')
    pairs = match_features(query, match)
    if len(pairs) < min_inliers:
        return refused(f'{len(pairs)} features look the same, at least {min_inliers} are needed',
                       matches=len(pairs))
    sides = [_projections(query, match, pairs, in_match=True),
             _projections(match, query, pairs, in_match=False)]
    known: list[NDArray[np.bool_]] = [
        np.asarray(np.isfinite(side.points_m).all(1)) for side in sides]
    if max(known[0].sum(), known[1].sum()) < min_inliers:
        return direction_only_pose(query, match, pairs, min_inliers)
    return _metric(sides, known, len(pairs), min_inliers)


def refused(why: str, *, inliers: int = 0, matches: int = 0) -> RelativePose:
    """No pose, and why."""
    return RelativePose(None, np.zeros((6, 6)), False, inliers, matches, why)


def direction_only_pose(
    query: Features, match: Features, pairs: NDArray[np.int64], min_inliers: int
) -> RelativePose:
    """Without depth: rotation, and the direction of the position."""
    found = direction_only(
        query.rays[pairs[:, 0]].astype(np.float64), match.rays[pairs[:, 1]].astype(np.float64),
        focal_px=(query.focal_px + match.focal_px) / 2, min_inliers=min_inliers)
    if found.pose is None:
        return refused(found.why, inliers=found.inliers, matches=len(pairs))
    return RelativePose(
        found.pose, found.covariance, False, found.inliers, len(pairs),
        f'up to scale from {found.inliers} of {len(pairs)} matches, parallax '
        f'{math.degrees(found.parallax_rad):.1f} degrees')


def _projections(
    seeing: Features, holding: Features, pairs: NDArray[np.int64], *, in_match: bool
) -> Projections:
    """Points of one image as the other sees them, one a pair."""
    see, hold = (pairs[:, 0], pairs[:, 1]) if in_match else (pairs[:, 1], pairs[:, 0])
    return Projections(holding.points_m()[hold].astype(np.float64),
                       seeing.rays[see].astype(np.float64), seeing.focal_px, in_match,
                       holding.error_per_m)


def _metric(
    sides: list[Projections], known: list[NDArray[np.bool_]], matches: int, min_inliers: int
) -> RelativePose:
    richer = 0 if known[0].sum() >= known[1].sum() else 1
    pose = _first_guess(sides[richer].of(known[richer]))
    if pose is None:
        return refused(f'no camera position explains the {matches} matches', matches=matches)
    agreeing: NDArray[np.bool_] = np.zeros(matches, bool)
    try:
        for _ in range(3):
            inliers = [rows & _agrees(pose, side, rows)
                       for side, rows in zip(sides, known, strict=True)]
            before, agreeing = agreeing, inliers[0] | inliers[1]
            if agreeing.sum() < min_inliers:
                break
            pose, covariance = refine(
                pose, [side.of(rows) for side, rows in zip(sides, inliers, strict=True)],
                pairs=int(agreeing.sum()))
            if (agreeing == before).all():
                break
    except np.linalg.LinAlgError:
        return refused('the matched points do not fix the position (they lie on one line)',
                       inliers=int(agreeing.sum()), matches=matches)
    count = int(agreeing.sum())
    if count < min_inliers:
        return refused(f'{count} of {matches} matches agree on one position, at least '
                       f'{min_inliers} are needed', inliers=count, matches=matches)
    spread = sides[0].rays[agreeing].std(0).min()
    position_m, turn_rad = (
        float(np.sqrt(np.linalg.eigvalsh(block).max()))
        for block in (covariance[:3, :3], covariance[3:, 3:]))
    if spread < MIN_SPREAD:
        why = f'the {count} agreeing matches huddle in one corner or line of the image'
    elif position_m > MAX_POSITION_STD_M or turn_rad > MAX_ROTATION_STD_RAD:
        why = (f'the {count} agreeing matches leave the position uncertain by {position_m:.2f} m '
               f'and {math.degrees(turn_rad):.1f} degrees')
    else:
        return RelativePose(
            pose, covariance, True, count, matches,
            f'metric from {count} of {matches} matches, standard deviation {position_m:.3f} m and '
            f'{math.degrees(turn_rad):.2f} degrees')
    return refused(why, inliers=count, matches=matches)


def _first_guess(seen: Projections) -> Transform | None:
    """Solve PnP in RANSAC; None when it finds nothing."""
    found, rotation, translation, _ = cv2.solvePnPRansac(
        seen.points_m, seen.rays, np.eye(3), None, iterationsCount=RANSAC_ROUNDS,
        reprojectionError=RANSAC_PX / seen.focal_px, confidence=0.9999, flags=cv2.SOLVEPNP_AP3P)
    if not found or not np.isfinite(rotation).all() or not np.isfinite(translation).all():
        return None
    pose = Transform(np.asarray(cv2.Rodrigues(rotation)[0], np.float64),
                     np.asarray(translation, np.float64).ravel())
    return pose if seen.in_match else pose.inverse()


def _agrees(pose: Transform, seen: Projections, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    agrees = np.zeros(len(rows), bool)
    residual, _, front = whitened(pose, seen.of(rows))
    agrees[rows] = front & (np.linalg.norm(residual, axis=1) < INLIER_STD)
    return agrees
