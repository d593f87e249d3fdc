# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a replay found, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vpr_ros.evaluation.about import RESULT_FORMAT
from vpr_ros.evaluation.calibration_error import CalibrationError
from vpr_ros.evaluation.confidence_band import confidence_band
from vpr_ros.evaluation.ground_truth import GroundTruth
from vpr_ros.evaluation.journal import Journal
from vpr_ros.evaluation.latency import LatencyQuantiles
from vpr_ros.evaluation.localisation import LocalisationError
from vpr_ros.evaluation.loop_metrics import LoopClosureCounts
from vpr_ros.evaluation.loop_tables import LoopTable
from vpr_ros.evaluation.precision_recall import PrecisionRecall
from vpr_ros.evaluation.revisits import Revisit
from vpr_ros.settings import Settings
from vpr_ros.types import Recognition


@dataclass(frozen=True)
class QueryVerdict:
    """One query with what the ground truth says of it.

    Attributes:
        recognition: the pipeline's answer.
        correct: whether its best match is right; None when unknown or without a match.
        revisit: whether there was anything to find.
    """

    recognition: Recognition
    correct: bool | None
    revisit: Revisit

    @property
    def kind(self) -> str:
        """``true``, ``false``, ``unknown`` (accepted), ``missed``, or '' (rightly silent)."""
        if self.recognition.accepted:
            return {True: 'true', False: 'false', None: 'unknown'}[self.correct]
        return 'missed' if self.revisit.possible else ''


@dataclass(frozen=True)
class ReplayResult:
    """Figures and verdicts of one drive; see :mod:`vpr_ros.evaluation.scoring`."""

    bag: str
    settings: Settings
    about: Mapping[str, Any]
    ground_truth: GroundTruth | None
    keyframes: LoopClosureCounts
    all_frames: LoopClosureCounts
    precision_recall: PrecisionRecall
    calibration_error: CalibrationError
    by_distance: LoopTable
    by_heading: LoopTable
    localisation: LocalisationError
    latency: LatencyQuantiles
    samples: Sequence[Mapping[str, Any]]
    verdicts: Sequence[QueryVerdict]
    journal: Journal
    calibration_source: str = ''
    throughput: Mapping[str, Any] | None = None
    matrix: Mapping[str, Any] | None = None  # similarities of keyframes, for the report

    def to_json(self) -> dict[str, Any]:
        """Return the same as :attr:`figures`."""
        return self.figures

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The result file of ``vpr replay``; ratios are fractions, latencies milliseconds."""
        figures, frames = self.keyframes.compute(), self.all_frames.compute()
        curve = self.precision_recall.compute()
        judged = self.ground_truth is not None
        return {
            'format': RESULT_FORMAT,
            'kind': 'replay',
            'bag': self.bag,
            'model': self.about.get('model', {}).get('name', self.settings.model),
            'rerank': self.settings.rerank,
            'ground_truth': self.ground_truth.description if self.ground_truth else None,
            'queries': figures['revisits'],
            'keyframes': figures['queries'],
            'frames': frames['queries'],
            'loop_closures': {name: figures[name] for name in (
                'true', 'false', 'missed', 'unknown', 'precision', 'recall')},
            'recall_at_100_precision': curve['recall_at_100_precision'] if judged else None,
            'reasons': figures['reasons'],
            'missed_reasons': figures['missed_reasons'],
            'all_frames': frames,
            'distance_unit': self.ground_truth.unit if self.ground_truth else None,
            'by_distance': self.by_distance.compute(),
            'by_heading_change': self.by_heading.compute(),
            'localisation': self.localisation.compute()
            if self.ground_truth is not None and self.ground_truth.unit == 'm' else None,
            'precision_recall': {
                **curve, 'score': 'probability', 'curve': self.precision_recall.curve().to_json(),
                'band_95': confidence_band(self.precision_recall),
            } if judged else None,
            'calibration': {**self.calibration_error.compute(), 'source': self.calibration_source},
            'latency_ms': self.latency.compute(),
            'latency_histograms': self.latency.histograms(),
            'throughput': None if self.throughput is None else dict(self.throughput),
            'settings': self.settings.as_dict(),
            'about': dict(self.about),
            'results': [self._row(verdict) for verdict in self.verdicts],
            'samples': list(self.samples),
        }

    def _row(self, verdict: QueryVerdict) -> dict[str, Any]:
        """One query for the file."""
        recognition, best = verdict.recognition, verdict.recognition.best
        return {
            'stamp_ns': recognition.stamp_ns,
            'kind': verdict.kind,
            'revisit': verdict.revisit.possible,
            'correct': verdict.correct,
            'reason': recognition.reason.name,
            'probability': round(recognition.probability, 6),
            'match_stamp_ns': best.place.stamp_ns if best else None,
            'similarity': round(best.similarity, 6) if best else None,
            'distance': None if verdict.revisit.distance is None
            else round(verdict.revisit.distance, 3),
            'heading_change_deg': self.heading_change_deg(verdict),
        }

    def heading_change_deg(self, verdict: QueryVerdict) -> float | None:
        """Between the query and its match, or for a missed one the place to find; or None."""
        stamp = verdict.revisit.place_stamp_ns
        if verdict.kind != 'missed' and verdict.recognition.best is not None:
            stamp = verdict.recognition.best.place.stamp_ns
        if stamp is None or self.ground_truth is None:
            return None
        turn = self.ground_truth.heading_change_deg(verdict.recognition.stamp_ns, stamp)
        return None if turn is None else round(turn, 2)
