# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pause is a minute without images, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vpr_ros.pauses import PAUSE_S, Pauses

STEPS_NS = st.lists(st.integers(0, 2 * int(PAUSE_S * 1e9)), max_size=30)


@given(STEPS_NS)
def test_a_pause_ends_with_the_first_image_after_a_minute(steps_ns: list[int]) -> None:
    pauses, stamp_ns = Pauses(), 10**18
    assert not pauses.ended(stamp_ns)
    for step_ns in steps_ns:
        stamp_ns += step_ns
        assert pauses.ended(stamp_ns) == (step_ns > PAUSE_S * 1e9)


def test_stamps_that_run_backwards_are_no_pause() -> None:
    pauses = Pauses()
    assert [pauses.ended(stamp_ns) for stamp_ns in (10**18, 0, 10**9)] == [False] * 3


def test_nothing_is_a_pause_after_a_reset() -> None:
    pauses = Pauses()
    pauses.ended(0)
    pauses.reset()
    assert not pauses.ended(10**18)
