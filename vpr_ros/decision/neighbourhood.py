# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which places of a map show the same spot, and how well the rest of the map competes.

The best similarity *outside* a match's neighbourhood is the evidence against it: a corridor that
looks like another corridor has a strong rival far away, a place seen twice does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vpr_ros.settings import Settings
from vpr_ros.types import Place

Candidate = tuple[Place, float]  # a place and its similarity in [-1, 1]
_NS = 1e-9


def same_spot(a: Place, b: Place, settings: Settings) -> bool:
    """Return True when two places of a map are near each other.

    Within a session they are compared by travelled distance and by odometry pose, or by time
    where there is no odometry. Places of different sessions have nothing in common to measure
    with; the links that recognition itself has made are followed in
    :func:`outside_similarity`.
    """
    if a.session_id != b.session_id:
        return False
    if a.travelled_m is None or b.travelled_m is None:
        return abs(a.stamp_ns - b.stamp_ns) * _NS <= settings.neighbourhood_s
    if abs(a.travelled_m - b.travelled_m) <= settings.neighbourhood_m:
        return True
    if a.pose is None or b.pose is None or a.pose.frame_id != b.pose.frame_id:
        return False
    return a.pose.distance_m(b.pose) <= settings.neighbourhood_m


def outside_similarity(
    match: Place,
    candidates: Sequence[Candidate],
    spot_of: Callable[[Place], Place],
    settings: Settings,
    *,
    truncated: bool,
) -> float:
    """Best similarity of any candidate that does not show the match's spot.

    Args:
        match: the place in question.
        candidates: places with similarities, best first.
        spot_of: the earlier place that a place was recognised as when it was added, or itself.
        settings: ``neighbourhood_m`` and ``neighbourhood_s``.
        truncated: the search returned only the best ones, so that places beyond the last
            candidate may be as similar as that one.

    Returns:
        A similarity in [-1, 1]; -1 when the whole map is inside the neighbourhood.
    """
    own = (match, spot_of(match))
    for place, similarity in candidates:
        theirs = (place, spot_of(place))
        if not any(same_spot(a, b, settings) for a in own for b in theirs):
            return similarity
    return candidates[-1][1] if truncated and candidates else -1.0
