# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Places of other robots that this robot was told of: what it knows of them without a network.

Every answer of the shared map is kept, so that the cache holds what the others have seen where
this robot has been: the part of the fleet's map that it is most likely to need again. It is
bounded, what was told of longest ago goes first, and it is kept in the robot's journal over a
restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import json

import numpy as np
from numpy.typing import NDArray

from vpr_ros.fleet.errors import FleetError
from vpr_ros.fleet.journal import Journal
from vpr_ros.fleet.record import SharedPlace
from vpr_ros.types import FloatArray

MOST_PLACES = 20_000  # of 512 dimensions 60 MB in memory


class PlaceCache:
    """Used by one thread.

    Args:
        journal: in which the places are kept; rows in it that are no places are left out.
        dim: D of the model.
        most: how many places, at most.

    Raises:
        FleetError: the journal cannot be read.
    """

    def __init__(self, journal: Journal, dim: int, *, most: int = MOST_PLACES) -> None:
        self._journal, self._dim, self._most = journal, dim, most
        self._places: dict[str, SharedPlace] = {}
        self._rows: FloatArray | None = None
        for facts, descriptor in journal.remembered():
            place = _unpacked(facts, descriptor, dim)
            if place is not None:
                self._places[place.key] = place

    def __len__(self) -> int:
        return len(self._places)

    def take(self, places: Iterable[SharedPlace]) -> None:
        """Keep places that the shared map told of.

        Raises:
            FleetError: the journal cannot be written.
        """
        news = []
        for place in places:
            before = self._places.pop(place.key, None)
            self._places[place.key] = place  # what was told of last stands last
            if before is None or before.digest != place.digest:
                news.append(place)
        gone = list(self._places)[: max(0, len(self._places) - self._most)]
        for key in gone:
            del self._places[key]
        self._rows = None
        if news or gone:
            self._journal.remember(((place.key, *_packed(place)) for place in news), gone)

    def search(self, descriptors: NDArray[np.float16], count: int) -> list[list[SharedPlace]]:
        """Find the places most similar to queries, as :meth:`.shared_map.SharedMap.search`."""
        places: Sequence[SharedPlace] = list(self._places.values())
        if not places:
            return [[] for _ in descriptors]
        if self._rows is None:
            self._rows = np.stack([place.descriptor for place in places]).astype(np.float32)
        found = []
        for scores in descriptors.astype(np.float32) @ self._rows.T:
            best = np.argsort(-scores, kind='stable')[:count]
            found.append([places[i] for i in best])
        return found


def _packed(place: SharedPlace) -> tuple[str, bytes]:
    row = place.to_row()
    return json.dumps({**row, 'descriptor': None}), place.descriptor.astype('<f2').tobytes()


def _unpacked(facts: str, descriptor: bytes, dim: int) -> SharedPlace | None:
    """Give back what :func:`_packed` was given; None for anything else."""
    try:
        row = json.loads(facts)
        row['descriptor'] = np.frombuffer(descriptor, '<f2').astype(np.float32)
        return SharedPlace.from_row(row, dim)
    except (FleetError, ValueError, TypeError):
        return None
