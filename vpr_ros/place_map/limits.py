# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map accepts: limits that hold for places from topics, services and files alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vpr_ros.errors import MapError
from vpr_ros.place_map.schema import DESCRIPTOR
from vpr_ros.types import Pose

MAX_DIM = 65_536
MAX_THUMBNAIL_BYTES = 1024 * 1024
MAX_PATCH_BYTES = 64 * 1024 * 1024
MAX_PATCH_SCALES = 64
MAX_NAME_LENGTH = 256
LOCAL_FEATURES = 2**31 - 1  # stands in the place of a patch size: see vpr_ros.geometry.features
MAX_CARD_BYTES = 4 * 1024 * 1024
MAX_INTEGER = 2**63 - 1


def check_name(name: str, what: str) -> str:
    """Return ``name`` when a map can hold it.

    Raises:
        MapError: longer than 256 characters, or no valid Unicode text.
    """
    if len(name) > MAX_NAME_LENGTH:
        raise MapError(
            f'{what} has {len(name)} characters, a map takes {MAX_NAME_LENGTH}; shorten it'
        )
    try:
        name.encode('utf-8')
    except UnicodeEncodeError as error:
        raise MapError(f'{what} {name!r} is no valid Unicode text; rename it') from error
    if '\0' in name:
        raise MapError(f'{what} {name!r} holds a zero character; rename it')
    return name


def check_integer(value: int, what: str) -> int:
    """Return ``value`` as a Python integer that fits into 64 bits.

    Raises:
        MapError: it does not fit.
    """
    number = operator.index(value)
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise MapError(f'{what} {number} does not fit into 64 bits')
    return number


def to_half(descriptor: ArrayLike, dim: int) -> NDArray[np.float16]:
    """Round a descriptor to the float16 in which maps keep it.

    Queries are rounded in the same way, so that a place meets itself with similarity 1.

    Args:
        descriptor: (D,), L2-normalised.
        dim: D of the map.

    Returns:
        float16 (D,).

    Raises:
        MapError: another length, a value that is not finite, or one beyond the range of float16.
    """
    vector = np.asarray(descriptor)
    if vector.shape != (dim,):
        raise MapError(
            f'the descriptor has shape {vector.shape}, this map takes ({dim},); '
            f'describe the image with the model that built the map'
        )
    if not np.isrealobj(vector) or not np.issubdtype(vector.dtype, np.number):
        raise MapError(f'the descriptor has type {vector.dtype}, expected float32')
    with np.errstate(over='ignore'):
        half = vector.astype(np.float16)
    if not np.isfinite(half).all():
        raise MapError(
            'the descriptor holds values that are not finite, expected an L2-normalised vector; '
            'check the model with `vpr model check`'
        )
    return half


def check_facts(
    stamp_ns: int, frame_id: str, pose: Pose | None, travelled_m: float | None
) -> None:
    """Check what is known about where and when a place was seen.

    Raises:
        MapError: a number is not finite or does not fit, or a name is too long.
    """
    check_integer(stamp_ns, 'the stamp')
    check_name(frame_id, 'the frame')
    if travelled_m is not None and not math.isfinite(travelled_m):
        raise MapError(f'the travelled distance {travelled_m} is not finite; check the odometry')
    if pose is not None:
        check_name(pose.frame_id, 'the frame of the pose')
        if not all(map(math.isfinite, (*pose.position_m, *pose.quaternion_xyzw))):
            raise MapError(
                f'the pose {pose.position_m} {pose.quaternion_xyzw} is not finite; '
                f'check the odometry'
            )


def fits(row: Sequence[Any], dim: int) -> bool:
    """Whether a row of the table ``places`` claims sizes that a map can have."""
    return (len(row[DESCRIPTOR]) == 2 * dim and 0 <= row[13] <= MAX_THUMBNAIL_BYTES
            and 0 <= row[14] <= MAX_PATCH_BYTES)


def check_parts(thumbnail: bytes, patches: Mapping[int, bytes]) -> None:
    """Check the sizes of thumbnail and patches.

    Raises:
        MapError: one is too large.
    """
    if len(thumbnail) > MAX_THUMBNAIL_BYTES:
        raise MapError(
            f'the thumbnail has {len(thumbnail)} bytes, a map takes {MAX_THUMBNAIL_BYTES}; '
            f'make it smaller'
        )
    total = sum(len(codes) for codes in patches.values())
    if total > MAX_PATCH_BYTES or len(patches) > MAX_PATCH_SCALES:
        raise MapError(
            f'the patches have {total} bytes in {len(patches)} scales, a map takes '
            f'{MAX_PATCH_BYTES} bytes in {MAX_PATCH_SCALES} scales a place'
        )
    for size in patches:
        if not 0 < check_integer(size, 'the patch size') < 2**31:
            raise MapError(f'the patch size {size} is not positive')
