# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Work on items in several threads, a little ahead of whoever takes the results in their order.

Decoding and describing an image needs nothing but the image; all the rest of the pipeline goes
frame by frame. So a few threads work ahead, and the answers are those of doing it one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD_PER_WORKER = 2
Item = TypeVar('Item')
Result = TypeVar('Result')


def in_order(
    items: Iterable[Item], work: Callable[[Item], Result], workers: int
) -> Generator[Result, None, None]:
    """Give what ``work`` makes of each item, in the order of the items.

    At most ``AHEAD_PER_WORKER`` items a worker wait, so that memory stays bounded however slow
    the taking is.

    Args:
        items: read in the calling thread.
        work: called from the workers.
        workers: how many threads.

    Raises:
        What ``items`` and ``work`` raise, at the turn of the item that it belongs to.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix='describe') as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= AHEAD_PER_WORKER * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
