# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Describe the frames of a drive ahead of their turn, several at once.

Describing an image needs nothing but the image; all the rest of the pipeline goes frame by frame.
So a few threads describe while one walks on, and the answers are those of doing it one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from vpr_ros.pipeline import Described
from vpr_ros.types import Frame, ImageArray

_AHEAD_PER_WORKER = 3


def described_ahead(
    frames: Iterable[Frame], describe: Callable[[ImageArray], Described], workers: int
) -> Iterator[tuple[Frame, Described]]:
    """Frames in their order, each with its description.

    Args:
        frames: of the drive; read, and so decoded, a few ahead.
        describe: :meth:`PlaceRecognizer.describe`, called from other threads.
        workers: how many frames are described at once.

    Raises:
        What ``frames`` and ``describe`` raise, at the turn of the frame it belongs to.
    """
    waiting: deque[tuple[Frame, Future[Described]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix='describe') as pool:
        try:
            for frame in frames:
                waiting.append((frame, pool.submit(describe, frame.image)))
                if len(waiting) > workers * _AHEAD_PER_WORKER:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            for _, future in waiting:
                future.cancel()
