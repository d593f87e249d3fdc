# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate a model on a data set with the robot's own pipeline and map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vpr_ros.assembly import model_identity
from vpr_ros.decision.calibration import Calibration
from vpr_ros.errors import DataError
from vpr_ros.evaluation.about import about
from vpr_ros.evaluation.crop_recognition import recognize_crops
from vpr_ros.evaluation.dataset import Dataset, positions_of
from vpr_ros.evaluation.describing import DescribedImage, Describer
from vpr_ros.evaluation.descriptor_cache import DescriptorCache
from vpr_ros.evaluation.evaluation_result import EvaluationResult
from vpr_ros.evaluation.evaluation_scores import DEPTHS, EvaluationScores
from vpr_ros.evaluation.query_handling import check_handling, CROPS
from vpr_ros.evaluation.similarity_matrix import SimilarityMatrix
from vpr_ros.evaluation.spatial_suppression import suppressed
from vpr_ros.model import Model
from vpr_ros.pipeline import Described, PlaceRecognizer
from vpr_ros.place_map import PlaceMap
from vpr_ros.rerank import encode_patches
from vpr_ros.settings import Settings
from vpr_ros.types import Match, Pose, Recognition

_APART_M = 1e5  # travelled distance between images whose neighbourhood is their position
_VIEWS_PER_SPOT = 12  # of Tokyo 24/7; how much deeper suppression looks at first

Progress = Callable[[int, int, str], None]


def evaluate(
    dataset: Dataset,
    model: Model,
    settings: Settings,
    *,
    rerank: str | None = None,
    query_handling: str = 'hard_resize',
    spatial_nms_m: float | None = None,
    cache: DescriptorCache | None = None,
    progress: Progress | None = None,
) -> EvaluationResult:
    """Put the database into a map and recognise each query in it.

    The descriptors pass through the map's own normalisation and its index, and each query is
    answered by :meth:`PlaceRecognizer.rank`: the same code as on the robot.

    Args:
        dataset: images and truth.
        model: describes them.
        settings: of the pipeline; where images have positions, the data set's radius is the
            neighbourhood.
        rerank: preset that replaces the one of the settings.
        query_handling: see :mod:`vpr_ros.evaluation.query_handling`.
        spatial_nms_m: keep only the best prediction within so many metres; None keeps all.
        cache: global descriptors described before; None describes every image.
        progress: called with (images done, images in total, stage).

    Raises:
        ConfigError: a query handling that is unknown or cannot be re-ranked.
        DataError: suppression without positions.
        ImageError: an image cannot be read.
        ModelError, MapError: see :class:`PlaceRecognizer`.
    """
    if rerank is not None:
        settings = settings.replace(rerank=rerank)
    check_handling(query_handling, rerank=settings.rerank)
    if dataset.radius_m is not None:
        settings = settings.replace(neighbourhood_m=min(dataset.radius_m, 1e4))
    positions = positions_of(dataset.database)
    if spatial_nms_m is not None and np.isnan(positions).any():
        raise DataError(f'data set {dataset.name}: spatial non-maximum suppression needs the '
                        f'position of every database image; leave --spatial-nms out')
    calibration = Calibration.load(settings.calibration) if settings.calibration else None
    describer = Describer(model, patches=settings.rerank != 'none', cache=cache)
    total = len(dataset.database) + len(dataset.queries)
    matrix = SimilarityMatrix(len(dataset.queries), len(dataset.database))
    with PlaceMap.create(':memory:', model_identity(model)) as place_map:
        recognizer = PlaceRecognizer(
            model, place_map, settings, mapping=False, calibration=calibration)
        for done, image in enumerate(dataset.database):
            description = describer(image).descriptions[0]
            pose = image.position_m and Pose((*image.position_m, 0.0), frame_id='utm')
            place_map.add(
                description.global_descriptor, stamp_ns=image.stamp_ns, pose=pose or None,
                travelled_m=_APART_M * done if pose else None,
                patches=encode_patches(description.patches),
            )
            matrix.column(done, description.global_descriptor)
            if progress is not None:
                progress(done + 1, total, 'describing the database')
        ranker = _Ranker(dataset, recognizer, query_handling, spatial_nms_m, positions)
        scores = EvaluationScores(dataset, recognizer)
        for done, image in enumerate(dataset.queries):
            described = describer(image, query_handling)
            matrix.row(done, described.descriptions[-1].global_descriptor)
            answer, matches = ranker(done, described)
            scores.update(done, answer, matches)
            if progress is not None:
                progress(len(dataset.database) + done + 1, total, 'recognising the queries')
    return EvaluationResult(
        dataset=dataset, settings=recognizer.settings, about=about(model), scores=scores,
        calibration_source=recognizer.calibration.source, query_handling=query_handling,
        spatial_nms_m=spatial_nms_m, matrix=matrix,
        cached=None if cache is None else (cache.hits, cache.misses),
    )


@dataclass
class _Ranker:
    """Asks for as many places as the scores need."""

    dataset: Dataset
    recognizer: PlaceRecognizer
    handling: str
    spatial_nms_m: float | None
    positions_m: np.ndarray

    def __call__(self, query: int, described: DescribedImage) -> tuple[Recognition, list[Match]]:
        """Return the answer to a query, and its matches after suppression."""
        everything = len(self.dataset.database)
        wanted = max(DEPTHS) + len(self.dataset.ignored[query])
        depth = wanted * (_VIEWS_PER_SPOT if self.spatial_nms_m is not None else 1)
        if self.dataset.retrieval:
            depth = everything
        while True:
            depth = min(depth, everything)
            answer = self._ask(described, depth)
            matches = list(answer.matches)
            if self.spatial_nms_m is None:
                return answer, matches
            ranking = [match.place.place_id - 1 for match in matches]
            kept = suppressed(ranking, self.positions_m, self.spatial_nms_m, wanted)
            if len(kept) >= wanted or depth == everything:
                return answer, [matches[row] for row in kept]
            depth *= 2

    def _ask(self, described: DescribedImage, depth: int) -> Recognition:
        if self.handling in CROPS:
            descriptors = [d.global_descriptor for d in described.descriptions]
            return recognize_crops(self.recognizer, descriptors, self.handling,
                                   max_matches=depth, describe_ms=described.describe_ms)
        return self.recognizer.rank(
            Described(described.descriptions[0], described.describe_ms), max_matches=depth)
