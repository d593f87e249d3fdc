# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decision: accept the best match, or say which evidence was missing."""

from __future__ import annotations

from vpr_ros.decision.calibration import Calibration
from vpr_ros.settings import Settings
from vpr_ros.types import Match, Reason

MIN_SEQUENCE_FRAMES = 3  # fewer earlier frames than this count as if the missing ones disagreed


def sequence_share(match: Match) -> float:
    """Share of the earlier frames that lead to the match, in [0, 1]."""
    return match.sequence_support / max(match.sequence_frames, MIN_SEQUENCE_FRAMES)


def decide(
    match: Match, probability: float, calibration: Calibration, settings: Settings, *, shed: bool
) -> Reason:
    """Decide on the best match of a query.

    Args:
        match: the best match with all its evidence.
        probability: its calibrated probability.
        calibration: explains a low probability by the evidence that cost most.
        settings: ``min_*``.
        shed: True when candidates went without re-ranking because the deadline was near.

    Returns:
        ``ACCEPTED``, or the first reason against it.
    """
    if match.similarity < settings.min_similarity:
        return Reason.LOW_SIMILARITY
    if match.margin < settings.min_margin:
        return Reason.AMBIGUOUS
    if match.spatial is not None and match.spatial.score < settings.min_spatial_score:
        return Reason.SPATIALLY_INCONSISTENT
    if probability < settings.min_probability:
        if shed and match.spatial is None:
            return Reason.DEADLINE
        return calibration.blame(match)
    if sequence_share(match) < settings.min_sequence_support:
        return Reason.NO_SEQUENCE_SUPPORT
    return Reason.ACCEPTED
