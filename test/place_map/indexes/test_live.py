# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The index is made anew behind the one in use, while places come, go and are looked for."""

from __future__ import annotations

from collections.abc import Sequence
import threading

import numpy as np
from place_map.indexes.index_helpers import DIM, nearest, places, seen_again, statistics_of
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map.indexes import DescriptorIndex, LiveIndex
from vpr_ros.place_map.indexes.live import AT_ONCE_PLACES


class Gate:
    """A lock at which all threads but the first have to wait while the gate is closed."""

    def __init__(self) -> None:
        self.open, self.somebody_waits = threading.Event(), threading.Event()
        self.open.set()
        self._lock, self._first = threading.RLock(), threading.current_thread()

    def __enter__(self) -> None:
        if threading.current_thread() is not self._first:
            self.somebody_waits.set()
            self.open.wait()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Places:
    """What a map holds, as a plain dictionary."""

    def __init__(self, rows: np.ndarray, kind: str = 'auto') -> None:
        self.rows = dict(enumerate(rows, start=1))
        self.guard = Gate()
        self.parts_before_closing = -1
        index = DescriptorIndex.build('flat', statistics_of(rows), rows)
        self.live = LiveIndex(kind, index, ids=self.ids, read=self.read, guard=self.guard)

    def ids(self) -> np.ndarray:
        return np.array(sorted(self.rows))

    def read(self, ids: Sequence[int]) -> np.ndarray:
        self.parts_before_closing -= 1
        if self.parts_before_closing == 0:
            self.guard.open.clear()
        return np.array([self.rows[i] for i in ids]).reshape(-1, DIM)

    def matrix(self) -> np.ndarray:
        return np.array([self.rows[i] for i in self.ids()])

    def check(self) -> None:
        rows = self.matrix()
        assert len(self.live) == len(rows)
        for query in seen_again(rows, 10):
            best = nearest(self.live.current.statistics, rows, query, 1)[0]
            assert best in self.live.propose(query, 5, len(rows))


def test_a_small_map_is_done_at_once() -> None:
    held = Places(places(AT_ONCE_PLACES))
    renewed = statistics_of(held.matrix()[:1500]).renewed(np.ones(DIM), 1500)
    with held.guard:
        held.live.renew(renewed)
        assert not held.live.rebuilding and held.live.current.statistics is renewed


@pytest.mark.parametrize('kind', ['sq8', 'binary', 'ivf', 'hnsw'])
def test_recognition_goes_on_while_the_next_index_is_made(kind: str) -> None:
    held = Places(places(AT_ONCE_PLACES + 500), kind)
    old, renewed = held.live.current, statistics_of(held.matrix())
    renewed = renewed.renewed(renewed.mean * 2400, 2400)
    held.parts_before_closing = 2
    with held.guard:
        held.live.renew(renewed)
    while held.guard.open.is_set():
        held.guard.somebody_waits.wait(0.01)
    with held.guard:  # in the middle of the rebuild: look, add, remove
        assert held.live.rebuilding and held.live.current is old
        held.check()
        new = places(30, seed=8)
        for row in new:
            held.rows[max(held.rows) + 1] = row
            held.live.add(row[np.newaxis])
        for place_id in (3, 700, 2400):
            row = int(np.searchsorted(held.ids(), place_id))
            del held.rows[place_id]
            held.live.remove(np.array([row]))
        held.check()
    held.guard.open.set()
    held.live.wait()
    assert held.live.failure is None and not held.live.rebuilding
    assert held.live.kind == kind and held.live.current.statistics is renewed
    held.check()


def test_the_newest_mean_wins() -> None:
    held = Places(places(AT_ONCE_PLACES + 1))
    held.guard.open.clear()
    first = statistics_of(held.matrix())
    second = first.renewed(first.mean * 1000, 1000)
    third = second.renewed(first.mean * 2000, 2000)
    with held.guard:
        held.live.renew(second)
        held.live.renew(third)
    held.guard.open.set()
    held.live.wait()
    assert held.live.current.statistics is third
    held.check()


def test_many_removed_rows_make_a_new_index_due() -> None:
    held = Places(places(AT_ONCE_PLACES))
    with held.guard:
        for place_id in range(1, 600):
            del held.rows[place_id]
            held.live.remove(np.array([0]))
    held.live.wait()
    assert held.live.current.dead < 600
    held.check()


def test_stopping_ends_the_thread_and_keeps_the_old_index() -> None:
    held = Places(places(AT_ONCE_PLACES + 1))
    held.parts_before_closing = 1
    old = held.live.current
    with held.guard:
        held.live.renew(old.statistics.renewed(np.ones(DIM), 5000))
    while held.guard.open.is_set():
        held.guard.somebody_waits.wait(0.01)
    held.live.abandon()
    held.guard.open.set()
    held.live.stop()
    assert held.live.current is old and not held.live.rebuilding


def test_a_file_that_fails_beneath_leaves_the_old_index_in_use() -> None:
    held = Places(places(AT_ONCE_PLACES + 1))

    def fail(ids: Sequence[int]) -> np.ndarray:
        raise MapError('gone')

    live = LiveIndex('auto', held.live.current, ids=held.ids, read=fail, guard=held.guard)
    with held.guard:
        live.renew(live.current.statistics.renewed(np.ones(DIM), 5000))
    live.wait()
    assert isinstance(live.failure, MapError) and live.current is held.live.current
