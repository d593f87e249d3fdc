# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the robot really was: which images of a drive show the same place.

Answers are three-valued. What the ground truth does not cover is *unknown* and counts neither for
nor against.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import DataError

Stamps = NDArray[np.int64]
States = NDArray[np.float64]
Answers = NDArray[np.int8]
YES, NO, UNKNOWN = 1, 0, -1
MAX_GAP_S = 1.0  # poses further apart than this are not interpolated
_NS = 1e-9


class GroundTruth(ABC):
    """Tells whether two images show the same place, from their stamps.

    To compare one image with many, ask for their states once and call :meth:`compare`.
    """

    description: str = ''
    unit: str = 'm'  # of separation
    needs_frames: bool = False  # whether bind_frames must be called first

    @abstractmethod
    def states(self, stamps_ns: Stamps) -> States:
        """Return what is known at each stamp, float64 (n, k); rows of NaN where nothing is."""

    @abstractmethod
    def compare(self, state: States, others: States) -> Answers:
        """Whether each of ``others`` (n, k) is the same place as ``state``, int8 (n,).

        ``state`` is one for all (k,) or one for each (n, k).
        """

    @abstractmethod
    def separation(self, state: States, others: States) -> NDArray[np.float64]:
        """Distance of each of ``others`` (n, k) to ``state``, float64 (n,), in :attr:`unit`."""

    @abstractmethod
    def positions_m(self, stamps_ns: Stamps) -> NDArray[np.float64]:
        """Positions to draw the route with, float64 (n, 2); NaN where unknown."""

    def bind_frames(self, stamps_ns: Sequence[int]) -> None:  # noqa: B027 - optional
        """Learn the stamps of all images of the drive, in order; by default of no interest."""

    def heading_change_deg(self, stamp_a_ns: int, stamp_b_ns: int) -> float | None:
        """Angle between the two headings in [0, 180], or None."""
        return None

    def distance(self, stamp_a_ns: int, stamp_b_ns: int) -> float | None:
        """Distance between two images in :attr:`unit`, or None."""
        states = self.states(np.asarray([stamp_a_ns, stamp_b_ns], np.int64))
        apart = float(self.separation(states[0], states[1:])[0])
        return None if np.isnan(apart) else apart

    def same_place(self, stamp_ns: int, others_ns: Stamps) -> Answers:
        """YES, NO or UNKNOWN for each of ``others_ns``, int8 (n,)."""
        state = self.states(np.asarray([stamp_ns], np.int64))[0]
        return self.compare(state, self.states(np.asarray(others_ns, np.int64)))

    def is_same_place(self, stamp_a_ns: int, stamp_b_ns: int) -> bool | None:
        """Whether two images show the same place; None when that is unknown."""
        answer = int(self.same_place(stamp_a_ns, np.asarray([stamp_b_ns], np.int64))[0])
        return None if answer == UNKNOWN else answer == YES


class PoseGroundTruth(GroundTruth):
    """From poses: near each other, and looking the same way.

    Between two poses, at most :data:`MAX_GAP_S` apart, position and heading are interpolated.
    """

    def __init__(
        self,
        stamps_ns: Stamps,
        positions_m: NDArray[np.float64],
        headings_rad: NDArray[np.float64] | None = None,
        *,
        radius_m: float = 5.0,
        heading_deg: float | None = 45.0,
    ) -> None:
        """Take the poses.

        Args:
            stamps_ns: int64 (n,), any order; of equal stamps the first counts.
            positions_m: float64 (n, 2) or (n, 3).
            headings_rad: float64 (n,), about the vertical axis; None when unknown.
            radius_m: images at most this far apart show the same place ...
            heading_deg: ... when their headings differ by at most this; None allows any.

        Raises:
            DataError: there are fewer than two poses, or one is not finite.
        """
        stamps, first = np.unique(np.asarray(stamps_ns, np.int64), return_index=True)
        positions = np.asarray(positions_m, np.float64)[first]
        if len(stamps) < 2:
            raise DataError(f'the ground truth holds {len(stamps)} poses, expected two at least')
        if positions.shape[1] == 2:
            positions = np.column_stack([positions, np.zeros(len(positions))])
        columns = [positions]
        self.has_headings = headings_rad is not None
        if headings_rad is not None:
            columns.append(np.unwrap(np.asarray(headings_rad, np.float64)[first])[:, None])
        self._stamps, self._table = stamps, np.column_stack(columns)
        if not np.isfinite(self._table).all():
            raise DataError('the ground truth holds a pose that is not finite; remove it')
        self.radius_m, self.heading_deg = radius_m, heading_deg
        angle = ''
        if self.has_headings and heading_deg is not None:
            angle = f' and {heading_deg:g} degrees'
        self.description = f'{len(stamps)} poses, same place within {radius_m:g} m{angle}'

    def states(self, stamps_ns: Stamps) -> States:
        """x, y, z in metres and, where known, the heading in radians."""
        wanted = np.asarray(stamps_ns, np.int64)
        after = np.clip(np.searchsorted(self._stamps, wanted), 1, len(self._stamps) - 1)
        low, high = self._stamps[after - 1], self._stamps[after]
        share = ((wanted - low) / (high - low))[:, None]
        states = self._table[after - 1] * (1 - share) + self._table[after] * share
        exact = (wanted == low) | (wanted == high)
        inside = (wanted >= low) & (wanted <= high) & ((high - low) * _NS <= MAX_GAP_S)
        states[~(inside | exact)] = np.nan
        return states

    def compare(self, state: States, others: States) -> Answers:
        """Within radius and heading."""
        near = self.separation(state, others) <= self.radius_m
        if self.has_headings and self.heading_deg is not None:
            turn = np.abs(_wrap(others[:, 3] - state[..., 3]))
            near &= turn <= np.deg2rad(self.heading_deg) + 1e-9
        answers = near.astype(np.int8)
        answers[np.isnan(others[:, 0]) | np.isnan(state[..., 0])] = UNKNOWN
        return answers

    def separation(self, state: States, others: States) -> NDArray[np.float64]:
        """Metres in a straight line."""
        apart = others[:, :3] - state[..., :3]
        return np.sqrt(np.einsum('ij,ij->i', apart, apart))

    def positions_m(self, stamps_ns: Stamps) -> NDArray[np.float64]:
        """Return x and y."""
        return self.states(stamps_ns)[:, :2]

    def heading_change_deg(self, stamp_a_ns: int, stamp_b_ns: int) -> float | None:
        """Angle between the two headings in [0, 180], or None."""
        if not self.has_headings:
            return None
        a, b = self.states(np.asarray([stamp_a_ns, stamp_b_ns], np.int64))[:, 3]
        turn = float(np.rad2deg(abs(_wrap(a - b))))
        return None if np.isnan(turn) else turn


