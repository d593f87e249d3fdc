# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map holds in memory: facts, normalisation and index of the places in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map import edits
from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.place_map.halves import half_matrix
from vpr_ros.place_map.indexes import choose_kind, DescriptorIndex, files, LiveIndex
from vpr_ros.place_map.indexes.index import training_rows
from vpr_ros.place_map.indexes.keeping import keep, kept
from vpr_ros.place_map.records import Neighbour
from vpr_ros.place_map.schema import DESCRIPTOR
from vpr_ros.place_map.statistics import Statistics, sum_rows
from vpr_ros.place_map.store import Store
from vpr_ros.types import FloatArray, Place

KEPT_PLACES = 20_000  # smaller maps are read in less than half a second
KEEP_EVERY_PLACES = 20_000


@dataclass(frozen=True)
class Growth:
    """What a new place changes.

    Attributes:
        total: float64 (D,), the new sum of all descriptors.
        statistics: the normalisation from now on.
    """

    total: NDArray[np.float64]
    statistics: Statistics


class MapView:
    """Derived from the store, and made again from it at any time.

    Args:
        store: the tables; all rows are read once and verified, or each when it is first needed
            where the view was kept beside the map.
        dim: length D of the descriptors.
        kind: index kind, or ``auto``: by the number of places in the statistics, so that a map
            that is opened again gets the index it had.
        guard: held by whoever uses the view and the store.
        path: the map's file, beside which a large view is kept, or ``:memory:``.
        mapped: nothing will be added.

    Raises:
        MapError: the map is damaged.
    """

    def __init__(
        self, store: Store, dim: int, kind: str, *, guard: AbstractContextManager[Any],
        path: Path | str, mapped: bool = False,
    ) -> None:
        self._store = store
        self._dim = dim
        self._beside = None if str(path) == ':memory:' else Path(path)
        self._kept: dict[str, Any] = {}  # state and index of what lies beside the map
        self._tried = 0  # places when it was last tried
        self._unverified: NDArray[np.bool_] | None = None
        self.statistics = store.statistics(dim)
        kind_now = choose_kind(kind, self.statistics.count)
        index = self._from_kept(mapped) or self._read(kind_now)
        self.index = LiveIndex(
            kind, index, guard=guard, ids=lambda: self.columns.ids,
            read=lambda ids: store.descriptors(ids, dim),
        )
        if (index.kind, index.statistics.revision) != (kind_now, self.statistics.revision):
            self.index.renew(self.statistics)
        if not self._kept:
            self.keep()

    def _read(self, kind: str) -> DescriptorIndex:
        """Everything from the store, verified, in one pass."""
        store, dim = self._store, self._dim
        index = DescriptorIndex(kind, self.statistics, dim)
        self.columns, self.total = PlaceColumns(), np.zeros(dim)
        self.thumbnail_bytes = self.patch_bytes = 0
        if not index.rows.trained:
            ids = store.place_ids()
            learned = ids[training_rows(self.statistics.count, len(ids))]
            index.train(store.descriptors(learned, dim))
        for rows in store.place_rows(dim):
            self._extend(index, rows, 0)
        return index

    def _from_kept(self, mapped: bool) -> DescriptorIndex | None:
        """Everything from beside the map, brought up to date; None where that cannot be done."""
        if self._beside is None or not files.index_path(self._beside).exists():
            return None
        found = kept(self._beside, self._key(), self._dim, mapped=mapped)
        if found is None:
            return None
        index, (facts, arrays) = found
        columns = PlaceColumns.of(arrays['places'], facts['names'])
        state = self._store.state()
        if columns is None or len(columns) != len(index):
            return None
        touched = edits.touched_since(self._store, state, facts['state']['edits'])
        last = int(columns.ids[-1])
        if touched is None or (last not in touched
                               and edits.checksum(self._store, last) != facts['last']):
            return None  # the log does not go back so far, or it is of another history
        self.columns, self.total = columns, np.array(arrays['total'])
        self.thumbnail_bytes, self.patch_bytes = facts['thumbnails'], facts['patches']
        self._unverified = np.ones(len(columns), dtype=bool)
        summed = self._take_over(index, touched, int(facts['state']['next_place_id']))
        for rows in self._store.rows_since(last + 1, self._dim):
            self._extend(index, rows, summed)
        if not len(columns) == len(index) == state.places:
            return None
        self._kept = facts['state'] | {'kind': index.kind, 'of': index.statistics.revision}
        return index

    def _take_over(self, index: DescriptorIndex, touched: edits.Ids, summed: int) -> int:
        """Take in what was done to places that were kept; from which id on sums are to be made."""
        columns, now = self.columns, self._store.rows_of(touched.tolist(), self._dim)
        gone = []
        for place_id in touched.tolist():
            row = columns.find(place_id)
            if row is not None and place_id in now:
                columns.replace(row, now[place_id])
            elif row is not None:
                gone.append(row)
        if not gone:
            return summed
        totals = edits.totals(self._store, self._dim)
        self.total = totals.total
        self.thumbnail_bytes, self.patch_bytes = totals.thumbnail_bytes, totals.patch_bytes
        self._forget(index, np.array(gone))
        return totals.next_place_id

    def _extend(
        self, index: DescriptorIndex, rows: Sequence[Sequence[Any]], summed: int
    ) -> None:
        """Append rows of the table ``places``; sums are made over those from an id on."""
        halves = half_matrix([row[DESCRIPTOR] for row in rows], self._dim)
        self.columns.extend(rows)
        index.add(halves)
        fresh = [number for number, row in enumerate(rows) if row[0] >= summed]
        self.thumbnail_bytes += sum(rows[number][13] for number in fresh)
        self.patch_bytes += sum(rows[number][14] for number in fresh)
        self.total += sum_rows(halves[fresh])

    def _forget(self, index: DescriptorIndex, rows: NDArray[np.int64]) -> None:
        self.columns.remove(rows)
        index.remove(rows)
        if self._unverified is not None:
            self._unverified = np.delete(self._unverified, rows[rows < len(self._unverified)])

    @property
    def large(self) -> bool:
        """Whether it is kept beside its map."""
        return self._beside is not None and len(self) >= KEPT_PLACES

    @property
    def keep_due(self) -> bool:
        """Whether so much was added since it was kept that opening would take long."""
        since = max(self._kept.get('places', 0), self._tried)
        return self.large and len(self) - since >= KEEP_EVERY_PLACES

    def keep(self) -> bool:
        """Keep a large view beside its map, so that the map opens at once the next time.

        Returns:
            Whether it lies there now, as it is.
        """
        if self._beside is None or not self.large:
            return False
        index, state = self.index.current, vars(self._store.state())
        about = state | {'kind': index.kind, 'of': index.statistics.revision}
        if about == self._kept:
            return True
        self._tried = len(self)
        facts = {'names': self.columns.names, 'thumbnails': self.thumbnail_bytes,
                 'patches': self.patch_bytes, 'state': state,
                 'last': edits.checksum(self._store, int(self.columns.ids[-1]))}
        if not keep(self._beside, self._key(), index, facts=facts,
                    arrays={'places': self.columns.rows, 'total': self.total}):
            return False
        self._kept = about
        return True

    def _key(self) -> dict[str, Any]:
        """Which map a kept view belongs to."""
        return {'uuid': self._store.uuid(), 'model': self._store.model().sha256, 'view': 2}

    @staticmethod
    def abandon(view: MapView | None) -> None:
        """Another view takes the place of this one, if there was one."""
        if view is not None:
            view.index.abandon()

    def __len__(self) -> int:
        return len(self.columns)

    def prepare(self, half: NDArray[np.float16]) -> Growth:
        """Prepare what one more place will change; nothing is changed yet.

        Args:
            half: float16 (D,), its descriptor.
        """
        total, count = self.total + half, len(self) + 1
        renew = count >= self.statistics.next_count
        return Growth(total, self.statistics.renewed(total, count) if renew else self.statistics)

    def grow(
        self,
        place: Place,
        half: NDArray[np.float16],
        growth: Growth,
        thumbnail: bytes,
        patches: Mapping[int, bytes],
    ) -> None:
        """Take in a place that was prepared for and is now safe in the file."""
        self.columns.append(place)
        self.index.add(half[np.newaxis])
        self.thumbnail_bytes += len(thumbnail)
        self.patch_bytes += sum(len(codes) for codes in patches.values())
        self.total = growth.total
        if growth.statistics is not self.statistics:
            self.statistics = growth.statistics
            self.index.renew(growth.statistics)

    def remove(
        self, place_ids: Sequence[int], *, totals: edits.Totals, statistics: Statistics,
        revisits: Mapping[int, int],
    ) -> None:
        """Leave out places that are gone from the file.

        Args:
            place_ids: ascending.
            totals, statistics: of the places that stay.
            revisits: place -> the earlier one that it revisits from now on.
        """
        for place_id, spot in revisits.items():
            self.columns.set_revisit(self.columns.row(place_id), spot)
        self.total, self.statistics = totals.total, statistics
        self.thumbnail_bytes, self.patch_bytes = totals.thumbnail_bytes, totals.patch_bytes
        rows = np.searchsorted(self.columns.ids, np.array(place_ids, np.int64))
        self._forget(self.index.current, rows)
        self.index.renew(statistics)

    def search(
        self, query: NDArray[np.float16], k: int, below_id: int | None
    ) -> list[Neighbour]:
        """Find the k nearest places, best first; places that are equally near by id."""
        rows = len(self) if below_id is None else self.columns.rows_below(below_id)
        if k <= 0 or rows == 0:
            return []
        proposed = self.index.propose(query, k, rows)
        similarities = self.similarities(query, proposed)
        order = np.lexsort((proposed, -similarities))[:k]
        return [
            Neighbour(self.columns.place(int(proposed[i])), float(similarities[i])) for i in order
        ]

    def similarities(self, query: NDArray[np.float16], rows: NDArray[np.int64]) -> FloatArray:
        """Exact similarities of the places in some rows, float32 (n,)."""
        if len(rows) == 0:
            return np.empty(0, dtype=np.float32)
        return self.statistics.similarities(query, self._descriptors(rows))

    def _descriptors(self, rows: NDArray[np.int64]) -> NDArray[np.float16]:
        """Of the places in some rows, each verified once if it was not read on opening.

        Raises:
            MapError: a row was changed since it was written.
        """
        store, place_ids = self._store, self.columns.ids[rows]
        if self._unverified is None:
            return store.descriptors(place_ids.tolist(), self._dim)
        halves = np.empty((len(rows), self._dim), np.float16)
        new = np.zeros(len(rows), dtype=bool)  # places added since are as given
        known = rows < len(self._unverified)
        new[known] = self._unverified[rows[known]]
        for part, read in ((new, store.verified_descriptors), (~new, store.descriptors)):
            if part.any():
                halves[part] = read(place_ids[part].tolist(), self._dim)
        self._unverified[rows[new]] = False
        return halves
