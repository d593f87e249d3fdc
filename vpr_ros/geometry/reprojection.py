# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The relative pose that fits the pixels of both images best, and how sure it is.

``query_T_match = (R, t)`` takes a point of the match camera to the query camera. Points with a
depth in the match are projected into the query, points with a depth in the query into the match;
each residual is weighed by the noise of its pixel and of its point's depth. The covariance is the
inverse of the normal matrix at the end, grown where the residuals are larger than that noise
explains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.geometry.rigid import Float64Array, perturbed, skew, Transform

PIXEL_NOISE_PX = 0.7
"""Standard deviation of where a feature is found, in either image."""

DEPTH_NOISE = 0.01
"""Standard deviation of a depth, as a share of it; that of stereo comes to it."""

HUBER = 2.0
"""From so many standard deviations on, a residual pulls no harder."""


@dataclass(frozen=True)
class Projections:
    """Points of one camera and where the other sees them.

    Attributes:
        points_m: float64 (n, 3) in the optical frame of the camera that has the depth.
        rays: float64 (n, 2), x/z and y/z in the other camera.
        focal_px: of the other camera.
        in_match: True when the points are the match's and the query sees them.
        error_per_m: of the depths, see :class:`vpr_ros.geometry.features.Features`.
    """

    points_m: Float64Array
    rays: Float64Array
    focal_px: float
    in_match: bool
    error_per_m: float = 0.0

    def of(self, rows: NDArray[np.bool_]) -> Projections:
        """Return some of them."""
        return Projections(self.points_m[rows], self.rays[rows], self.focal_px, self.in_match,
                           self.error_per_m)


def whitened(
    pose: Transform, seen: Projections
) -> tuple[Float64Array, Float64Array, NDArray[np.bool_]]:
    """Residuals in standard deviations, and how they change with the pose.

    Args:
        pose: query_T_match.
        seen: n projections.

    Returns:
        residuals (n, 2), jacobian (n, 2, 6), in front of the camera (n,).
    """
    moved, turn = (pose, pose.rotation) if seen.in_match else (
        pose.inverse(), pose.rotation.T)
    points = moved.apply(seen.points_m)
    depth = points[:, 2]
    front = depth > 0.05
    z = np.where(front, depth, 1.0)
    x, y = points[:, 0] / z, points[:, 1] / z
    projection = np.zeros((len(points), 2, 3))
    projection[:, 0, 0] = projection[:, 1, 1] = 1 / z
    projection[:, 0, 2], projection[:, 1, 2] = -x / z, -y / z
    if seen.in_match:
        by_t = np.broadcast_to(np.eye(3), (len(points), 3, 3))
        by_w = -skew(points - pose.translation_m)
    else:
        by_t = np.broadcast_to(-turn, (len(points), 3, 3))
        by_w = turn @ skew(seen.points_m - pose.translation_m)
    jacobian = projection @ np.concatenate([by_t, by_w], 2)
    residual = np.column_stack([x, y]) - seen.rays
    # the noise of the pixel is round, that of the depth lies along the epipolar line
    share = np.hypot(DEPTH_NOISE, seen.error_per_m * seen.points_m[:, 2:])
    along = (projection @ (turn @ seen.points_m[:, :, None]))[..., 0] * share
    pixel = 2 * (PIXEL_NOISE_PX / seen.focal_px) ** 2
    covariance = pixel * np.eye(2) + along[:, :, None] * along[:, None, :]
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    return ((root @ residual[..., None])[..., 0], np.asarray(root @ jacobian, np.float64),
            np.asarray(front))


def refine(
    pose: Transform, projections: list[Projections], *, pairs: int, rounds: int = 10
) -> tuple[Transform, Float64Array]:
    """Gauss-Newton with Huber weights from a first guess.

    Args:
        pose: the guess.
        projections: of both directions; a pair with both depths stands in each.
        pairs: how many different pairs they are of. The two residuals of a pair have the same
            errors, so that they must not count as two measurements.
        rounds: at most.

    Returns:
        The pose, and its covariance float64 (6, 6) (see :mod:`vpr_ros.geometry.rigid`).

    Raises:
        numpy.linalg.LinAlgError: the points do not fix all six degrees of freedom.
    """
    for _ in range(rounds):
        normal, right, _ = _normal_equations(pose, projections)
        step = np.asarray(np.linalg.solve(normal, right), np.float64)
        pose = perturbed(pose, step)
        if np.abs(step).max() < 1e-7:
            break
    normal, _, factor = _normal_equations(pose, projections)
    if np.linalg.cond(normal) > 1e14:
        raise np.linalg.LinAlgError('degenerate')
    covariance = np.linalg.inv(normal) * factor
    covariance *= sum(len(seen.rays) for seen in projections) / pairs
    return pose, (covariance + covariance.T) / 2


def _normal_equations(
    pose: Transform, projections: list[Projections]
) -> tuple[Float64Array, Float64Array, float]:
    normal, right = np.zeros((6, 6)), np.zeros(6)
    squares, count = 0.0, 0
    for seen in projections:
        residual, jacobian, front = whitened(pose, seen)
        length = np.linalg.norm(residual, axis=1)
        weight = np.where(front, np.minimum(1.0, HUBER / np.maximum(length, 1e-12)), 0.0)
        normal += np.einsum('n,nij,nik->jk', weight, jacobian, jacobian)
        right -= np.einsum('n,nij,ni->j', weight, jacobian, residual)
        squares += float((length[front] ** 2).sum())
        count += 2 * len(residual)
    # a scene that moves or a calibration that is off shows in the residuals: never optimistic
    return normal, right, max(1.0, squares / max(count - 6, 1))
