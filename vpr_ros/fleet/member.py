# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One robot of a fleet: push what is new, compare it with the others, catch up after a break.

For every place: first it is pushed, then it is compared with what the others have pushed. Of two
places of two robots, the one that is pushed second meets the first, whenever the network comes
back, so that no pair is missed.

While the network is gone, places are compared with those of others that this robot was told of
before (:mod:`.cache`). Once it is back they are compared with all, and no match is told again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vpr_ros.decision.calibration import Calibration
from vpr_ros.fleet.cache import PlaceCache
from vpr_ros.fleet.comparing import Comparer, FleetMatch
from vpr_ros.fleet.errors import FleetError
from vpr_ros.fleet.outbox import Outbox
from vpr_ros.fleet.record import check_robot, SharedPlace
from vpr_ros.fleet.shared_map import collection_name, SharedMap
from vpr_ros.place_map import PlaceMap
from vpr_ros.settings import Settings

PUSH_BATCH = 64  # places; of 512 dimensions 150 kB
COMPARE_BATCH = 8
ALONE_BATCH = 100


@dataclass(frozen=True)
class FleetSettings:
    """How a robot takes part.

    Attributes:
        uri: of the Milvus server, or a .db file.
        robot: name of this robot, no other's.
        collection: prefix of the collection's name.
        candidates: places of others that are asked for with each place.
        timeout_s: for one answer of the shared map.
    """

    uri: str
    robot: str
    collection: str = 'vpr_places'
    candidates: int = 50
    timeout_s: float = 5.0


class Member:
    """Used by one thread; the map and the pipeline go on in theirs.

    Args:
        place_map: the robot's own map, grown by its pipeline.
        fleet: see :class:`FleetSettings`.
        settings: of the pipeline, as they are now.
        calibration: of the pipeline.
        found: takes each match before it is noted as told. After a sudden end between the two it
            is told again.

    Raises:
        ConfigError: a name is wrong.
        FleetError: the journal cannot be used.
    """

    def __init__(
        self, place_map: PlaceMap, fleet: FleetSettings, settings: Callable[[], Settings],
        calibration: Calibration, found: Callable[[FleetMatch], None],
    ) -> None:
        check_robot(fleet.robot)
        self.fleet, self._place_map = fleet, place_map
        self._settings, self._calibration, self._found = settings, calibration, found
        self._centred = place_map.context.window > 0
        name = collection_name(fleet.collection, place_map.model, centred=self._centred)
        self.outbox = Outbox(place_map, fleet.robot, f'{fleet.uri} {name}')
        self.cache = PlaceCache(self.outbox.journal, place_map.model.dim)
        self._comparer, self._comparer_alone = Comparer(), Comparer()
        self._told_alone: dict[int, str] = {}  # place id -> key of its match, '' for none
        self._shared: SharedMap | None = None
        self._audited = False
        self.pushed = self.matches = self.refused = 0

    @property
    def connected(self) -> bool:
        """The last exchange worked."""
        return self._shared is not None

    def added(self, place_id: int) -> None:
        """Take note that the map has a new place; :meth:`work` pushes it."""
        self.outbox.added(place_id)

    def changed(self) -> None:
        """Poses of the map were corrected; :meth:`work` finds out which and pushes them."""
        self._audited = False

    def work(self) -> bool:
        """Push and compare the next few places.

        Returns:
            Whether more wait.

        Raises:
            FleetError: the shared map does not answer; nothing is lost, call it again later.
            MapError: the robot's map cannot be read.
        """
        try:
            if not self._audited:
                self.outbox.audit()
                self._audited = True
            shared = self._connection()
            self._push(shared)
            if not len(self.outbox):
                self._compare(shared)
        except FleetError:
            self._disconnect()
            self._compare_alone()
            raise
        return bool(len(self.outbox) or self.outbox.uncompared)

    def catch_up(self) -> None:
        """:meth:`work` until nothing waits."""
        while self.work():
            pass

    def close(self) -> None:
        """End; what waits is pushed when the robot takes part again."""
        self._disconnect()
        self.outbox.close()

    def _connection(self) -> SharedMap:
        """Return the shared map; a new connection first counts what it holds of this robot."""
        if self._shared is None:
            fleet = self.fleet
            self._shared = SharedMap(
                fleet.uri, self._place_map.model, prefix=fleet.collection, centred=self._centred,
                timeout_s=fleet.timeout_s)
            there = self._shared.count(fleet.robot, self._place_map.uuid)
            if there < len(self.outbox.journal):
                self.outbox.journal.doubt()
                self.outbox.audit()
        return self._shared

    def _push(self, shared: SharedMap) -> None:
        places = self.outbox.unsent(PUSH_BATCH)
        shared.push(places)
        self.outbox.acknowledge(places)
        self.pushed += len(places)

    def _compare(self, shared: SharedMap) -> None:
        queries = self.outbox.to_compare(COMPARE_BATCH)
        if not queries:
            return
        halves = np.stack([query.descriptor for query in queries])
        answers = shared.search(
            halves, self.fleet.candidates, without_robot=self.fleet.robot)
        self.refused += shared.refused
        shared.refused = 0
        for query, candidates in zip(queries, answers, strict=True):
            self.cache.take(candidates)
            match = self._match(self._comparer, query, candidates)
            place_id = query.place.place_id
            if match is not None and match.match.key != self._told_alone.get(place_id):
                self._tell(match)
            self.outbox.compared([place_id])
            self._told_alone.pop(place_id, None)

    def _compare_alone(self) -> None:
        """Compare places with what this robot was told of the others; each once."""
        for query in self.outbox.to_look_up(self._told_alone, ALONE_BATCH):
            [candidates] = self.cache.search(query.descriptor[np.newaxis], self.fleet.candidates)
            match = self._match(self._comparer_alone, query, candidates)
            self._told_alone[query.place.place_id] = '' if match is None else match.match.key
            if match is not None:
                self._tell(match)

    def _match(
        self, comparer: Comparer, query: SharedPlace, candidates: Sequence[SharedPlace]
    ) -> FleetMatch | None:
        # what is asked for is what the evidence takes for all there is, beyond a cut
        settings = self._settings().replace(candidates=self.fleet.candidates)
        return comparer.compare(query, candidates, self._place_map, settings, self._calibration)

    def _tell(self, match: FleetMatch) -> None:
        self.matches += 1
        self._found(match)

    def _disconnect(self) -> None:
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.close()
