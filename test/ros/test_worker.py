# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The worker: the newest item wins or none is lost, and jobs run between items."""

from __future__ import annotations

from concurrent.futures import CancelledError
import threading

import pytest

from vpr_ros.ros.worker import LOCKSTEP_CAPACITY, MOST_JOBS, Worker

PATIENCE_S = 10.0


class Recorder:
    """Processes items slowly: each waits until it is let go."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.threads: set[int] = set()
        self.entered, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, item: int) -> None:
        self.seen.append(item)
        self.threads.add(threading.get_ident())
        self.entered.release()
        assert self.go.acquire(timeout=PATIENCE_S)


def test_the_newest_item_wins_and_the_others_are_counted() -> None:
    recorder = Recorder()
    worker = Worker(recorder)
    worker.start()
    assert worker.offer(0) == 0
    assert recorder.entered.acquire(timeout=PATIENCE_S)  # 0 is in progress
    assert [worker.offer(i) for i in (1, 2, 3)] == [0, 1, 1]
    recorder.go.release(2)
    assert recorder.entered.acquire(timeout=PATIENCE_S)
    worker.stop()
    assert recorder.seen == [0, 3]
    assert recorder.threads.isdisjoint({threading.get_ident()})


def test_in_lockstep_none_is_lost_up_to_the_capacity() -> None:
    recorder = Recorder()
    worker = Worker(recorder, keep_all=True)
    assert sum(worker.offer(i) for i in range(LOCKSTEP_CAPACITY + 3)) == 3
    recorder.go.release(LOCKSTEP_CAPACITY)
    worker.start()
    for _ in range(LOCKSTEP_CAPACITY):
        assert recorder.entered.acquire(timeout=PATIENCE_S)
    worker.stop()
    assert recorder.seen == list(range(3, LOCKSTEP_CAPACITY + 3))


def test_a_job_runs_before_items_that_wait_in_the_same_thread() -> None:
    recorder = Recorder()
    worker = Worker(recorder)
    worker.start()
    worker.offer(1)
    assert recorder.entered.acquire(timeout=PATIENCE_S)
    worker.offer(2)
    job = worker.submit(lambda: (list(recorder.seen), threading.get_ident()))
    recorder.go.release(2)
    seen, thread = job.result(PATIENCE_S)
    assert seen == [1]
    worker.stop()
    assert recorder.threads == {thread}


def test_an_error_of_a_job_belongs_to_its_asker() -> None:
    worker = Worker(print)
    worker.start()
    with pytest.raises(ZeroDivisionError):
        worker.submit(lambda: 1 // 0).result(PATIENCE_S)
    assert worker.submit(lambda: 5).result(PATIENCE_S) == 5
    worker.stop()


def test_stopping_finishes_jobs_and_refuses_new_ones() -> None:
    worker = Worker(print)
    jobs = [worker.submit(lambda i=i: i) for i in range(5)]
    worker.offer(7)
    worker.start()
    worker.stop()
    assert [job.result(0) for job in jobs] == [0, 1, 2, 3, 4]
    with pytest.raises(CancelledError):
        worker.submit(lambda: 1).result(0)
    worker.stop()


def test_a_storm_of_jobs_does_not_keep_an_item_waiting() -> None:
    order: list[int] = []
    worker = Worker(order.append)
    jobs = [worker.submit(lambda i=i: order.append(-i)) for i in range(1, 4 * MOST_JOBS)]
    worker.offer(7)
    worker.start()
    for job in jobs:
        job.result(PATIENCE_S)
    worker.stop()
    assert order.index(7) == MOST_JOBS
    assert [i for i in order if i < 0] == [-i for i in range(1, 4 * MOST_JOBS)]
