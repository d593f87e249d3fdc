# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decode and describe frames in several threads, a little ahead of the one that writes the map."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from vpr_ros.building.sources import Undecoded
from vpr_ros.errors import ImageError
from vpr_ros.pipeline import Described
from vpr_ros.types import Frame, ImageArray

AHEAD_PER_WORKER = 2
Ready = tuple[Frame, Described] | ImageError


def described_in_order(
    shots: Iterable[Undecoded], describe: Callable[[ImageArray], Described], workers: int
) -> Generator[Ready, None, None]:
    """Each frame with its description, or why it cannot be decoded, in order.

    At most ``AHEAD_PER_WORKER`` frames a worker wait, so that memory stays bounded however slow
    the writing is.

    Args:
        shots: read in the calling thread, decoded in the workers.
        describe: called from the workers.
        workers: how many threads.

    Raises:
        What ``shots`` and ``describe`` raise, at the turn of the frame that it belongs to.
    """
    def work(shot: Undecoded) -> Ready:
        try:
            frame = shot()
        except ImageError as error:
            return error
        return frame, describe(frame.image)

    waiting: deque[Future[Ready]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix='describe') as pool:
        try:
            for shot in shots:
                waiting.append(pool.submit(work, shot))
                if len(waiting) >= AHEAD_PER_WORKER * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
