# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which places a map can do without: the policy, as pure functions over the places.

The rules run in this order, each over what the one before has left:

1. **Redundant views.** Along a session, a place that is at least so similar to the last one kept,
   and within the neighbourhood of it, is merged into that one. So is a revisit that is as similar
   to the place that it was recognised as.
2. **Too many per metre.** Along a session, a place nearer than the spacing to the last one kept
   goes, unless the robot has turned by :data:`TURN_RAD` since.
3. **Never matched.** A place that was never recognised, though so many later sessions were
   recorded, goes.
4. **The budget.** The place whose loss leaves the smallest gap goes, again and again until the
   rest fits: the way (in seconds where there is no odometry) between its neighbours in the
   session, times 1 plus how often it was recognised. Gaps grow as places go, so that drives are
   thinned evenly; their first and last places go when nothing else is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
import heapq
import math

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import MapError
from vpr_ros.types import FloatArray, Place

NEAR_M = 5.0  # how far apart redundant views may be ...
NEAR_S = 3.0  # ... or how long, without odometry
TURN_RAD = math.radians(45.0)
END_GAP = 1e9  # metres or seconds; larger than any real one
ROW_BYTES = 300  # of a place in the file, beside descriptor, thumbnail and patches
_NS = 1e-9


@dataclass(frozen=True)
class PrunePolicy:
    """What may go; a rule that is None does not apply.

    Attributes:
        redundant_similarity: views at least so similar to a kept one nearby, in [-1, 1].
        max_per_metre: most places a metre along a session.
        never_matched_sessions: never recognised, though so many later sessions were recorded.
        max_places: most places of the map.
        max_bytes: most bytes of the map's file in use.
        protect_last: the last so many places of the map stay, whatever the rules say.
    """

    redundant_similarity: float | None = None
    max_per_metre: float | None = None
    never_matched_sessions: int | None = None
    max_places: int | None = None
    max_bytes: int | None = None
    protect_last: int = 0

    def check(self) -> None:
        """Check the values.

        Raises:
            MapError: a value is out of range, or no rule applies.
        """
        similarity = self.redundant_similarity
        if similarity is not None and not -1.0 <= similarity <= 1.0:
            raise MapError(f'redundant similarity {similarity} is outside -1 to 1')
        counts = {'places a metre': self.max_per_metre, 'places': self.max_places,
                  'sessions without a match': self.never_matched_sessions,
                  'bytes': self.max_bytes}
        for what, value in counts.items():
            if value is not None and not 0 < value < math.inf:
                raise MapError(f'a limit of {value} {what} found, expected a number above 0')
        if similarity is None and all(value is None for value in counts.values()):
            raise MapError('nothing says what may be pruned; give at least one rule')


@dataclass(frozen=True)
class Pruned:
    """What pruning removes.

    Attributes:
        counts: rule -> how many places it removes.
        stand_ins: place that goes -> place that it is merged into.
        removed: ids, ascending.
    """

    counts: Mapping[str, int]
    removed: Sequence[int] = ()
    stand_ins: Mapping[int, int] = field(default_factory=dict)


def choose(
    places: Sequence[Place],
    policy: PrunePolicy,
    *,
    matches: Mapping[int, int],
    unit_of: Callable[[int], FloatArray],
    sizes: NDArray[np.int64],
    used_bytes: int,
) -> Pruned:
    """Choose the places that go.

    Args:
        places: all places, ascending by id.
        policy: the rules.
        matches: place id -> how often it was recognised.
        unit_of: place id -> its normalised descriptor, float32 (D,).
        sizes: int64 (n,), bytes of each place.
        used_bytes: bytes of the map now; they shrink in proportion to ``sizes``.
    """
    last = len(places) - policy.protect_last
    safe = {place.place_id for place in places[max(0, last):]}
    stand_ins: dict[int, int] = {}
    gone: set[int] = set()
    counts = {}

    def drop(rule: str, ids: Iterable[int]) -> None:
        new = set(ids) - safe - gone
        counts[rule] = len(new)
        gone.update(new)

    def rest() -> list[Place]:
        return [place for place in places if place.place_id not in gone]

    if policy.redundant_similarity is not None:
        stand_ins = redundant(places, policy.redundant_similarity, unit_of, safe)
        drop('redundant', stand_ins)
    if policy.max_per_metre is not None:
        drop('too many per metre', crowded(rest(), 1.0 / policy.max_per_metre, safe))
    if policy.never_matched_sessions is not None:
        drop('never matched', unmatched(rest(), policy.never_matched_sessions, matches))
    if policy.max_places is not None or policy.max_bytes is not None:
        size_of = dict(zip((place.place_id for place in places), sizes.tolist(), strict=True))
        share = 1.0
        if policy.max_bytes is not None:
            share = policy.max_bytes / max(1, used_bytes)
        kept = rest()
        drop('budget', least_missed(
            kept, matches, safe, size_of,
            most_places=len(kept) if policy.max_places is None else policy.max_places,
            most_bytes=share * float(sizes.sum()) if share < 1.0 else math.inf,
        ))
    return Pruned(counts, sorted(gone), {k: v for k, v in stand_ins.items() if k in gone})


