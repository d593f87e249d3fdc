# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot's map holds and the shared map does not yet: see :mod:`vpr_ros.fleet.journal`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from vpr_ros.fleet.journal import Journal, journal_path
from vpr_ros.fleet.record import SharedPlace
from vpr_ros.place_map import PlaceMap
from vpr_ros.types import Place

_CHUNK = 1000


class Outbox:
    """The places of one robot in its map, and what became of each.

    Only sessions that this robot drove count: those of others, in a merged or copied map, are
    pushed by their own robots.

    Args:
        place_map: the robot's own.
        robot: its name.
        collection: URI and name of the shared map.

    Raises:
        FleetError: the journal cannot be used.
    """

    def __init__(self, place_map: PlaceMap, robot: str, collection: str) -> None:
        self.place_map, self.robot = place_map, robot
        self.journal = Journal(
            journal_path(place_map.path), f'{place_map.uuid} {robot} {collection}')
        self._names: dict[int, str] = {}
        self._unsent: dict[int, None] = {}  # in order, each once
        self._uncompared: dict[int, None] = {}

    def __len__(self) -> int:
        """How many places wait to be pushed."""
        return len(self._unsent)

    @property
    def uncompared(self) -> int:
        """How many places wait to be compared with those of the other robots."""
        return len(self._uncompared)

    def audit(self) -> None:
        """Compare the whole map with the journal: at the start, and after places were changed."""
        self._unsent.clear()
        self._uncompared.clear()
        for session in self.place_map.sessions():
            if session.robot != self.robot:
                continue
            places = iter(self.place_map.places_of(session.session_id))
            while some := list(islice(places, _CHUNK)):
                known = self.journal.entries(some[0].place_id, some[-1].place_id)
                for place in some:
                    digest, compared = known.get(place.place_id, (None, False))
                    if digest != self._shared(place).digest:
                        self._unsent[place.place_id] = None
                    if not compared:
                        self._uncompared[place.place_id] = None

    def added(self, place_id: int) -> None:
        """Take note that the map has a new place."""
        self._unsent[place_id] = None
        self._uncompared[place_id] = None

    def unsent(self, count: int) -> list[SharedPlace]:
        """Return the next places to push, with their descriptors."""
        return list(self._existing(self._unsent, count))

    def to_compare(self, count: int) -> list[SharedPlace]:
        """Return the next places to compare, of those that are pushed already."""
        sent = (place_id for place_id in self._uncompared if place_id not in self._unsent)
        return list(self._existing(sent, count))

    def to_look_up(self, known: Container[int], count: int) -> list[SharedPlace]:
        """Return the next places to compare without the shared map, but for the known ones."""
        left = (place_id for place_id in self._uncompared if place_id not in known)
        return list(self._existing(left, count))

    def acknowledge(self, places: Sequence[SharedPlace]) -> None:
        """Places are in the shared map."""
        self.journal.acknowledge((place.place.place_id, place.digest) for place in places)
        for place in places:
            self._unsent.pop(place.place.place_id, None)

    def compared(self, place_ids: Sequence[int]) -> None:
        """Places were compared, and what was found was told."""
        self.journal.compared(place_ids)
        for place_id in place_ids:
            self._uncompared.pop(place_id, None)

    def close(self) -> None:
        """End; the map stays open."""
        self.journal.close()

    def _existing(self, place_ids: Iterable[int], count: int) -> Iterator[SharedPlace]:
        """Yield the first so many that the map still has; the others need nothing any more."""
        chosen = list(islice(place_ids, count))
        for place_id in chosen:
            if self.place_map.has(place_id):
                place = self.place_map.place(place_id)
                half = self.place_map.descriptor(place_id).astype(np.float16)
                yield self._shared(place, half)
            else:
                self._unsent.pop(place_id, None)
                self._uncompared.pop(place_id, None)

    def _shared(self, place: Place, half: np.ndarray | None = None) -> SharedPlace:
        return SharedPlace(
            self.robot, self._session(place.session_id), self.place_map.uuid,
            self.place_map.model.sha256, place, np.zeros(0, np.float16) if half is None else half)

    def _session(self, session_id: int) -> str:
        """Name of a session; one without a name gets one that no other map makes."""
        if session_id not in self._names:
            for session in self.place_map.sessions():
                self._names[session.session_id] = (
                    session.name or f'{self.place_map.uuid[:8]}-session_{session.session_id}')
        return self._names[session_id]
