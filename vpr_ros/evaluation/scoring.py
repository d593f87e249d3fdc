# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Score the recognitions of a drive, wherever they come from, against the ground truth.

What counts, exactly:

- A *query* is a keyframe: a frame that joined the map (when the map does not grow, every frame).
  The figures of all frames stand beside them under ``all_frames``.
- A query is a *revisit* when the map held at least one place that shows its place and was not
  recent. Queries that are no revisit can only do harm: a match accepted for them is false.
- *true*: accepted, and the match shows the query's place. *false*: accepted, and it does not.
  *missed*: a revisit for which nothing was accepted.
- precision = true / (true + false); recall = true / revisits.
- ``recall_at_100_precision``: the same recall at the lowest probability threshold without a false
  match, the other gates (``min_*``) as they are set.
- Where the ground truth says nothing, the query is *unknown* and counts in none of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vpr_ros.decision.calibration import GENERIC
from vpr_ros.decision.decide import decide
from vpr_ros.evaluation.calibrate import sample_of
from vpr_ros.evaluation.calibration_error import CalibrationError
from vpr_ros.evaluation.ground_truth import GroundTruth, UNKNOWN, YES
from vpr_ros.evaluation.journal import Journal
from vpr_ros.evaluation.latency import LatencyQuantiles
from vpr_ros.evaluation.localisation import LocalisationError
from vpr_ros.evaluation.loop_metrics import LoopClosureCounts
from vpr_ros.evaluation.loop_tables import DISTANCE_EDGES, HEADING_EDGES, LoopTable
from vpr_ros.evaluation.precision_recall import PrecisionRecall
from vpr_ros.evaluation.replay_result import QueryVerdict, ReplayResult
from vpr_ros.evaluation.revisits import Revisit, RevisitFinder
from vpr_ros.settings import Settings
from vpr_ros.types import Match, Place, Reason, Recognition

MOST_SAMPLES = 20_000


def score(
    recognitions: Sequence[Recognition],
    ground_truth: GroundTruth | None,
    settings: Settings,
    *,
    known_places: Sequence[Place] = (),
    journal: Journal | None = None,
    about: Mapping[str, Any] | None = None,
    bag: str = '',
    calibration_source: str = '',
    latency: LatencyQuantiles | None = None,
    throughput: Mapping[str, Any] | None = None,
    matrix: Mapping[str, Any] | None = None,
) -> ReplayResult:
    """Score a drive.

    Args:
        recognitions: one per processed frame, in order, from :func:`replay.run` or the node.
        ground_truth: with :meth:`GroundTruth.bind_frames` already called; None judges nothing.
        settings: those that the recogniser ran with.
        known_places: what the map held before the drive.
        journal: pictures and route for the report.
        about: versions and machine, see :func:`vpr_ros.evaluation.about.about`.
        bag: name of the drive.
        calibration_source: where the probabilities come from.
        latency: of the frames, where the recognitions do not hold it themselves any more.
        throughput: how fast it went, see :func:`vpr_ros.evaluation.replay.replay`.
        matrix: of :func:`vpr_ros.evaluation.similarity_matrix.matrix_of_map`.
    """
    mapping = any(recognition.place_id for recognition in recognitions)
    finder = ground_truth and RevisitFinder(ground_truth, settings, recognitions, known_places)
    keyframes, frames = LoopClosureCounts(), LoopClosureCounts()
    curve, error, times = PrecisionRecall(), CalibrationError(), latency or LatencyQuantiles()
    by_distance, by_heading = LoopTable(DISTANCE_EDGES), LoopTable(HEADING_EDGES)
    localisation, samples = LocalisationError(), _EvenSample(MOST_SAMPLES)
    verdicts = []
    judgements = _judge(recognitions, ground_truth)
    for recognition, correct in zip(recognitions, judgements, strict=True):
        times.update(recognition.latency_ms)
        revisit = finder.next(recognition) if finder else Revisit(None)
        frames.update(recognition.reason, correct=correct, revisit=revisit.possible)
        best = recognition.best
        if best is not None and correct is not None:
            samples.add(best, correct)
        if mapping and not recognition.place_id:
            continue
        keyframes.update(recognition.reason, correct=correct, revisit=revisit.possible)
        distance, turn = _apart(ground_truth, recognition, revisit)
        for table, value in ((by_distance, distance), (by_heading, turn)):
            table.update(value, recognition.reason, correct=correct, revisit=revisit.possible)
        if revisit.possible and ground_truth is not None and ground_truth.unit == 'm':
            localisation.update(*_taken_over(ground_truth, recognition))
        verdicts.append(QueryVerdict(recognition, correct, revisit))
        if best is not None and correct is not None:
            error.update(recognition.probability, correct=correct)
        if revisit.possible is not None or correct is not None:
            passes = best is not None and correct is not None and _passes_gates(best, settings)
            curve.update(recognition.probability if passes else None,
                         correct=bool(correct), answerable=bool(revisit.possible))
    return ReplayResult(
        bag=bag, settings=settings, about=about or {}, ground_truth=ground_truth,
        keyframes=keyframes, all_frames=frames, precision_recall=curve, calibration_error=error,
        by_distance=by_distance, by_heading=by_heading, localisation=localisation,
        latency=times, samples=samples.rows, verdicts=verdicts,
        journal=journal or Journal(), calibration_source=calibration_source,
        throughput=throughput, matrix=matrix,
    )


