# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The budget of a recognition, and what is kept free of it for the stages at the end."""

import math

import pytest

from vpr_ros.stopwatch import REMEMBERED, Reserve, Stopwatch


class Clock:
    """Seconds that pass only when something is done."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def run(clock, reserve, after_ms):
    watch = Stopwatch(clock, budget_ms=100.0, reserve=reserve)
    clock.now += 0.03
    watch.lap('rerank')
    clock.now += after_ms / 1000.0
    watch.lap('map')
    return watch


def test_what_later_stages_took_is_kept_free():
    clock, reserve = Clock(), Reserve()
    assert Stopwatch(clock, budget_ms=100.0, reserve=reserve).remaining_s() == pytest.approx(0.1)
    run(clock, reserve, 20.0)
    assert Stopwatch(clock, budget_ms=100.0, reserve=reserve).remaining_s() == pytest.approx(0.08)
    assert math.isinf(Stopwatch(clock, reserve=reserve).remaining_s())


def test_a_seldom_slow_end_is_not_waited_for_and_a_frequent_one_is():
    clock, reserve = Clock(), Reserve()
    for number in range(100):
        run(clock, reserve, 50.0 if number == 90 else 1.0)
    assert reserve.seconds == pytest.approx(0.001)
    for number in range(100):
        run(clock, reserve, 10.0 if number % 10 == 0 else 1.0)  # keyframes, say
    assert reserve.seconds == pytest.approx(0.01)
    for _ in range(REMEMBERED):
        run(clock, reserve, 2.0)
    assert reserve.seconds == pytest.approx(0.002)


def test_laps_add_up_as_before():
    clock, reserve = Clock(), Reserve()
    assert run(clock, reserve, 20.0).latency_ms() == pytest.approx(
        {'rerank': 30.0, 'map': 20.0, 'total': 50.0})
