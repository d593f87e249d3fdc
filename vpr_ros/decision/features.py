# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The evidence for a match as numbers, and which of them each model of a calibration weighs."""

from __future__ import annotations

from collections.abc import Mapping
import math

from vpr_ros.types import Match

GLOBAL_FEATURES = ('similarity', 'margin', 'sequence')
PATCH_FEATURES = ('spatial_score', 'inlier_ratio')
SPATIAL_FEATURES = (*GLOBAL_FEATURES, *PATCH_FEATURES)
DISTANCE_FEATURES = ('similarity', 'margin', 'sequence', 'line')
TIME_FEATURES = ('similarity', 'margin', 'sequence_run', 'line')
FEATURES: Mapping[str, tuple[str, ...]] = {
    'global': GLOBAL_FEATURES, 'spatial': SPATIAL_FEATURES,
    'global_distance': DISTANCE_FEATURES, 'global_time': TIME_FEATURES,
    'spatial_distance': (*DISTANCE_FEATURES, *PATCH_FEATURES),
    'spatial_time': (*TIME_FEATURES, *PATCH_FEATURES),
}


def kind_of(*, spatial: bool, by_distance: bool) -> str:
    """Name the model for matches whose similarity along the line was measured."""
    return f'{"spatial" if spatial else "global"}_{"distance" if by_distance else "time"}'


def features_of(match: Match) -> dict[str, float | None]:
    """Return the evidence of one match as numbers; None where there is nothing to measure.

    Returns:
        similarity: cosine, in [-1, 1].
        margin: similarity minus the best outside the neighbourhood; None without an outside.
        sequence: share of the earlier frames that lead to the match, drawn towards one half by
            one imaginary frame: (support + 1/2) / (frames + 1), so that five of five say more
            than one of one; None when there are no earlier frames.
        sequence_run: that share times log(1 + frames), so that many frames say more than few; 0
            when there are none.
        line: mean similarity along the line; None when it was not measured.
        spatial_score: in [0, 1]; None when the match was not re-ranked.
        inlier_ratio: inliers over matches; None when no homography was checked.
    """
    spatial = match.spatial
    checked = spatial is not None and spatial.inliers >= 0
    frames = match.sequence_frames
    share = (match.sequence_support + 0.5) / (frames + 1.0)
    return {
        'similarity': match.similarity,
        'margin': match.margin if match.outside_similarity > -1.0 else None,
        'sequence': share if frames else None,
        'sequence_run': share * math.log1p(frames),
        'line': match.line_similarity,
        'spatial_score': None if spatial is None else spatial.score,
        'inlier_ratio': spatial.inliers / max(spatial.matches, 1) if spatial and checked else None,
    }
