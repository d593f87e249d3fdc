# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``batching: places``: many places side by side, each image a query for all the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
import torch

from training.augmentations import Augmentation
from training.batch import Batch
from training.data import FrameTable
from training.image_store import ImageStore
from training.losses_metric.geography import CELL_M
from training.mining import choose_partners, choose_places, DescriptorMemory
from training.recipe import Recipe
from vpr_ros.types import FloatArray, ImageArray


class PlaceBatches:
    """Anchors that the network confuses at present, and a partner of each.

    Args:
        recipe: sizes, seed and steps.
        table: all training frames.
        images: of the frames.
        augmentation: of every image; a batch is one group.
        dim: length of the descriptors that are remembered.
    """

    def __init__(self, recipe: Recipe, table: FrameTable, images: ImageStore,
                 augmentation: Augmentation, dim: int) -> None:
        self.recipe, self.table, self.images = recipe, table, images
        self.augmentation = augmentation
        self.memory = DescriptorMemory(len(table), dim)
        self.total, self.epoch_steps = recipe.steps, recipe.validate_every
        self.labels, self.cells = _cells(table, float(recipe.loss_options.get('cell', CELL_M)))

    def prepare(self, step: int) -> None:
        """Nothing: descriptors are remembered as they come."""

    def make(self, step: int) -> Batch:
        """See :class:`training.batch.Batches`."""
        recipe = self.recipe
        rng = np.random.default_rng((recipe.seed, step))
        anchors = choose_places(self.table, self.memory, rng, recipe.places, recipe.negatives)
        indices = np.concatenate([anchors, choose_partners(self.table, anchors, rng)])
        group = self.augmentation.group(rng)

        def changed(position: int) -> ImageArray:
            own = np.random.default_rng((recipe.seed, step, position))
            return group.apply(self.images[indices[position]], own,
                               lambda: self.images[int(own.integers(len(self.images)))])

        return Batch(
            len(indices), lambda positions: self.images.stack(changed, positions.tolist()),
            indices, relation=torch.from_numpy(self.table.relation(indices, indices)),
            labels=torch.from_numpy(self.labels[indices]))

    def independent(self, step: int) -> bool:
        """Never: a batch is chosen by what the step before it taught."""
        return False

    def remember(self, batch: Batch, descriptors: FloatArray) -> None:
        """Keep the descriptors: hard negatives of later batches are found by them."""
        self.memory.update(batch.indices, descriptors)

    def state_dict(self) -> dict[str, Any]:
        """See :class:`training.batch.Batches`."""
        return {'memory': torch.from_numpy(self.memory.descriptors),
                'seen': torch.from_numpy(self.memory.seen)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """See :class:`training.batch.Batches`."""
        self.memory.descriptors = state['memory'].numpy()
        self.memory.seen = state['seen'].numpy()


def _cells(table: FrameTable, side: float) -> tuple[NDArray[np.int64], int]:
    """Give each frame its map cell's number; a cell's side is in units of the positive radius."""
    cells = [(frame.environment, frame.space,
              *np.floor(np.asarray(frame.position) / side).astype(int).tolist())
             for frame in table.frames]
    number = {cell: index for index, cell in enumerate(sorted(set(cells)))}
    return np.array([number[cell] for cell in cells], np.int64), len(number)
