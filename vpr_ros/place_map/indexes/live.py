# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The index in use, and behind it, in a thread of its own, the next one.

A new index is due when the map's mean was renewed, when another kind suits the map's size, or when
many rows were removed. Making one takes a second for 100,000 places; recognition goes on with the
old one meanwhile, which proposes a few more rows because the ranking uses the new mean already.
A small map is done in the calling thread: that takes milliseconds, and what a short drive finds
then never depends on how fast a thread ran.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import contextlib
from contextlib import AbstractContextManager
import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import VprError
from vpr_ros.place_map.indexes.index import DescriptorIndex, Halves, training_rows
from vpr_ros.place_map.indexes.kinds import choose_kind
from vpr_ros.place_map.statistics import Statistics

AT_ONCE_PLACES = 2000
DEAD_SHARE = 0.25
NICENESS = 10  # recognition goes first
_CHUNK_ROWS = 1024  # read at a time, while the map answers nobody else
Ids = NDArray[np.int64]


class LiveIndex:
    """Proposes rows without a pause while it is made anew.

    Args:
        wanted: kind of index, or ``auto``.
        index: the one to begin with.
        ids: the ids of all places, ascending.
        read: float16 (n, D), the descriptors of some ids.
        guard: held by whoever calls a method; the thread takes it to read and to change over.
    """

    def __init__(
        self,
        wanted: str,
        index: DescriptorIndex,
        *,
        ids: Callable[[], Ids],
        read: Callable[[Sequence[int]], Halves],
        guard: AbstractContextManager[Any],
    ) -> None:
        self._wanted, self._index = wanted, index
        self._ids, self._read, self._guard = ids, read, guard
        self._target = index.statistics
        self._thread: threading.Thread | None = None
        self._stopping = False
        self.failure: BaseException | None = None

    @property
    def current(self) -> DescriptorIndex:
        """The index in use."""
        return self._index

    @property
    def kind(self) -> str:
        """The kind in use."""
        return self._index.kind

    @property
    def rebuilding(self) -> bool:
        """True while another one is made."""
        return self._thread is not None

    def __len__(self) -> int:
        return len(self._index)

    def propose(self, query: Halves, k: int, rows: int) -> NDArray[np.int64]:
        """See :meth:`DescriptorIndex.propose`."""
        stale = self._index.statistics.revision != self._target.revision
        return self._index.propose(query, k, rows, stale=stale)

    def add(self, halves: Halves) -> None:
        """Append places, float16 (n, D)."""
        self._index.add(halves)

    def remove(self, rows: NDArray[np.int64]) -> None:
        """Take out rows, int64 (n,), that the map does not hold any more."""
        self._index.remove(rows)
        if self._index.dead > DEAD_SHARE * len(self._index.rows):
            self.renew(self._target)

    def renew(self, statistics: Statistics) -> None:
        """Have an index around this mean soon; the map holds all its places already."""
        self._target = statistics
        if self._thread is not None:
            return  # it looks for the newest mean when it is done
        ids = self._ids()
        if len(ids) <= AT_ONCE_PLACES:
            self._index = DescriptorIndex.build(
                choose_kind(self._wanted, statistics.count), statistics, self._read(ids.tolist())
            )
            return
        self._thread = threading.Thread(target=self._work, name='index rebuild', daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until no index is being made; the guard must not be held."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def stop(self) -> None:
        """Give up what is being made, for good, and wait; the guard must not be held."""
        self._stopping = True
        self.wait()

    def abandon(self) -> None:
        """Give up what is being made without waiting; the guard may be held."""
        self._stopping = True

    # -- in the thread ----------------------------------------------------------------------

    def _work(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            while (made := self._make()) is not None:
                with self._guard:
                    if self._stopping:
                        break
                    self._take_over(*made)
                    if made[0].statistics.revision == self._target.revision:
                        self._thread = None
                        return
        except VprError as error:  # the file changed beneath; the old index goes on
            self.failure = error
        self._thread = None

    def _make(self) -> tuple[DescriptorIndex, Ids] | None:
        """Make a new index and the ids in it; None when nobody wants it any more."""
        with self._guard:
            target, ids = self._target, self._ids().copy()
        index = DescriptorIndex(choose_kind(self._wanted, target.count), target, len(target.mean))
        if not index.rows.trained:
            sample = ids[training_rows(target.count, len(ids))]
            learned = [self._read_part(part)[1] for part in _parts(sample)]
            if self._stopping:
                return None
            index.train(np.concatenate(learned))
        taken = []
        for part in _parts(ids):
            present, halves = self._read_part(part)
            if self._stopping:
                return None
            index.add(halves)
            taken.append(present)
        return index, np.concatenate(taken)

    def _read_part(self, ids: Ids) -> tuple[Ids, Halves]:
        """Those of some ids that are in the map still, and their descriptors."""
        with self._guard:
            present = ids[np.isin(ids, self._ids())]
            if self._stopping:
                return present[:0], np.empty((0, len(self._target.mean)), np.float16)
            return present, self._read(present.tolist())

    def _take_over(self, index: DescriptorIndex, made_of: Ids) -> None:
        """Change over to an index of earlier places: take out and add what changed meanwhile."""
        now = self._ids()
        index.remove(np.flatnonzero(~np.isin(made_of, now)))
        last = int(made_of[-1]) if len(made_of) else 0
        for part in _parts(now[np.searchsorted(now, last, side='right'):]):
            index.add(self._read(part.tolist()))
        self._index = index


def _parts(ids: Ids) -> list[Ids]:
    return [ids[start:start + _CHUNK_ROWS] for start in range(0, len(ids), _CHUNK_ROWS)]
