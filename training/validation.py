# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the best model of a run: recalls on images that are not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from training import sources
from training.data import EvaluationSet
from training.evaluate import centre, Recalls, recalls
from training.image_store import ImageStore
from training.images import resize
from training.model import PlaceNetwork
from training.parallel import Team
from training.precision import Precision
from training.recipe import Recipe
from training.source_kinds import floors_evaluation, load_evaluation, parse_source
from vpr_ros.types import FloatArray

BATCH = 16


def validation_set(recipe: Recipe) -> EvaluationSet | None:
    """Load the data set that a recipe names, or None."""
    if not recipe.validation:
        return None
    if recipe.validation_floors:
        return sources.ie_tower_validation(Path(recipe.validation), recipe.validation_floors)
    if recipe.validation.startswith('ie_tower:'):
        return floors_evaluation(recipe.validation)
    kind, path, options = parse_source(recipe.validation)
    return load_evaluation(kind, path, **options)


class Describer:
    """Describes images of a store by a network, at the size of evaluation.

    Args:
        recipe: its sizes, and whether descriptors are projected.
        store: the images.
        precision: of the network.
    """

    def __init__(self, recipe: Recipe, store: ImageStore, precision: Precision) -> None:
        self.recipe, self.store, self.precision = recipe, store, precision
        self._row_of = {path: row for row, path in enumerate(store.paths)}

    @torch.no_grad()
    def __call__(self, network: PlaceNetwork, paths: Sequence[Path]) -> FloatArray:
        """Descriptors float32 (len(paths), D) by a network in whatever mode; it is kept."""
        recipe, mode, found = self.recipe, network.training, []
        network.eval()

        def read(path: Path) -> np.ndarray:
            return resize(self.store[self._row_of[path]], recipe.evaluation_height,
                          recipe.evaluation_width)

        for start in range(0, len(paths), BATCH):
            images = np.stack(list(self.store.apply(read, paths[start:start + BATCH])))
            with self.precision.context():
                vlad = network.aggregate(torch.from_numpy(images).to(self.precision.device))
            if recipe.learn_projection:
                vlad = network.project(vlad)
            found.append(vlad.float().cpu().numpy())
        network.train(mode)
        return np.concatenate(found)


@dataclass(frozen=True)
class Selection:
    """Which validation was the best so far.

    Attributes:
        best: recall@5 of it, with a thousandth of recall@1 to tell equals apart; -1: none yet.
        best_at_5: its recall@5.
        since: validations since recall@5 was last better.
    """

    best: float = -1.0
    best_at_5: float = -1.0
    since: int = 0

    def after(self, found: Recalls) -> Selection:
        """Return the state after one more validation."""
        at_5 = found.get('5', 0.0)
        score = at_5 + 1e-3 * found.get('1', 0.0)
        better = at_5 > self.best_at_5
        return Selection(max(self.best, score), max(self.best_at_5, at_5),
                         0 if better else self.since + 1)


class Validation:
    """A data set with its images.

    Args:
        recipe: names it.
        dataset: see :func:`validation_set`.
        precision: of the networks that are asked.
        team: the processes; each describes a part.
    """

    def __init__(self, recipe: Recipe, dataset: EvaluationSet, precision: Precision, team: Team
                 ) -> None:
        self.dataset, self.team = dataset, team
        self.paths = list(dict.fromkeys((*dataset.database, *dataset.queries)))
        store = ImageStore(self.paths, recipe.evaluation_height, recipe.evaluation_width,
                           keep=recipe.keep_images, workers=recipe.workers)
        self._describe = Describer(recipe, store, precision)

    def __call__(self, network: PlaceNetwork) -> Recalls:
        """Recalls of descriptors that are centred on the database's mean."""
        dataset = self.dataset
        found = self.team.describe_together(lambda paths: self._describe(network, paths),
                                            self.paths)
        row_of = {path: row for row, path in enumerate(self.paths)}
        database = found[[row_of[path] for path in dataset.database]]
        queries = found[[row_of[path] for path in dataset.queries]]
        mean = database.mean(0)
        return recalls(centre(database, mean), centre(queries, mean), dataset.correct,
                       dataset.ignored)
