# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From ranked candidates to matches with all evidence for and against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vpr_ros.decision.neighbourhood import Candidate, outside_similarity
from vpr_ros.decision.sequence import SequenceTracker
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Match, Place, Ranked


def gather(
    ranked: Sequence[Ranked],
    candidates: Sequence[Candidate],
    spot_of: Callable[[Place], Place],
    settings: Settings,
    *,
    frame: Frame | None = None,
    tracker: SequenceTracker | None = None,
) -> tuple[Match, ...]:
    """Collect the evidence for each ranked place.

    Args:
        ranked: places in order, at most as many as are to be reported.
        candidates: everything that the search returned, best similarity first; the rivals.
        spot_of: the earlier place that a place was recognised as when it was added, or itself.
        settings: neighbourhoods and windows.
        frame, tracker: the query and the frames before it; None leaves sequences out.

    Returns:
        One match per ranked place, in the same order.
    """
    truncated = len(candidates) >= settings.candidates
    matches = []
    for place, similarity, spatial in ranked:
        outside = outside_similarity(place, candidates, spot_of, settings, truncated=truncated)
        support = frames = 0
        if frame is not None and tracker is not None:
            support, frames = tracker.support(frame, place, settings)
        matches.append(Match(place, similarity, outside, spatial, support, frames))
    return tuple(matches)
