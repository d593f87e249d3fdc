# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Working ahead changes the speed and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
import threading

import pytest

from vpr_ros.errors import ModelError
from vpr_ros.in_order import AHEAD_PER_WORKER, in_order

WORKERS = 2


def test_results_keep_their_order_however_long_each_takes() -> None:
    """The first item is done last; only few are taken ahead."""
    taken: list[int] = []
    second_done = threading.Event()

    def items() -> Iterator[int]:
        for number in range(12):
            taken.append(number)
            yield number

    def work(number: int) -> int:
        if number == 0:
            assert second_done.wait(20.0)
        elif number == 1:
            second_done.set()
        return number * number

    results = in_order(items(), work, WORKERS)
    assert next(results) == 0 and len(taken) == AHEAD_PER_WORKER * WORKERS
    assert list(results) == [number * number for number in range(1, 12)]


def test_an_error_comes_at_its_turn() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ModelError('broken')
        return number

    seen = []
    with pytest.raises(ModelError, match='broken'):
        for number in in_order(range(6), work, WORKERS):
            seen.append(number)
    assert seen == [0, 1, 2]


def test_items_that_are_not_asked_for_are_not_taken() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = in_order(items(), lambda number: number, WORKERS)
    assert next(results) == 0
    results.close()
    assert len(taken) == AHEAD_PER_WORKER * WORKERS
