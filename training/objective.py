# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loss of a step, by its name in a recipe, on the descriptors of the whole batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import inspect
from typing import Any

import torch
from torch import nn, Tensor

from training.batch import Batch
from training.losses import batch_loss, Loss
from training.losses_metric.geography import CELL_M, GeoClassification
from training.losses_metric.registry import TUPLE_LOSSES
from training.losses_metric.tuples import tuple_loss
from vpr_ros.errors import ConfigError

GEOGRAPHY = 'geo_classification'
LOSS_NAMES = (*TUPLE_LOSSES, GEOGRAPHY)
_GIVEN = ('positive', 'negative', 'valid', 'across')  # arguments that no recipe chooses


def loss_options(name: str) -> list[str]:
    """Names of the options of a loss."""
    if name == GEOGRAPHY:
        return ['cell']
    return [option for option in inspect.signature(TUPLE_LOSSES[name]).parameters
            if option not in _GIVEN]


def check_loss(name: str, options: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError unless the loss exists and takes these options and their values."""
    if name not in LOSS_NAMES:
        raise ConfigError(f'{where}: loss {name!r}; known: {", ".join(sorted(LOSS_NAMES))}')
    known = loss_options(name)
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ConfigError(f'{where}: loss {name} has no option {unknown[0]!r}; known: '
                          f'{", ".join(known)}')
    try:
        if name == GEOGRAPHY:
            if not float(options.get('cell', CELL_M)) > 0:
                raise ConfigError(f'cell is {options["cell"]}, expected more than 0')
        else:
            rows = torch.eye(3)[None]
            tuple_loss(TUPLE_LOSSES[name], rows[:, 0], rows[:, 1], rows[:, 2:], **options)
    except (ConfigError, TypeError, ValueError) as error:
        raise ConfigError(f'{where}: loss_options of {name}: {error}') from error


class Objective(nn.Module):
    """The loss of a batch, with the parameters that it may have itself.

    Args:
        name: in the table of losses.
        options: its keyword arguments.
        dim: length of the descriptors.
        cells: number of map cells, for the classification alone.
    """

    def __init__(self, name: str, options: Mapping[str, Any], dim: int, cells: int = 0) -> None:
        super().__init__()
        self.classifier = GeoClassification(dim, cells) if name == GEOGRAPHY else None
        self.loss: Loss | None = None
        if name != GEOGRAPHY:
            self.loss = functools.partial(TUPLE_LOSSES[name], **options)

    def forward(self, descriptors: Tensor, batch: Batch) -> Tensor:
        """L2-normalised descriptors (n, D) of all images of a batch -> scalar."""
        if self.classifier is not None:
            assert batch.labels is not None
            return self.classifier(descriptors, batch.labels.to(descriptors.device))
        assert self.loss is not None
        if batch.relation is not None:
            return batch_loss(self.loss, descriptors, batch.relation.to(descriptors.device))
        size = 2 + batch.negatives
        tuples = descriptors.reshape(len(descriptors) // size, size, -1)
        return tuple_loss(self.loss, tuples[:, 0], tuples[:, 1], tuples[:, 2:])


def centred(objective: Callable[[Tensor, Batch], Tensor], descriptors: Tensor, batch: Batch,
            share: float) -> Tensor:
    """Compute the loss of descriptors and, with weight ``share``, of centred ones.

    The robot centres descriptors on its map's mean; a batch's mean stands for that.
    """
    loss = (1 - share) * objective(descriptors, batch)
    if share:
        moved = nn.functional.normalize(descriptors - descriptors.mean(0), dim=1)
        loss = loss + share * objective(moved, batch)
    return loss
