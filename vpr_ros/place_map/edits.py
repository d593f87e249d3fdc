# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What was changed in a large map since its view was kept beside it.

A kept view (:mod:`.view`) is mostly older than its map: the process was killed, or places came
since. Places that were added are found by their ids; for those that were changed or removed,
``meta`` holds a log, written in the same transaction: the tokens that :attr:`.State.edits` went
through, and the ids of all places that these edits touched. A view of any state in the log is
brought up to date by reading those places. Each token is a hash of the one before and of the edit,
so that a copy of the map with another history is told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
import hashlib
import struct

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.damage import Intact
from vpr_ros.place_map.meta import State
from vpr_ros.place_map.store import in_parts, Store

MOST_EDITS, MOST_PLACES = 4096, 50_000  # in the log; beyond them the view is kept anew
_LOG, _TOTALS = 'edit_log', 'totals'
_TOTALS_HEAD = struct.Struct('<qqq')
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Totals:
    """Sums over all places, as they were after the last removal.

    Attributes:
        next_place_id: the id that the next place got.
        thumbnail_bytes, patch_bytes: of all places.
        total: float64 (D,), sum of the descriptors.
    """

    next_place_id: int
    thumbnail_bytes: int
    patch_bytes: int
    total: NDArray[np.float64]


def note(
    store: Store, state: State, ids: Iterable[int], content: object, *, log: bool
) -> tuple[State, bool]:
    """Count an edit of some places; with ``log``, write it down.

    Args:
        store: in a transaction.
        state: before the edit.
        ids: of the places that it changes or removes.
        content: what it makes of them, with a ``repr`` of its own.
        log: whether the map is large enough for a view to be kept.

    Returns:
        The state after it, and whether the log had to begin anew, so that the view must be kept.
    """
    gone = np.array(sorted(ids), np.int64)
    text = f'{state.edits} {content!r}'.encode() + gone.tobytes()
    token = int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), 'little')
    after, anew = replace(state.changed(), edits=token), False
    if log:
        tokens, known = _read(store) or ([state.edits], gone[:0])
        known = np.union1d(known, gone)
        if tokens[-1] != state.edits or len(tokens) >= MOST_EDITS or len(known) > MOST_PLACES:
            tokens, known, anew = [], gone[:0], True
        _write(store, [*tokens, token], known)
    return after, anew


def begin(store: Store, state: State) -> None:
    """Begin the log anew: the view was kept in this state."""
    if store.extra(_LOG) is not None:
        _write(store, [state.edits], np.empty(0, np.int64))


def touched_since(store: Store, state: State, token: int) -> Ids | None:
    """Find the places that were changed or removed since an earlier state; None when not known."""
    if token == state.edits:
        return np.empty(0, np.int64)
    tokens, ids = _read(store) or ([], None)
    return ids if tokens and tokens[-1] == state.edits and token in tokens else None


def put_totals(store: Store, totals: Totals) -> None:
    """Write the sums after a removal."""
    head = _TOTALS_HEAD.pack(totals.next_place_id, totals.thumbnail_bytes, totals.patch_bytes)
    store.put_extra(_TOTALS, head + totals.total.astype('<f8').tobytes())


def totals(store: Store, dim: int) -> Totals:
    """Read the sums after the last removal.

    Raises:
        MapError: they are missing or damaged.
    """
    with Intact(store.label, 'its totals'):
        data = store.extra(_TOTALS) or b''
        next_place_id, thumbnail_bytes, patch_bytes = _TOTALS_HEAD.unpack_from(data)
        total = np.frombuffer(data, '<f8', offset=_TOTALS_HEAD.size).astype(np.float64)
        if total.shape != (dim,) or not np.isfinite(total).all():
            raise ValueError('length')
        return Totals(next_place_id, thumbnail_bytes, patch_bytes, total)


def part_bytes(store: Store, ids: Sequence[int]) -> tuple[int, int]:
    """Add up the bytes of thumbnails and of patches of some places."""
    thumbnails = patches = 0
    for some, marks in in_parts(ids):
        query = ('SELECT total(thumbnail_bytes), total(patch_bytes) FROM places '
                 f'WHERE place_id IN ({marks})')
        more = store.connection.execute(query, some).fetchone()
        thumbnails, patches = thumbnails + int(more[0]), patches + int(more[1])
    return thumbnails, patches


def checksum(store: Store, place_id: int) -> int | None:
    """Read the checksum of a place's row; None when there is no such place."""
    row = store.connection.execute(
        'SELECT checksum FROM places WHERE place_id = ?', (place_id,)).fetchone()
    return None if row is None else int(row[0])


def _write(store: Store, tokens: Sequence[int], ids: Ids) -> None:
    store.put_extra(_LOG, np.array([len(tokens), *tokens, *ids.tolist()], '<i8').tobytes())


def _read(store: Store) -> tuple[list[int], Ids] | None:
    data = store.extra(_LOG)
    if data is None:
        return None
    with Intact(store.label, 'its log of edits'):
        numbers = np.frombuffer(data, '<i8').astype(np.int64)
        if not len(numbers) or not 0 < numbers[0] < len(numbers):
            raise ValueError('length')
        end = 1 + int(numbers[0])
        return numbers[1:end].tolist(), numbers[end:]
