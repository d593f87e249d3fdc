# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation found, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vpr_ros.evaluation.about import RESULT_FORMAT
from vpr_ros.evaluation.confidence_band import confidence_band
from vpr_ros.evaluation.dataset import Dataset
from vpr_ros.evaluation.evaluation_scores import EvaluationScores, QueryOutcome
from vpr_ros.evaluation.precision_recall import PrecisionRecall
from vpr_ros.evaluation.significance import bootstrap_interval
from vpr_ros.evaluation.similarity_matrix import SimilarityMatrix
from vpr_ros.settings import Settings


@dataclass(frozen=True)
class EvaluationResult:
    """Metrics and outcomes of one model on one data set.

    Attributes:
        scores: every metric.
        cached: descriptors found in the cache and not found, or None without one.
        matrix: similarities for the report.
    """

    dataset: Dataset
    settings: Settings
    about: Mapping[str, Any]
    scores: EvaluationScores
    calibration_source: str
    query_handling: str
    spatial_nms_m: float | None
    cached: tuple[int, int] | None
    matrix: SimilarityMatrix

    @property
    def outcomes(self) -> Sequence[QueryOutcome]:
        """What became of each query."""
        return self.scores.outcomes

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The result file of ``vpr evaluate``; recalls are fractions, latencies milliseconds."""
        scores = self.scores
        recall = scores.recall.compute()
        return {
            'format': RESULT_FORMAT,
            'kind': 'evaluation',
            'dataset': self.dataset.name,
            'model': self.about['model']['name'],
            'rerank': self.settings.rerank,
            'query_handling': self.query_handling,
            'spatial_nms_m': self.spatial_nms_m,
            'queries': recall['queries'],
            'answerable': recall['answerable'],
            'database': len(self.dataset.database),
            'radius_m': self.dataset.radius_m,
            'recall': recall['recall'],
            'recall_answerable': recall['recall_answerable'],
            'recall_interval_95': {
                str(n): bootstrap_interval(scores.recall.hits(n)) for n in scores.recall.depths
            },
            'precision_recall': {
                **scores.precision_recall.compute(), 'score': 'similarity',
                'curve': scores.precision_recall.curve().to_json(),
                'band_95': confidence_band(scores.precision_recall),
            },
            'top_k_precision_recall': scores.top_k.compute(),
            'mean_average_precision': {
                **scores.mean_average_precision.compute(),
                'interval_95': bootstrap_interval(scores.mean_average_precision.values),
            } if self.dataset.retrieval else None,
            'localisation': scores.localisation.compute()
            if any(query.position_m for query in self.dataset.queries) else None,
            'calibration': {**scores.calibration_error.compute(),
                            'source': self.calibration_source},
            'latency_ms': scores.latency.compute(),
            'latency_histograms': scores.latency.histograms(),
            'descriptor_cache': None if self.cached is None else {
                'hits': self.cached[0], 'misses': self.cached[1]},
            'conditions': self._by_condition(),
            'reasons': self._reasons(),
            'settings': self.settings.as_dict(),
            'about': dict(self.about),
            'results': [self._row(outcome) for outcome in self.outcomes],
            'samples': list(self.scores.samples),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the same as :attr:`figures`."""
        return self.figures

    def _by_condition(self) -> dict[str, Any]:
        """Return the figures of the queries of each condition alone."""
        labels = np.asarray([query.condition for query in self.dataset.queries])
        recall, table = self.scores.recall, {}
        columns = self.scores.precision_recall.columns()
        for condition in self.dataset.conditions:
            rows = labels == condition
            curve = PrecisionRecall()
            for score, correct, answerable in zip(*(c[rows] for c in columns), strict=True):
                curve.update(None if np.isnan(score) else float(score), correct=bool(correct),
                             answerable=bool(answerable))
            figures = curve.compute()
            table[condition] = {
                'queries': int(rows.sum()),
                'recall': {str(n): float(recall.hits(n)[rows].mean()) for n in recall.depths},
                'recall_interval_95': {
                    str(n): bootstrap_interval(recall.hits(n)[rows]) for n in recall.depths},
                'average_precision': figures['average_precision'],
                'recall_at_100_precision': figures['recall_at_100_precision'],
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