def redundant(
    places: Sequence[Place], similarity: float, unit_of: Callable[[int], FloatArray],
    safe: set[int],
) -> dict[int, int]:
    """Rule 1: place that goes -> kept place that shows the same."""
    found: dict[int, int] = {}
    kept: Place | None = None
    kept_unit: FloatArray | None = None
    for place in places:
        unit, stand_in = unit_of(place.place_id), 0
        if kept is not None and kept_unit is not None and _near(kept, place):
            stand_in = kept.place_id if float(kept_unit @ unit) >= similarity else 0
        spot = found.get(place.revisit_of, place.revisit_of)
        if not stand_in and spot:
            stand_in = spot if float(unit_of(spot) @ unit) >= similarity else 0
        if stand_in and place.place_id not in safe:
            found[place.place_id] = stand_in
        else:
            kept, kept_unit = place, unit
    return found


def crowded(places: Sequence[Place], spacing_m: float, safe: set[int]) -> list[int]:
    """Rule 2: ids of places too near the last one kept, with the same heading."""
    gone: list[int] = []
    kept: Place | None = None
    for place in places:
        if kept is not None and place.place_id not in safe:
            way_m = _way_m(kept, place)
            if way_m is not None and way_m < spacing_m and _turn_rad(kept, place) < TURN_RAD:
                gone.append(place.place_id)
                continue
        kept = place
    return gone


def unmatched(places: Sequence[Place], sessions: int, matches: Mapping[int, int]) -> list[int]:
    """Rule 3: ids of places never recognised, and no revisits, before the last ``sessions``."""
    numbers = sorted({place.session_id for place in places})
    old = set(numbers[:-sessions])
    return [place.place_id for place in places
            if place.session_id in old and not place.revisit_of
            and not matches.get(place.place_id)]


def least_missed(
    places: Sequence[Place], matches: Mapping[int, int], safe: set[int],
    size_of: Mapping[int, int], *, most_places: int, most_bytes: float,
) -> list[int]:
    """Rule 4: ids, in the order in which they go."""
    before: dict[int, int | None] = {}
    after: dict[int, int | None] = {}
    session_of = [place.session_id for place in places]
    for i in range(len(places)):
        before[i] = i - 1 if i and session_of[i - 1] == session_of[i] else None
        after[i] = i + 1 if i + 1 < len(places) and session_of[i + 1] == session_of[i] else None

    def loss(i: int) -> float:
        a, b = before[i], after[i]
        gap = END_GAP if a is None or b is None else _apart(places[a], places[b])
        return gap * (1 + matches.get(places[i].place_id, 0))

    heap = [(loss(i), i) for i in range(len(places)) if places[i].place_id not in safe]
    heapq.heapify(heap)
    count, size = len(places), sum(size_of[place.place_id] for place in places)
    gone: dict[int, int] = {}
    while heap and (count > most_places or size > most_bytes):
        value, i = heapq.heappop(heap)
        if i in gone or value != loss(i):
            continue  # its neighbours have changed; a newer entry stands in the heap
        place_id = places[i].place_id
        gone[i] = place_id
        count, size = count - 1, size - size_of[place_id]
        a, b = before[i], after[i]
        if a is not None:
            after[a] = b
        if b is not None:
            before[b] = a
        for neighbour in (a, b):
            if neighbour is not None and places[neighbour].place_id not in safe:
                heapq.heappush(heap, (loss(neighbour), neighbour))
    return list(gone.values())


def _way_m(a: Place, b: Place) -> float | None:
    if a.session_id != b.session_id or a.travelled_m is None or b.travelled_m is None:
        return None
    return abs(b.travelled_m - a.travelled_m)


def _apart(a: Place, b: Place) -> float:
    """Metres between two places of a session, or seconds without odometry."""
    way_m = _way_m(a, b)
    return abs(b.stamp_ns - a.stamp_ns) * _NS if way_m is None else way_m


def _near(a: Place, b: Place) -> bool:
    if a.session_id != b.session_id:
        return False
    way_m = _way_m(a, b)
    if way_m is None:
        return abs(b.stamp_ns - a.stamp_ns) * _NS <= NEAR_S
    return way_m <= NEAR_M


def _turn_rad(a: Place, b: Place) -> float:
    """Angle between the orientations of two places; 0 without poses."""
    if a.pose is None or b.pose is None:
        return 0.0
    cosine = abs(math.fsum(
        p * q for p, q in zip(a.pose.quaternion_xyzw, b.pose.quaternion_xyzw, strict=True)
    ))
    return 2.0 * math.acos(min(1.0, cosine))
