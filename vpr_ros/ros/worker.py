# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one thread that recognises: images in a slot or a queue, jobs between them.

The executor's thread only hands over and returns at once. The worker owns the recogniser: services
that need it are jobs in the same thread, so nothing of it is ever touched by two threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
import threading
from typing import Generic, TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')

LOCKSTEP_CAPACITY = 1000  # images; a replay that is further ahead than this loses some
MOST_JOBS = 10  # in a row while an image waits: a storm of service calls must not blind the robot


class Worker(Generic[Item]):
    """A thread that runs jobs first and processes items else, and in a storm of jobs as well."""

    def __init__(self, process: Callable[[Item], None], *, keep_all: bool = False) -> None:
        """Prepare; :meth:`start` starts the thread.

        Args:
            process: called in the thread with each item; it handles its own errors.
            keep_all: process every item in order; False keeps only the newest waiting one.
        """
        self._process = process
        self._items: deque[Item] = deque()
        self._capacity = LOCKSTEP_CAPACITY if keep_all else 1
        self._jobs: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name='recognition', daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def offer(self, item: Item) -> int:
        """Hand over an item and return at once.

        Returns:
            How many older items were dropped for it (0 or 1).
        """
        with self._changed:
            dropped = len(self._items) >= self._capacity
            if dropped:
                self._items.popleft()
            self._items.append(item)
            self._changed.notify()
        return int(dropped)

    def clear(self) -> None:
        """Drop the items that wait."""
        with self._changed:
            self._items.clear()

    def submit(self, job: Callable[[], Result]) -> Future[Result]:
        """Run a job in the thread, before waiting items (all but one in :data:`MOST_JOBS`).

        Returns:
            A future with the job's result or exception; cancelled when the worker has stopped.
        """
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = job()
            except BaseException as error:  # it belongs to whoever asked
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._changed:
            if self._stopping:
                future.cancel()
                return future
            self._jobs.append(run)
            self._changed.notify()
        return future

    def stop(self) -> None:
        """Finish what is in progress and every job, drop the items, end the thread."""
        with self._changed:
            self._stopping = True
            self._items.clear()
            self._changed.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        in_a_row = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._items or self._stopping)
                if self._jobs and not (self._items and in_a_row >= MOST_JOBS):
                    work = self._jobs.popleft()
                    in_a_row += 1
                elif self._items:
                    work = partial(self._process, self._items.popleft())
                    in_a_row = 0
                else:
                    return
            work()
