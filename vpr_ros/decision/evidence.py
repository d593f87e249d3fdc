# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From ranked candidates to matches with all evidence for and against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vpr_ros.decision.line import by_distance, EndsOf
from vpr_ros.decision.neighbourhood import Candidate, outside_similarity, same_spot
from vpr_ros.decision.sequence import SequenceTracker
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Match, Place, Ranked

RIVAL = 0.7  # share of the likeliest match's evidence that another place of its spot must have


def gather(
    ranked: Sequence[Ranked],
    candidates: Sequence[Candidate],
    spot_of: Callable[[Place], Place],
    settings: Settings,
    *,
    frame: Frame | None = None,
    tracker: SequenceTracker | None = None,
    ends_of: EndsOf | None = None,
) -> tuple[Match, ...]:
    """Collect the evidence for each ranked place.

    Args:
        ranked: places in order, at most as many as are to be reported.
        candidates: everything that the search returned, best similarity first; the rivals.
        spot_of: the earlier place that a place was recognised as when it was added, or itself.
        settings: neighbourhoods and windows.
        frame, tracker: the query and the frames before it; None leaves sequences out.
        ends_of: where the sessions of the map begin and end; None leaves the similarity along
            the line out.

    Returns:
        One match per ranked place, in the same order.
    """
    truncated = len(candidates) >= settings.candidates
    spots: dict[int, Place] = {}

    def known_spot(place: Place) -> Place:  # each place is asked for with every match
        if place.place_id not in spots:
            spots[place.place_id] = spot_of(place)
        return spots[place.place_id]

    supports = [(0, 0)] * len(ranked)
    lines: Sequence[float | None] = [None] * len(ranked)
    if frame is not None and tracker is not None:
        supports = tracker.supports(frame, [place for place, _, _ in ranked], settings)
        if ends_of is not None:
            lines = tracker.line_similarities(
                frame, [(place, similarity) for place, similarity, _ in ranked], ends_of, settings)
    matches = []
    for (place, similarity, spatial), (support, frames), line in zip(
            ranked, supports, lines, strict=True):
        outside = outside_similarity(
            place, candidates, known_spot, settings, truncated=truncated)
        matches.append(Match(
            place, similarity, outside, spatial, support, frames, line,
            by_distance=frame is None or by_distance(frame, place)))
    return tuple(matches)


def ordered(
    matches: Sequence[Match],
    candidates: Sequence[Candidate],
    strength: Callable[[Match], float],
    settings: Settings,
) -> tuple[Match, ...]:
    """Order matches by their evidence, and settle which place of the best spot it is.

    One keyframe can resemble the query by chance more than the nearer one beside it. So, of the
    matches that show the spot of the likeliest one, the place comes first whose own similarity
    and those of its two neighbours in the map are highest on average, among those that are nearly
    as well supported.

    Args:
        matches: with all evidence, in any order.
        candidates: everything that the search returned.
        strength: of the evidence for a match, see :meth:`Calibration.strength`.
        settings: the neighbourhood.
    """
    ranking = sorted(matches, key=strength, reverse=True)
    if not ranking:
        return ()
    similarity = {place.place_id: value for place, value in candidates}
    least = min(similarity.values())

    def smoothed(match: Match) -> float:
        around = (match.place.place_id + step for step in (-1, 0, 1))
        return sum(similarity.get(place_id, least) for place_id in around) / 3.0

    top = ranking[0]
    spot = [match for match in ranking if match.similarity >= RIVAL * top.similarity
            and match.sequence_support >= RIVAL * top.sequence_support
            and same_spot(match.place, top.place, settings)]
    best = max(spot, key=smoothed, default=top)
    return (best, *(match for match in ranking if match is not best))
