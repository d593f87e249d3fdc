# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation found, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vpr_ros.evaluation.about import RESULT_FORMAT
from vpr_ros.evaluation.calibration_error import CalibrationError
from vpr_ros.evaluation.dataset import Dataset
from vpr_ros.evaluation.latency import LatencyQuantiles
from vpr_ros.evaluation.precision_recall import PrecisionRecall
from vpr_ros.evaluation.retrieval_metrics import RecallAtN
from vpr_ros.evaluation.significance import bootstrap_interval
from vpr_ros.settings import Settings
from vpr_ros.types import Match, Reason


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


@dataclass(frozen=True)
class EvaluationResult:
    """Metrics and outcomes of one model on one data set."""

    dataset: Dataset
    settings: Settings
    about: Mapping[str, Any]
    recall: RecallAtN
    precision_recall: PrecisionRecall
    calibration_error: CalibrationError
    latency: LatencyQuantiles
    samples: Sequence[Mapping[str, Any]]
    outcomes: Sequence[QueryOutcome]
    calibration_source: str = ''

    def to_json(self) -> dict[str, Any]:
        """The result file of ``vpr evaluate``; recalls are fractions, latencies milliseconds."""
        recall = self.recall.compute()
        return {
            'format': RESULT_FORMAT,
            'kind': 'evaluation',
            'dataset': self.dataset.name,
            'model': self.about['model']['name'],
            'rerank': self.settings.rerank,
            'queries': recall['queries'],
            'answerable': recall['answerable'],
            'database': len(self.dataset.database),
            'radius_m': self.dataset.radius_m,
            'recall': recall['recall'],
            'recall_answerable': recall['recall_answerable'],
            'recall_interval_95': {
                str(n): bootstrap_interval(self.recall.hits(n)) for n in self.recall.depths
            },
            'precision_recall': {
                **self.precision_recall.compute(), 'score': 'similarity',
                'curve': self.precision_recall.curve().to_json(),
            },
            'calibration': {**self.calibration_error.compute(), 'source': self.calibration_source},
            'latency_ms': self.latency.compute(),
            'latency_histograms': self.latency.histograms(),
            'conditions': self._by_condition(),
            'reasons': self._reasons(),
            'settings': self.settings.as_dict(),
            'about': dict(self.about),
            'results': [self._row(outcome) for outcome in self.outcomes],
            'samples': list(self.samples),
        }

    def _by_condition(self) -> dict[str, Any]:
        labels = np.asarray([query.condition for query in self.dataset.queries])
        table = {}
        for condition in self.dataset.conditions:
            rows = labels == condition
            table[condition] = {
                'queries': int(rows.sum()),
                'recall': {str(n): float(self.recall.hits(n)[rows].mean())
                           for n in self.recall.depths},
            }
        return table

    def _reasons(self) -> dict[str, int]:
        names = [outcome.reason.name for outcome in self.outcomes]
        return {name: names.count(name) for name in sorted(set(names), key=names.count)[::-1]}

    def _row(self, outcome: QueryOutcome) -> dict[str, Any]:
        """One query for the file: enough to compare two runs query by query."""
        return {
            'query': self.dataset.queries[outcome.query].name,
            'rank': outcome.rank,
            'correct': outcome.correct,
            'probability': round(outcome.probability, 6),
            'reason': outcome.reason.name,
            'matches': [self.dataset.database[i].name for i, _ in outcome.matches],
            'similarities': [round(match.similarity, 6) for _, match in outcome.matches],
        }
