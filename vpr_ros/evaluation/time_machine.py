# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When images of Time Machine data were taken: the month, from the struct or the folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
import re
from typing import Any

import numpy as np

from vpr_ros.errors import DataError

_MONTH = re.compile(r'(?:^|[/\\])\D{0,3}((?:19|20)\d\d)(0[1-9]|1[0-2])(?=[/\\])')
_UNIX_EPOCH_DATENUM = 719_529  # MATLAB counts days from the year 0
_LAST_DATENUM = 767_011  # the year 2100; as YYYYMM this would be a month that is none
_ORDER_NS = 1_000  # keeps stamps of one month apart, in the order of the list


def time_machine_stamps(struct: Mapping[str, Any], field: str, files: Sequence[str]
                        ) -> list[int] | None:
    """Nanoseconds since the epoch of the month in which each image was taken.

    Args:
        struct: a NetVLAD dbStruct.
        field: ``dbTimeStamp`` or ``qTimeStamp``: months as YYYYMM, or days as MATLAB counts them.
        files: image names; without the field, a folder named ``YYYYMM`` tells the month.

    Returns:
        A stamp an image, or None where neither says when images were taken.

    Raises:
        DataError: the field is not as long as the list, or holds something else.
    """
    if field in struct:
        numbers = np.ravel(np.asarray(struct[field], np.float64))
        if len(numbers) != len(files):
            raise DataError(f'the dbStruct has {len(files)} images but {len(numbers)} of {field}')
        months = [_nanoseconds(number, field) for number in numbers]
    else:
        found = [_MONTH.search(file) for file in files]
        if not files or any(match is None for match in found):
            return None
        months = [_first_of(int(m[1]), int(m[2])) for m in found if m is not None]
    return [month + order * _ORDER_NS for order, month in enumerate(months)]


def _nanoseconds(number: float, field: str) -> int:
    year, month = divmod(int(number), 100)
    if _UNIX_EPOCH_DATENUM <= number <= _LAST_DATENUM:
        return round((number - _UNIX_EPOCH_DATENUM) * 86_400) * 10**9
    if 1970 <= year <= 2100 and 1 <= month <= 12 and number == int(number):
        return _first_of(year, month)
    raise DataError(f'the dbStruct holds {number:g} in {field}; expected months as YYYYMM, or '
                    f'days as MATLAB counts them')


def _first_of(year: int, month: int) -> int:
    return round(datetime(year, month, 1, tzinfo=timezone.utc).timestamp()) * 10**9
