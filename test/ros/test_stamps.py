# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which images are taken by their stamps, and what is said of odd ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
import pytest

from vpr_ros.ros.stamps import JUMP_NS, SETTLED, StampJudge, Verdict

TAKE, ANEW, LEAVE = Verdict.TAKE, Verdict.ANEW, Verdict.LEAVE
SECOND = 1_000_000_000


def judged(stamps_s: list[float], *, period_s: float = 0.1) -> tuple[list[Verdict], list[str]]:
    judge = StampJudge()
    found = [judge.judge(round(s * SECOND), 5.0 + i * period_s) for i, s in enumerate(stamps_s)]
    return [j.verdict for j in found], [j.oddity for j in found]


@pytest.mark.parametrize(('stamps_s', 'verdicts', 'oddity'), [
    ([1.0, 1.1, 1.2], [TAKE] * 3, ''),
    ([1.0, 1.1, 1.05, 1.2], [TAKE, TAKE, LEAVE, TAKE], ''),  # one out of order
    ([5.0, 4.9, 4.8, 4.7], [TAKE, LEAVE, LEAVE, LEAVE], 'order'),
    ([5.0] * 5, [TAKE] * 5, 'standing'),
    ([50.0, 1.0, 1.1], [TAKE, ANEW, TAKE], 'back'),
    ([50.0, 1.0, 0.0, -1.5], [TAKE, ANEW, LEAVE, LEAVE], 'to and fro'),
    ([50.0, 10.0, 50.1, 10.2, 50.3, 10.4], [TAKE, ANEW, TAKE, LEAVE, TAKE, LEAVE], 'to and fro'),
    ([50.0, 10.0, 50.1, 10.2, 10.3], [TAKE, ANEW, TAKE, LEAVE, ANEW], 'back'),  # it was true
    ([1.0, 1000.0, 1000.1], [TAKE] * 3, 'forward'),
], ids=['in order', 'one late', 'backwards', 'standing', 'jump', 'falling', 'two cameras',
        'two jumps', 'forward'])
def test_stamps(stamps_s, verdicts, oddity) -> None:
    found, oddities = judged(stamps_s)
    assert found == verdicts
    assert {o for o in oddities if o} >= ({oddity} if oddity else set())
    assert bool(oddity) == any(oddities)


def test_a_camera_that_paused_has_not_jumped() -> None:
    assert judged([1.0, 301.0], period_s=300.0) == ([TAKE, TAKE], ['', ''])


def test_after_a_while_in_order_a_jump_is_believed_again() -> None:
    way = [100 + i / 10 for i in range(SETTLED + 1)]
    found, _ = judged([150.0, *way, *way])
    assert found.count(ANEW) == 2 and LEAVE not in found


@given(st.lists(st.integers(0, 100 * SECOND), min_size=1, max_size=60))
def test_taken_stamps_never_fall_within_a_drive(stamps: list[int]) -> None:
    judge, last = StampJudge(), None
    for stamp in stamps:
        verdict = judge.judge(stamp, 0.0).verdict
        if verdict is TAKE:
            assert last is None or stamp >= last
        if verdict is ANEW:
            assert last is not None and stamp < last - JUMP_NS
        if verdict is not LEAVE:
            last = stamp


def test_restart_takes_whatever_comes() -> None:
    judge = StampJudge()
    judge.judge(50 * SECOND, 0.0)
    judge.restart()
    assert judge.judge(SECOND, 0.1).verdict is TAKE
