# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When images were taken, from names ``@east@north@...@timestamp@note@.jpg``."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timezone
from pathlib import Path
import re

from vpr_ros.evaluation.dataset import Dataset, DEFAULT_RADIUS_M, ImageRef
from vpr_ros.evaluation.position_datasets import load_utm

TIMESTAMP_FIELD = 13  # of the names of the deep visual geo-localization benchmark
_TIME = re.compile(r'(\d{4})(\d\d)(\d\d)?(?:_(\d\d)(\d\d)?(\d\d)?)?')
_NANOSECONDS = re.compile(r'\d{18,19}')  # as the rendered world writes them
_ORDER_NS = 1_000


def time_of(name: str) -> int | None:
    """Nanoseconds since the epoch from a file name (YYYYMM[DD[_hh[mm[ss]]]]), or None."""
    fields = name.split('@')
    text = fields[TIMESTAMP_FIELD] if len(fields) > TIMESTAMP_FIELD else ''
    if _NANOSECONDS.fullmatch(text):
        return int(text)
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = found.groups('0')
    try:
        taken = datetime(int(year), int(month), max(int(day), 1), int(hour), int(minute),
                         int(second), tzinfo=timezone.utc)
    except ValueError:
        return None
    return round(taken.timestamp()) * 10**9


def utm(path: Path, *, radius_m: float = DEFAULT_RADIUS_M, split: str = '') -> Dataset:
    """:func:`load_utm` with the times of the names, where every image has one."""
    dataset = load_utm(path, radius_m=radius_m, split=split)
    images = dataset.database + dataset.queries
    times = [time_of(image.path.name) for image in images]
    if None in times:
        return dataset
    timed: list[ImageRef] = [
        dataclasses.replace(image, stamp_ns=taken + order * _ORDER_NS)
        for order, (image, taken) in enumerate(zip(images, times, strict=True))
        if taken is not None
    ]
    count = len(dataset.database)
    return dataclasses.replace(dataset, database=tuple(timed[:count]),
                               queries=tuple(timed[count:]))
