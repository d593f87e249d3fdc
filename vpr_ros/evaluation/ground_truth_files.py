# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth from files: CSV with poses, CSV with laps, TUM trajectories."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import DataError
from vpr_ros.evaluation.ground_truth import GroundTruth, LapGroundTruth, PoseGroundTruth
from vpr_ros.types import Pose

STAMP_NAMES = ('stamp_ns', 'timestamp_ns', 'stamp', 'timestamp', 'stamp_s', 'time', 't')
QUATERNION = ('qx', 'qy', 'qz', 'qw')
_NANOSECONDS_FROM = 10**14  # a number this large can be no time in seconds


def load_ground_truth(
    path: Path | str,
    *,
    radius_m: float = 5.0,
    heading_deg: float | None = 45.0,
    tolerance_frames: float = 15.0,
) -> GroundTruth:
    """Read a ground-truth file; its form is recognised.

    Args:
        path: one of

            - CSV with columns stamp (seconds or nanoseconds), x, y and optionally z, and either
              qx, qy, qz, qw or yaw (radians);
            - CSV with columns frame and lap1_equivalent_frame, one row per image in order;
            - a TUM trajectory: lines of ``seconds x y z qx qy qz qw``.
        radius_m, heading_deg: see :class:`PoseGroundTruth`.
        tolerance_frames: see :class:`LapGroundTruth`.

    Raises:
        DataError: the file cannot be read or has another form.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding='utf-8-sig')
    except OSError as error:
        raise DataError(f'the ground truth {path} cannot be read ({error.strerror})') from error
    except UnicodeDecodeError as error:
        raise DataError(f'the ground truth {path} is no text file') from error
    lines = [line for line in text.splitlines() if line.strip()]
    header = next(csv.reader(lines[:1]), [])
    names = [name.strip() for name in header]
    try:
        if 'lap1_equivalent_frame' in names:
            return _laps(lines, tolerance_frames)
        if 'x' in names and 'y' in names and any(name in STAMP_NAMES for name in names):
            return _poses(lines, names, radius_m, heading_deg)
        if lines and len(_tum_fields(lines)) and ',' not in lines[-1]:
            return _tum(lines, radius_m, heading_deg)
    except (ValueError, KeyError, InvalidOperation, TypeError, OverflowError) as error:
        raise DataError(f'the ground truth {path} holds a value that cannot be read '
                        f'({error!r})') from error
    raise DataError(
        f'the ground truth {path} has an unknown form; expected CSV with columns stamp,x,y'
        f'[,z,qx,qy,qz,qw], CSV with columns frame,lap1_equivalent_frame, or TUM lines '
        f'"seconds x y z qx qy qz qw"'
    )


def ground_truth_of_poses(
    poses: Iterable[tuple[int, Pose]], *, radius_m: float = 5.0, heading_deg: float | None = 45.0
) -> PoseGroundTruth:
    """Ground truth from stamped poses, such as those of a bag's pose or odometry topic.

    Poses whose orientation never changes, as those of a satellite receiver, say nothing about
    the heading.

    Raises:
        DataError: fewer than two poses, or one is not finite.
    """
    stamps, numbers = array('q'), array('d')  # an hour of odometry is long as objects
    for stamp_ns, pose in poses:
        stamps.append(stamp_ns)
        numbers.extend((*pose.position_m, *pose.quaternion_xyzw))
    table = np.asarray(numbers, np.float64).reshape(-1, 7)
    quaternions = table[:, 3:]
    turns = bool((quaternions != quaternions[:1]).any())
    return PoseGroundTruth(
        np.asarray(stamps, np.int64), table[:, :3], yaw_of(quaternions) if turns else None,
        radius_m=radius_m, heading_deg=heading_deg,
    )


def yaw_of(quaternions_xyzw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heading about the vertical axis, radians (n,), of quaternions (n, 4)."""
    x, y, z, w = quaternions_xyzw.T
    return np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def _laps(lines: Sequence[str], tolerance: float) -> LapGroundTruth:
    rows = list(csv.DictReader(lines))
    equivalent = np.asarray([float(row['lap1_equivalent_frame']) for row in rows])
    if not len(equivalent) or not np.isfinite(equivalent).all():
        raise ValueError('no frames, or one that is not finite')
    first_lap = sum(1 for row in rows if row.get('lap', '').strip() == '1')
    lap_frames = first_lap or int(np.ceil(equivalent.max())) + 1
    return LapGroundTruth(equivalent, lap_frames, tolerance_frames=tolerance)


def _poses(
    lines: Sequence[str], names: Sequence[str], radius_m: float, heading_deg: float | None
) -> PoseGroundTruth:
    rows: list[Mapping[str, str]] = list(csv.DictReader(lines[1:], fieldnames=list(names)))
    stamp_name = next(name for name in STAMP_NAMES if name in names)
    stamps = [_stamp_ns(row[stamp_name], nanoseconds=stamp_name.endswith('_ns')) for row in rows]
    axes = [axis for axis in ('x', 'y', 'z') if axis in names]
    headings = None
    if all(name in names for name in QUATERNION):
        headings = yaw_of(_table(rows, QUATERNION))
    elif 'yaw' in names:
        headings = _table(rows, ('yaw',))[:, 0]
    return PoseGroundTruth(np.asarray(stamps, np.int64), _table(rows, axes), headings,
                           radius_m=radius_m, heading_deg=heading_deg)


def _table(rows: Sequence[Mapping[str, str]], names: Sequence[str]) -> NDArray[np.float64]:
    values = [[float(row[name]) for name in names] for row in rows]
    return np.asarray(values, np.float64).reshape(-1, len(names))


def _tum_fields(lines: Sequence[str]) -> list[list[str]]:
    """Split lines of eight fields, comments left out; empty when any has another number."""
    rows = [line.split() for line in lines if not line.lstrip().startswith('#')]
    return rows if all(len(row) == 8 for row in rows) else []


def _tum(lines: Sequence[str], radius_m: float, heading_deg: float | None) -> PoseGroundTruth:
    rows = _tum_fields(lines)
    stamps = np.asarray([_stamp_ns(row[0], nanoseconds=False) for row in rows], np.int64)
    numbers = np.asarray([[float(value) for value in row[1:]] for row in rows])
    return PoseGroundTruth(stamps, numbers[:, :3], yaw_of(numbers[:, 3:]),
                           radius_m=radius_m, heading_deg=heading_deg)


def _stamp_ns(text: str, *, nanoseconds: bool) -> int:
    """Nanoseconds, read without the rounding of a float."""
    value = Decimal(text.strip())
    if not nanoseconds and abs(value) < _NANOSECONDS_FROM:
        value *= 10**9
    return int(value.to_integral_value())