class LapGroundTruth(GroundTruth):
    """From laps on one course: each frame has the frame of the first lap that shows its place.

    The course is closed, so the last frame of a lap is next to the first. Frames are numbered in
    the order of the images, so :meth:`bind_frames` must be called before anything else.
    """

    def __init__(
        self, equivalent: NDArray[np.float64], lap_frames: int, *, tolerance_frames: float = 15.0
    ) -> None:
        """Take the course.

        Args:
            equivalent: float64 (n,), for each frame the equivalent frame of the first lap.
            lap_frames: number of frames of the first lap.
            tolerance_frames: frames at most this far apart show the same place.
        """
        self._equivalent, self._lap_frames = equivalent, lap_frames
        self.tolerance_frames = tolerance_frames
        self._stamps = np.zeros(0, np.int64)
        self.needs_frames, self.unit = True, 'frames'
        self.description = (f'laps of {lap_frames} frames, same place within '
                            f'{tolerance_frames:g} frames')

    def bind_frames(self, stamps_ns: Sequence[int]) -> None:
        """Learn the stamps of all images, in order; the n-th belongs to the n-th frame.

        Raises:
            DataError: there are more images than frames.
        """
        if len(stamps_ns) > len(self._equivalent):
            raise DataError(
                f'the drive has {len(stamps_ns)} images, its ground truth {len(self._equivalent)} '
                f'frames; give the ground truth of this drive'
            )
        self._stamps = np.asarray(stamps_ns, np.int64)
        self.needs_frames = False

    def states(self, stamps_ns: Stamps) -> States:
        """Return the equivalent frame of the first lap, and the number of laps before it."""
        order = np.argsort(self._stamps, kind='stable')
        found = np.searchsorted(self._stamps, stamps_ns, sorter=order)
        found = np.minimum(found, max(len(order) - 1, 0))
        states = np.full((len(stamps_ns), 2), np.nan)
        if len(order):
            frames = order[found]
            known = self._stamps[frames] == stamps_ns
            states[known, 0] = self._equivalent[frames[known]]
            states[known, 1] = frames[known] / self._lap_frames
        return states

    def compare(self, state: States, others: States) -> Answers:
        """Within the tolerance along the closed course."""
        near = self.separation(state, others) <= self.tolerance_frames
        answers = near.astype(np.int8)
        answers[np.isnan(others[:, 0]) | np.isnan(state[..., 0])] = UNKNOWN
        return answers

    def separation(self, state: States, others: States) -> NDArray[np.float64]:
        """Frames along the closed course."""
        apart = np.abs(others[:, 0] - state[..., 0]) % self._lap_frames
        return np.asarray(np.minimum(apart, self._lap_frames - apart), np.float64)

    def positions_m(self, stamps_ns: Stamps) -> NDArray[np.float64]:
        """Return the course as a circle of 1 m per frame, each lap a little further out."""
        states = self.states(stamps_ns)
        angle = states[:, 0] / self._lap_frames * 2 * np.pi
        radius = self._lap_frames / (2 * np.pi) * (1 + 0.12 * states[:, 1])
        return np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])


def _wrap(angle_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Into [-pi, pi)."""
    return (angle_rad + np.pi) % (2 * np.pi) - np.pi
