# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``batching: tuples``: a query, its best positive and its hardest negatives, mined in rounds.

An epoch is a random order of the queries; it is cut into rounds, at the beginning of which all
descriptors that mining needs are computed by the present weights (NetVLAD, appendix A).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.augmentations import Augmentation
from training.batch import Batch
from training.image_store import ImageStore
from training.optimisation import halvings
from training.parallel import Describe, Team
from training.progress import Progress
from training.recipe import Recipe
from training.tuples import TupleData, TupleMiner
from vpr_ros.types import FloatArray, ImageArray


class TupleBatches:
    """Batches of tuples: query, positive, negatives, query, ...

    Args:
        recipe: with its options for tuples.
        data: queries and database.
        images: database images, then queries.
        augmentation: of the queries; each tuple is a group.
        folder: of the feature cache.
        describe: image files -> descriptors (n, D) by the present weights of this process.
        team: the processes; the first mines, all describe.
        progress: shows how far mining is.
    """

    def __init__(self, recipe: Recipe, data: TupleData, images: ImageStore,
                 augmentation: Augmentation, *, folder: Path, describe: Describe, team: Team,
                 progress: Progress) -> None:
        options = recipe.tuples
        self.recipe, self.data, self.images = recipe, data, images
        self.augmentation, self.team, self._describe = augmentation, team, describe
        self._progress = progress
        self.miner = TupleMiner(
            data, folder, mode=options.mining,  # type: ignore[arg-type]
            negatives=options.negatives, pool=options.pool, remembered=options.remembered,
            dtype=options.cache, seed=recipe.seed)
        queries = len(self.miner.epoch_queries(0, options.epoch_queries or None))
        self.epoch_steps = math.ceil(queries / options.batch)
        self.total = options.epochs * self.epoch_steps
        self._mined: tuple[int, int] | None = None  # epoch and first query of the round
        self._order_of, self._order = -1, np.zeros(0, np.int64)

    def prepare(self, step: int) -> None:
        """Mine the round that a step belongs to, where that was not done."""
        epoch, first = self._round(step)
        if self._mined == (epoch, first):
            return
        order = self._place(step)[1][first:first + self.round_queries(epoch)]

        def mine(describe: Describe) -> dict[str, Any]:
            self.miner.refresh(order, describe,
                               progress=self._progress.mining(f'mining for step {step}'))
            return self.miner.state_dict()

        state = self.team.lead(mine, self._describe)
        if not self.team.first:
            self.miner.load_state_dict(state)
        self._mined = (epoch, first)

    def round_queries(self, epoch: int) -> int:
        """Count a round's queries: a multiple of the batch, doubled when the rate is halved."""
        options = self.recipe.tuples
        wanted = options.refresh_every * 2 ** halvings(self.recipe, epoch)
        return max(1, wanted // options.batch) * options.batch

    def make(self, step: int) -> Batch:
        """See :class:`training.batch.Batches`; its round has been mined."""
        _, order, position = self._place(step)
        queries = order[position:position + self.recipe.tuples.batch]
        first_query, rows = len(self.data.database), []
        for query in queries:
            found = self.miner.tuple_of(int(query))
            rows.append([first_query + found.query, found.positive, *found.negatives])
        indices = np.array(rows, np.int64).reshape(-1)
        size = 2 + self.recipe.tuples.negatives
        groups = [self.augmentation.group(np.random.default_rng((self.recipe.seed, step, t)))
                  for t in range(len(rows))]

        def changed(place: int) -> ImageArray:
            own = np.random.default_rng((self.recipe.seed, step, len(rows), place))
            return groups[place // size].apply(
                self.images[indices[place]], own,
                lambda: self.images[int(own.integers(len(self.images)))],
                flip_only=place % size > 0)

        def images(positions: NDArray[np.integer]) -> ImageArray:
            return self.images.stack(changed, positions.tolist())

        return Batch(len(indices), images, indices, negatives=self.recipe.tuples.negatives)

    def independent(self, step: int) -> bool:
        """Whether the round of a step is the one that was mined."""
        return step < self.total and self._mined == self._round(step)

    def remember(self, batch: Batch, descriptors: FloatArray) -> None:
        """Nothing: descriptors are computed for mining."""

    def state_dict(self) -> dict[str, Any]:
        """See :class:`training.batch.Batches`."""
        return {'miner': self.miner.state_dict(), 'mined': list(self._mined or ())}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """See :class:`training.batch.Batches`."""
        self.miner.load_state_dict(state['miner'])
        epoch, first = state['mined'] or (-1, -1)
        self._mined = (epoch, first)

    def _round(self, step: int) -> tuple[int, int]:
        """Epoch of a step, and the first query of its round in the epoch's order."""
        epoch, within = divmod(step, self.epoch_steps)
        size = self.round_queries(epoch)
        return epoch, within * self.recipe.tuples.batch // size * size

    def _place(self, step: int) -> tuple[int, NDArray[np.int64], int]:
        """Epoch of a step, the epoch's order of queries, and where the step begins in it."""
        epoch, within = divmod(step, self.epoch_steps)
        if self._order_of != epoch:
            count = self.recipe.tuples.epoch_queries or None
            self._order, self._order_of = self.miner.epoch_queries(epoch, count), epoch
        return epoch, self._order, within * self.recipe.tuples.batch
