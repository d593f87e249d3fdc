# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognise a query by five crops of it instead of by one image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import time

import numpy as np

from vpr_ros.decision.decide import decide
from vpr_ros.decision.evidence import gather
from vpr_ros.evaluation.query_handling import majority_voting, nearest_crop
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.stopwatch import Stopwatch
from vpr_ros.types import FloatArray, Place, Ranked, Reason, Recognition

Candidates = list[tuple[Place, float]]


def recognize_crops(
    recognizer: PlaceRecognizer,
    descriptors: Sequence[FloatArray],
    handling: str,
    *,
    max_matches: int,
    describe_ms: float = 0.0,
    clock: Callable[[], float] = time.perf_counter,
) -> Recognition:
    """Search for each crop, merge the rankings, and decide as for a single image.

    Args:
        recognizer: its map was filled without centring; re-ranking is off.
        descriptors: float32 (D,) of each crop, L2-normalised.
        handling: ``five_crops``, ``nearest_crop`` or ``majority_voting``.
        max_matches: places that each crop asks for, and length of the ranking.
        describe_ms: for the latencies.
        clock: seconds, monotonic.
    """
    settings = recognizer.settings.replace(min_sequence_support=0.0)
    watch = Stopwatch(clock)
    watch.book('describe', describe_ms)
    if handling == 'five_crops':
        candidates = _search_mean(recognizer, descriptors, max_matches)
    else:
        candidates = _search_each(recognizer, descriptors, handling, max_matches)
    watch.lap('search')
    ranked: list[Ranked] = [(place, similarity, None) for place, similarity in candidates]
    matches = gather(ranked, candidates, recognizer.place_map.spot_of, settings)
    probability, reason = 0.0, Reason.NO_MAP
    if matches:
        calibration = recognizer.calibration
        probability = calibration.probability(matches[0])
        reason = decide(matches[0], probability, calibration, settings, shed=False)
    watch.lap('decide')
    return Recognition(0, '', matches, probability, reason, latency_ms=watch.latency_ms())


def _search_mean(
    recognizer: PlaceRecognizer, descriptors: Sequence[FloatArray], count: int
) -> Candidates:
    """By the mean of the crops' descriptors, L2-normalised: the order is the same."""
    mean = np.mean(descriptors, axis=0)
    mean = np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)
    return [(n.place, n.similarity) for n in recognizer.place_map.search(mean, count)]


def _search_each(
    recognizer: PlaceRecognizer, descriptors: Sequence[FloatArray], handling: str, count: int
) -> Candidates:
    """By each crop; similarities s stand for squared distances d = 2 - 2 s."""
    found = [recognizer.place_map.search(descriptor, count) for descriptor in descriptors]
    places = {n.place.place_id: n.place for neighbours in found for n in neighbours}
    if not places:
        return []
    predictions = np.asarray([[n.place.place_id for n in row] for row in found], np.int64)
    distances = np.asarray([[2.0 - 2.0 * n.similarity for n in row] for row in found])
    merge = nearest_crop if handling == 'nearest_crop' else majority_voting
    merged, values = merge(predictions, distances, count)
    return [(places[int(place)], 1.0 - float(value) / 2.0)
            for place, value in zip(merged, values, strict=True)]
