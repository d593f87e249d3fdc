# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate a model on a data set with the robot's own pipeline and map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vpr_ros.assembly import model_identity
from vpr_ros.decision.calibration import Calibration
from vpr_ros.evaluation.about import about
from vpr_ros.evaluation.calibrate import sample_of
from vpr_ros.evaluation.calibration_error import CalibrationError
from vpr_ros.evaluation.dataset import Dataset
from vpr_ros.evaluation.evaluation_result import EvaluationResult, QueryOutcome
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.latency import LatencyQuantiles
from vpr_ros.evaluation.precision_recall import PrecisionRecall
from vpr_ros.evaluation.retrieval_metrics import RecallAtN
from vpr_ros.model import Model
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.place_map import PlaceMap
from vpr_ros.rerank import encode_patches
from vpr_ros.settings import Settings
from vpr_ros.types import Pose, Recognition

DEPTHS = (1, 5, 10, 20)
KEPT_MATCHES = 5  # per query, for the report
_APART_M = 1e5  # travelled distance between images whose neighbourhood is their position

Progress = Callable[[int, int, str], None]


def evaluate(
    dataset: Dataset,
    model: Model,
    settings: Settings,
    *,
    rerank: str | None = None,
    progress: Progress | None = None,
) -> EvaluationResult:
    """Put the database into a map and recognise each query in it.

    The descriptors pass through the map's own normalisation and its index, and each query is
    answered by :meth:`PlaceRecognizer.recognize`: the same code as on the robot.

    Args:
        dataset: images and truth.
        model: describes them.
        settings: of the pipeline; where images have positions, the data set's radius is the
            neighbourhood.
        rerank: preset that replaces the one of the settings.
        progress: called with (images done, images in total, stage).

    Raises:
        ImageError: an image cannot be read.
        ModelError, MapError: see :class:`PlaceRecognizer`.
    """
    if rerank is not None:
        settings = settings.replace(rerank=rerank)
    if dataset.radius_m is not None:
        settings = settings.replace(neighbourhood_m=min(dataset.radius_m, 1e4))
    calibration = Calibration.load(settings.calibration) if settings.calibration else None
    with PlaceMap.create(':memory:', model_identity(model)) as place_map:
        recognizer = PlaceRecognizer(
            model, place_map, settings, mapping=False, calibration=calibration)
        with_patches = settings.rerank != 'none'
        total = len(dataset.database) + len(dataset.queries)
        for done, image in enumerate(dataset.database):
            description = model.describe(read_image(image.path), patches=with_patches)
            pose = image.position_m and Pose((*image.position_m, 0.0), frame_id='utm')
            place_map.add(
                description.global_descriptor, stamp_ns=image.stamp_ns, pose=pose or None,
                travelled_m=_APART_M * done if pose else None,
                patches=encode_patches(description.patches) if with_patches else {},
            )
            if progress is not None:
                progress(done + 1, total, 'describing the database')
        scores = _Scores(dataset, recognizer)
        for done, image in enumerate(dataset.queries):
            answer = recognizer.recognize(read_image(image.path), max_matches=scores.depth)
            scores.update(done, answer)
            if progress is not None:
                progress(len(dataset.database) + done + 1, total, 'recognising the queries')
    return scores.result()


@dataclass
class _Scores:
    """The metrics of one evaluation, fed one answer at a time."""

    dataset: Dataset
    recognizer: PlaceRecognizer

    def __post_init__(self) -> None:
        most_ignored = max((len(indices) for indices in self.dataset.ignored), default=0)
        self.depth = min(max(DEPTHS) + most_ignored, len(self.dataset.database))
        self.recall, self.latency = RecallAtN(DEPTHS), LatencyQuantiles()
        self.precision_recall, self.calibration_error = PrecisionRecall(), CalibrationError()
        self.samples: list[dict] = []
        self.outcomes: list[QueryOutcome] = []

    def update(self, number: int, answer: Recognition) -> None:
        """Score the answer to query ``number``."""
        dataset = self.dataset
        positives = frozenset(dataset.positives[number].tolist())
        ignored = frozenset(dataset.ignored[number].tolist())
        # places were added in the order of the database, with ids from 1
        ranking = [match.place.place_id - 1 for match in answer.matches]
        rank = self.recall.update(ranking, positives, ignored)
        self.latency.update(answer.latency_ms)
        judged = [(index, match) for index, match in zip(ranking, answer.matches, strict=True)
                  if index not in ignored]
        correct = bool(judged) and judged[0][0] in positives
        self.precision_recall.update(judged[0][1].similarity if judged else None,
                                     correct=correct, answerable=bool(positives))
        probability = 0.0
        if judged:
            probability = self.recognizer.calibration.probability(judged[0][1])
            self.calibration_error.update(probability, correct=correct)
            self.samples.append(sample_of(judged[0][1], true=correct))
        self.outcomes.append(QueryOutcome(
            number, tuple(judged[:KEPT_MATCHES]), rank, correct, probability,
            _shown_positive(ranking, dataset.positives[number].tolist()), answer.reason,
        ))

    def result(self) -> EvaluationResult:
        """Everything that was measured."""
        return EvaluationResult(
            dataset=self.dataset, settings=self.recognizer.settings,
            about=about(self.recognizer.model), recall=self.recall,
            precision_recall=self.precision_recall, calibration_error=self.calibration_error,
            latency=self.latency, samples=self.samples, outcomes=self.outcomes,
            calibration_source=self.recognizer.calibration.source,
        )


def _shown_positive(ranking: Sequence[int], positives: Sequence[int]) -> int | None:
    """The right answer to show: the best ranked one, else the middle one; None without any."""
    if not positives:
        return None
    return next((i for i in ranking if i in positives), positives[len(positives) // 2])
