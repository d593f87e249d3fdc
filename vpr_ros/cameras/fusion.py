# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One decision over several cameras: candidates of all of them, with the similarity of the whole.

A candidate pairs a camera of the robot with a camera of the map. If it is right, the robot's other
cameras pair with the map's others in one way only: those that then look in the same direction. The
similarity of a candidate is the mean over all of its pairs. On the way back the rear camera pairs
with the front one, and the front camera with the rear one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import math
from typing import NamedTuple

from vpr_ros.cameras.rig import wrapped
from vpr_ros.place_map import PlaceMap
from vpr_ros.types import Description, FloatArray, Frame, Place, Ranked

SAME_WAY_RAD = math.radians(15.0)  # directions that differ by less are one
MOST_CAMERAS = 8  # so many places of one moment at most, beside each other in the map
YawOf = Callable[[str], 'float | None']
Candidate = tuple[Place, float]  # a place and its similarity in [-1, 1]


class View(NamedTuple):
    """One camera's image of a moment, and what a search found for it.

    Attributes:
        frame: the image.
        description: of the image, as the model gave it.
        descriptor: float32 (D,), as the map takes it: centred on what the last keyframes share.
        mean: float32 (D,), what was subtracted.
        candidates: from the search, best first.
    """

    frame: Frame
    description: Description
    descriptor: FloatArray
    mean: FloatArray
    candidates: list[Candidate]


def siblings(place_map: PlaceMap, place: Place) -> dict[str, Place]:
    """Return the places of one moment, by optical frame: those that were added together."""
    found = {place.frame_id: place}
    apart_ns = {place.frame_id: 0}
    for step in (-1, 1):
        for distance in range(1, MOST_CAMERAS):
            place_id = place.place_id + step * distance
            other = place_map.place(place_id) if place_map.has(place_id) else None
            if other is None or other.frame_id == place.frame_id or not _together(place, other):
                break
            ns = abs(other.stamp_ns - place.stamp_ns)
            if ns < apart_ns.get(other.frame_id, ns + 1):
                found[other.frame_id], apart_ns[other.frame_id] = other, ns
    return found


def fuse(
    views: Sequence[View], place_map: PlaceMap, yaw_of: YawOf
) -> tuple[list[Candidate], dict[int, int]]:
    """Candidates over all cameras.

    Args:
        views: one for each camera, of one moment.
        place_map: holds the other places of a candidate's moment.
        yaw_of: optical frame -> where its camera looks, None when that is not known.

    Returns:
        (places with the mean similarity of their pairs, best first, each place once; place id ->
        number of the view that it is paired with).
    """
    own = [{place.place_id: value for place, value in view.candidates} for view in views]
    pairings: list[tuple[Place, int, dict[int, int]]] = []  # place, its view, view -> place
    wanted: list[set[int]] = [set() for _ in views]
    for number, view in enumerate(views):
        for place, _ in view.candidates:
            partners = {number: place.place_id, **_partners(
                place, number, views, siblings(place_map, place), yaw_of)}
            pairings.append((place, number, partners))
            for other, place_id in partners.items():
                if place_id not in own[other]:
                    wanted[other].add(place_id)
    for number, ids in enumerate(wanted):
        asked = sorted(ids)
        values = place_map.similarities(views[number].descriptor, asked)
        own[number].update(zip(asked, map(float, values), strict=True))
    best: dict[int, tuple[float, float, int, Place]] = {}
    for place, number, partners in pairings:
        pairs = [own[other][place_id] for other, place_id in partners.items()]
        value = sum(pairs) / len(pairs), own[number][place.place_id]
        if place.place_id not in best or value > best[place.place_id][:2]:
            best[place.place_id] = (*value, number, place)
    order = sorted(best.values(), key=lambda entry: entry[:2], reverse=True)
    return ([(place, value) for value, _, _, place in order],
            {place.place_id: number for _, _, number, place in order})


def merged(rankings: Sequence[Sequence[Ranked]]) -> list[Ranked]:
    """One ranking of those of all cameras: by spatial score, then by similarity."""

    def worth(entry: Ranked) -> tuple[float, float]:
        _, similarity, spatial = entry
        return (-1.0 if spatial is None else spatial.score), similarity

    return sorted((entry for ranking in rankings for entry in ranking), key=worth, reverse=True)


def _together(a: Place, b: Place) -> bool:
    """Whether two neighbouring places were added together: one session, one robot pose."""
    return (a.session_id == b.session_id and a.travelled_m == b.travelled_m and a.pose == b.pose
            and abs(a.stamp_ns - b.stamp_ns) < 1_000_000_000)


def _partners(
    place: Place, number: int, views: Sequence[View], beside: Mapping[str, Place], yaw_of: YawOf
) -> dict[int, int]:
    """Return the other views -> ids of the places that they pair with, if any view does."""
    query_yaw, place_yaw = yaw_of(views[number].frame.frame_id), yaw_of(place.frame_id)
    if query_yaw is None or place_yaw is None:
        return {}
    found = {}
    for other, view in enumerate(views):
        yaw = yaw_of(view.frame.frame_id)
        if other == number or yaw is None:
            continue
        for name, candidate in beside.items():
            theirs = yaw_of(name)
            if theirs is not None and abs(
                wrapped((theirs - place_yaw) - (yaw - query_yaw))
            ) <= SAME_WAY_RAD:
                found[other] = candidate.place_id
    return found
