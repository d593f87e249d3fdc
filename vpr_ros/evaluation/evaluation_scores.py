# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The metrics of one evaluation, fed one answer at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from vpr_ros.evaluation.average_precision import MeanAveragePrecision
from vpr_ros.evaluation.calibrate import sample_of
from vpr_ros.evaluation.calibration_error import CalibrationError
from vpr_ros.evaluation.dataset import Dataset, ImageRef
from vpr_ros.evaluation.latency import LatencyQuantiles
from vpr_ros.evaluation.localisation import LocalisationError
from vpr_ros.evaluation.precision_recall import PrecisionRecall
from vpr_ros.evaluation.retrieval_metrics import RecallAtN
from vpr_ros.evaluation.top_k_precision_recall import TopKPrecisionRecall
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.types import Match, Reason, Recognition

DEPTHS = (1, 5, 10, 20)
TOP_K = 10
KEPT_MATCHES = 5  # per query, for the report


@dataclass(frozen=True)
class QueryOutcome:
    """What became of one query.

    Attributes:
        query: its index in the data set.
        matches: (database index, match) of the best answers, ignored ones left out.
        rank: of the first right answer, from 1; 0 when there was none among those asked for.
        correct: whether the best answer is right.
        probability: of the best answer, in [0, 1].
        expected: database index of a right answer (the best ranked), or None.
        reason: the pipeline's decision.
    """

    query: int
    matches: tuple[tuple[int, Match], ...]
    rank: int
    correct: bool
    probability: float
    expected: int | None
    reason: Reason


class EvaluationScores:
    """Scores answers against the data set's truth.

    Attributes:
        samples: evidence of each best answer with the truth, for a calibration.
        outcomes: what became of each query.
    """

    def __init__(self, dataset: Dataset, recognizer: PlaceRecognizer) -> None:
        """Begin without queries.

        Args:
            dataset: whose places the recogniser's map holds, in order, with ids from 1.
            recognizer: gives the probabilities.
        """
        self._dataset, self._recognizer = dataset, recognizer
        self.recall, self.latency = RecallAtN(DEPTHS), LatencyQuantiles()
        self.precision_recall, self.top_k = PrecisionRecall(), TopKPrecisionRecall(TOP_K)
        self.calibration_error, self.localisation = CalibrationError(), LocalisationError()
        self.mean_average_precision = MeanAveragePrecision()
        self.samples: list[dict] = []
        self.outcomes: list[QueryOutcome] = []

    def update(self, number: int, answer: Recognition, matches: Sequence[Match]) -> None:
        """Score the answer to query ``number``.

        Args:
            number: of the query.
            answer: gives decision and latencies.
            matches: its ranking, perhaps after suppression.
        """
        dataset = self._dataset
        positives = frozenset(dataset.positives[number].tolist())
        ignored = frozenset(dataset.ignored[number].tolist())
        ranking = [match.place.place_id - 1 for match in matches]
        rank = self.recall.update(ranking, positives, ignored)
        if dataset.retrieval:
            self.mean_average_precision.update(ranking, positives, ignored)
        self.latency.update(answer.latency_ms)
        judged = [(index, match) for index, match in zip(ranking, matches, strict=True)
                  if index not in ignored]
        self.top_k.update([(index, match.similarity) for index, match in judged[:TOP_K]],
                          positives)
        correct = bool(judged) and judged[0][0] in positives
        self.precision_recall.update(judged[0][1].similarity if judged else None,
                                     correct=correct, answerable=bool(positives))
        probability = 0.0
        if judged:
            probability = self._recognizer.calibration.probability(judged[0][1])
            self.calibration_error.update(probability, correct=correct)
            self.samples.append(sample_of(judged[0][1], true=correct))
        query = dataset.queries[number]
        if query.position_m is not None:
            best = dataset.database[judged[0][0]] if judged else None
            self.localisation.update(*_errors(query, best))
        self.outcomes.append(QueryOutcome(
            number, tuple(judged[:KEPT_MATCHES]), rank, correct, probability,
            _shown_positive(ranking, dataset.positives[number].tolist()), answer.reason,
        ))


def _errors(query: ImageRef, best: ImageRef | None) -> tuple[float | None, float | None]:
    """Metres and degrees between a query and the place whose pose it takes over."""
    if best is None or best.position_m is None or query.position_m is None:
        return None, None
    angle = None
    if query.heading_deg is not None and best.heading_deg is not None:
        angle = abs((query.heading_deg - best.heading_deg + 180.0) % 360.0 - 180.0)
    return math.dist(query.position_m, best.position_m), angle


def _shown_positive(ranking: Sequence[int], positives: Sequence[int]) -> int | None:
    """Return the right answer to show: the best ranked, else the middle one; None without any."""
    if not positives:
        return None
    right = frozenset(positives)
    return next((i for i in ranking if i in right), positives[len(positives) // 2])
