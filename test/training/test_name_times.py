# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times in file names, and a time gap that comes of them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from training.name_times import time_of, utm
from training.tuples import MONTH_S, tuples_of


def name(timestamp: str, north: int = 0) -> str:
    return f'@0500000.00@{north}@54@S@@@pano@00@090@@@@{timestamp}@@.jpg'


@pytest.mark.parametrize(('text', 'expected'), [
    ('201503', '2015-03-01T00:00:00'),
    ('20150302', '2015-03-02T00:00:00'),
    ('20150302_1314', '2015-03-02T13:14:00'),
    ('20150302_131415', '2015-03-02T13:14:15'),
    ('', None), ('2015', None), ('201513', None), ('march', None),
])
def test_times(text, expected):
    found = time_of(name(text))
    if expected is None:
        assert found is None
    else:
        wanted = datetime.fromisoformat(expected).replace(tzinfo=timezone.utc)
        assert found == wanted.timestamp() * 10**9


def test_nanoseconds_and_short_names():
    assert time_of(name('1700000000500000000')) == 1_700_000_000_500_000_000
    assert time_of('@1@2@.jpg') is None


def test_a_time_gap_from_names(tmp_path):
    for part, stamps in (('database', ('201502', '201503')), ('queries', ('201503',))):
        (tmp_path / part).mkdir()
        for stamp in stamps:
            (tmp_path / part / name(stamp)).touch()
    data = tuples_of(utm(tmp_path), minimum_time_gap_s=MONTH_S)
    assert [data.database[index].name for index in data.positives[0]] == [name('201502')]
    (tmp_path / 'database' / name('')).touch()
    assert utm(tmp_path).queries[0].stamp_ns < 10**17  # one does not say: the order counts
