# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The facts of places in memory."""

from __future__ import annotations

import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.types import Place, Pose

POSE = Pose((1.0, 2.0, 3.0), (0.0, 0.6, 0.0, 0.8), 'odom')


def places() -> list[Place]:
    """Two sessions of 100 places; ids with gaps; some without pose or distance."""
    return [
        Place(
            place_id=3 * i + 1,
            session_id=1 + i // 100,
            stamp_ns=1000 + i,
            frame_id=f'camera{i % 3}',
            pose=None if i % 4 == 0 else POSE,
            travelled_m=None if i % 5 == 0 else float(i % 100),
            revisit_of=3 * (i - 100) + 1 if i >= 100 else 0,
        )
        for i in range(200)
    ]


@pytest.fixture
def columns() -> PlaceColumns:
    filled = PlaceColumns()
    for place in places():
        filled.append(place)
    return filled


def test_places_come_back_as_they_were(columns: PlaceColumns) -> None:
    assert [columns.place(row) for row in range(len(columns))] == places()


def test_rows_of_the_table_give_the_same_columns(columns: PlaceColumns) -> None:
    filled = PlaceColumns()
    filled.extend(
        [
            (
                place.place_id,
                place.session_id,
                place.stamp_ns,
                place.frame_id,
                place.travelled_m,
                *((*POSE.position_m, *POSE.quaternion_xyzw) if place.pose else [None] * 7),
                'odom' if place.pose else '',
                0,
                0,
                place.revisit_of,
            )
            for place in places()
        ]
    )
    assert [filled.place(row) for row in range(len(filled))] == places()


def test_rows_by_id(columns: PlaceColumns) -> None:
    assert columns.row(1) == 0
    assert columns.row(301) == 100
    assert columns.rows_below(0) == 0
    assert columns.rows_below(302) == 101
    assert columns.rows_below(10**9) == 200
    for missing in (0, 2, 10**9):
        with pytest.raises(MapError, match=f'no place {missing}; it holds 200 places'):
            columns.row(missing)


@pytest.mark.parametrize(
    ('session', 'stamp_ns', 'travelled_m', 'expected'),
    [
        (1, None, None, 0),
        (2, None, None, 100),
        (1, 1050, None, 50),
        (2, 1050, None, 100),  # all of the session is later
        (1, 1100, None, None),  # later places are of another session
        (2, None, 40.5, 141),
        (2, None, 40.0, 141),  # the place at 40 m has no distance
        (2, 1160, 40.5, 161),  # both bounds; the one at 160 has no distance
        (3, None, None, None),
    ],
)
def test_first_row_since(columns, session, stamp_ns, travelled_m, expected) -> None:
    assert columns.first_row_since(session, stamp_ns, travelled_m) == expected


def test_session_span(columns: PlaceColumns) -> None:
    assert columns.session_span(2) == (100, 1100, 1199, 98.0)
    assert columns.session_span(7) == (0, None, None, 0.0)


def test_a_million_places_are_no_objects() -> None:
    filled = PlaceColumns()
    filled.extend([(i, 1, i, 'c', 0.5, *[None] * 7, '', 0, 0, 0) for i in range(1, 50_001)])
    assert filled._rows.itemsize <= 112