def _judge(
    recognitions: Sequence[Recognition], ground_truth: GroundTruth | None
) -> list[bool | None]:
    """Whether each best match is right; None when that is unknown or there is no match."""
    judged: list[bool | None] = [None] * len(recognitions)
    rows = [row for row, r in enumerate(recognitions) if r.best is not None]
    if ground_truth is None or not rows:
        return judged
    queries = [recognitions[row].stamp_ns for row in rows]
    matches = [recognitions[row].matches[0].place.stamp_ns for row in rows]
    answers = ground_truth.compare(ground_truth.states(np.asarray(queries, np.int64)),
                                   ground_truth.states(np.asarray(matches, np.int64)))
    for row, answer in zip(rows, answers.tolist(), strict=True):
        judged[row] = None if answer == UNKNOWN else answer == YES
    return judged


def _passes_gates(best: Match, settings: Settings) -> bool:
    """Whether the match would be accepted if its probability were high enough."""
    return decide(best, 1.0, GENERIC, settings, shed=False) is Reason.ACCEPTED


def _apart(
    truth: GroundTruth | None, recognition: Recognition, revisit: Revisit
) -> tuple[float | None, float | None]:
    """Distance and turn to the nearest true place, else to the place that was accepted."""
    stamp, distance = revisit.place_stamp_ns, revisit.distance
    if stamp is None and recognition.accepted:
        stamp = recognition.matches[0].place.stamp_ns
    if truth is None or stamp is None:
        return None, None
    if distance is None:
        distance = truth.distance(recognition.stamp_ns, stamp)
    return distance, truth.heading_change_deg(recognition.stamp_ns, stamp)


def _taken_over(
    truth: GroundTruth, recognition: Recognition
) -> tuple[float | None, float | None]:
    """How wrong the robot is when it takes over the pose of the accepted place."""
    if not recognition.accepted:
        return None, None
    stamps = recognition.stamp_ns, recognition.matches[0].place.stamp_ns
    return truth.distance(*stamps), truth.heading_change_deg(*stamps)


class _EvenSample:
    """Rows for calibration, evenly over the drive, at most ``most`` of them."""

    def __init__(self, most: int) -> None:
        self.rows: list[dict[str, Any]] = []
        self._most, self._every, self._seen = most, 1, 0

    def add(self, match: Match, true: bool) -> None:
        """Take one of every few; when too many came together, drop every other."""
        if self._seen % self._every == 0:
            self.rows.append(sample_of(match, true=true))
            if len(self.rows) > self._most:
                self.rows, self._every = self.rows[::2], self._every * 2
        self._seen += 1
