# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two views without depth: rotation and the direction of the other camera, or why neither.

The essential matrix (Longuet-Higgins 1981; five points in RANSAC, Nister 2004) with the checks
without which it answers nonsense: a homography that explains the same matches means one plane or
no movement, small angles between the two rays of a point mean no parallax.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.geometry.rigid import exp, Float64Array, skew, Transform

RANSAC_PX = 1.5
MIN_PARALLAX_RAD = math.radians(1.0)
MOST_ON_HOMOGRAPHY = 0.8  # of the inliers; more means a plane or a pure rotation
MIN_IN_FRONT = 0.8
UNKNOWN_LENGTH_STD = 1000.0  # metres along the direction, whose length is made up


@dataclass(frozen=True)
class Direction:
    """What :func:`direction_only` found.

    Attributes:
        pose: query_T_match with a position of length 1, or None.
        covariance: float64 (6, 6).
        inliers: matches that agree.
        parallax_rad: median angle between the two rays of a point.
        why: there is no pose; '' when there is one.
    """

    pose: Transform | None
    covariance: Float64Array
    inliers: int
    parallax_rad: float = 0.0
    why: str = ''


def direction_only(
    query: Float64Array, match: Float64Array, *, focal_px: float, min_inliers: int
) -> Direction:
    """Estimate query_T_match up to scale.

    Args:
        query, match: float64 (n, 2), x/z and y/z of the same points in both cameras.
        focal_px: mean focal length.
        min_inliers: fewer agreeing matches are refused.
    """
    nothing = np.zeros((6, 6))
    essential, mask = cv2.findEssentialMat(
        match, query, np.eye(3), cv2.RANSAC, 0.9999, RANSAC_PX / focal_px)
    if essential is None or essential.shape != (3, 3):
        return Direction(None, nothing, 0, why='no epipolar geometry explains the matches')
    inliers: NDArray[np.bool_] = mask.ravel() > 0
    count = int(inliers.sum())
    if count < min_inliers:
        return Direction(None, nothing, count, why=(
            f'{count} of {len(query)} matches agree on one epipolar geometry, at least '
            f'{min_inliers} are needed'))
    _, on_plane = cv2.findHomography(match, query, cv2.RANSAC, 2 * RANSAC_PX / focal_px)
    share = 0.0 if on_plane is None else float((on_plane.ravel()[inliers] > 0).mean())
    if share > MOST_ON_HOMOGRAPHY:
        return Direction(None, nothing, count, why=(
            f'one plane or a pure rotation explains {share:.0%} of the {count} agreeing matches, '
            'so that the direction of the other camera cannot be told; depth would tell'))
    _, rotation, translation, front = cv2.recoverPose(
        essential, match[inliers], query[inliers], np.eye(3))
    if float((front.ravel() > 0).mean()) < MIN_IN_FRONT:
        return Direction(None, nothing, count, why=(
            f'only {int((front > 0).sum())} of the {count} agreeing matches lie in front of both '
            'cameras'))
    translation = np.asarray(translation, np.float64).ravel()
    pose = Transform(np.asarray(rotation, np.float64), translation / np.linalg.norm(translation))
    try:
        pose, covariance = _refine(pose, query[inliers], match[inliers], focal_px)
    except np.linalg.LinAlgError:
        return Direction(None, nothing, count, why='the matches do not fix the direction')
    parallax = float(np.median(_angles(pose, query[inliers], match[inliers])))
    if parallax < MIN_PARALLAX_RAD:
        return Direction(None, nothing, count, parallax, why=(
            f'the parallax is {math.degrees(parallax):.2f} degrees, at least '
            f'{math.degrees(MIN_PARALLAX_RAD):.0f} is needed to tell a direction'))
    return Direction(pose, covariance, count, parallax)


def _refine(
    pose: Transform, query: Float64Array, match: Float64Array, focal_px: float
) -> tuple[Transform, Float64Array]:
    """Gauss-Newton on Sampson's distance over three angles and the two of the direction."""
    sigma = 1.0 / focal_px
    for _ in range(5):
        tangent = np.linalg.svd(pose.translation_m[None])[2][1:].T  # (3, 2)
        residual, jacobian = _linearised(pose, query, match, tangent)
        normal = jacobian.T @ jacobian
        step = np.linalg.solve(normal, -jacobian.T @ residual)
        pose = _stepped(pose, step, tangent)
    tangent = np.linalg.svd(pose.translation_m[None])[2][1:].T
    residual, jacobian = _linearised(pose, query, match, tangent)
    normal = jacobian.T @ jacobian
    if np.linalg.cond(normal) > 1e12:
        raise np.linalg.LinAlgError('degenerate')
    variance = max(sigma**2, float(residual @ residual) / max(len(residual) - 5, 1))
    spread = np.zeros((6, 5))
    spread[3:, :3], spread[:3, 3:] = np.eye(3), tangent
    covariance = spread @ np.linalg.inv(normal) @ spread.T * variance
    covariance[:3, :3] += UNKNOWN_LENGTH_STD**2 * np.outer(pose.translation_m, pose.translation_m)
    return pose, covariance


def _linearised(
    pose: Transform, query: Float64Array, match: Float64Array, tangent: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Sampson distances and their jacobian (n, 5) by central differences."""
    step = 1e-6
    columns = []
    for axis in np.eye(5) * step:
        ahead, behind = (sampson(_stepped(pose, sign * axis, tangent), query, match)
                         for sign in (1, -1))
        columns.append((ahead - behind) / (2 * step))
    return sampson(pose, query, match), np.stack(columns, 1)


def _stepped(pose: Transform, step: Float64Array, tangent: Float64Array) -> Transform:
    direction = pose.translation_m + tangent @ step[3:]
    return Transform(exp(step[:3]) @ pose.rotation, direction / np.linalg.norm(direction))


def sampson(pose: Transform, query: Float64Array, match: Float64Array) -> Float64Array:
    """Signed first-order distance of each pair from the epipolar constraint, in ray units (n,)."""
    essential = skew(pose.translation_m) @ pose.rotation
    q, m = (np.column_stack([rays, np.ones(len(rays))]) for rays in (query, match))
    lines, back = m @ essential.T, q @ essential
    scale = (lines[:, :2] ** 2).sum(1) + (back[:, :2] ** 2).sum(1)
    distance: Float64Array = (q * lines).sum(1) / np.sqrt(np.maximum(scale, 1e-18))
    return distance


def _angles(pose: Transform, query: Float64Array, match: Float64Array) -> Float64Array:
    """Angle between the two rays of each point, radians (n,)."""
    q, m = (np.column_stack([rays, np.ones(len(rays))]) for rays in (query, match))
    m = m @ pose.rotation.T
    cross = np.linalg.norm(np.cross(q, m), axis=1)
    angles: Float64Array = np.arctan2(cross, (q * m).sum(1))
    return angles
