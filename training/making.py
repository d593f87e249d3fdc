# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the parts of a run from its recipe: data, network, loss, batches, validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.augmentations import make_augmentation
from training.batch import Batches
from training.cluster import initialise_head
from training.data import FrameTable
from training.frames import load_frames, load_tuple_data
from training.image_store import ImageStore
from training.images import resize
from training.initial import initial_network
from training.model import PlaceNetwork
from training.objective import Objective
from training.parallel import Team
from training.place_batches import PlaceBatches
from training.precision import Precision
from training.progress import Progress
from training.recipe import Recipe
from training.tuple_batches import TupleBatches
from training.validation import Describer, Validation, validation_set
from vpr_ros.errors import ConfigError
from vpr_ros.types import ImageArray

INITIALISATION_IMAGES = 700
CACHE = 'features'  # in the run folder


@dataclass(frozen=True)
class Parts:
    """What a run is made of.

    Attributes:
        network: on its device.
        objective: the loss.
        batches: makes each step's images.
        validation: chooses the best model, or None.
    """

    network: PlaceNetwork
    objective: Objective
    batches: Batches
    validation: Validation | None


def make_parts(recipe: Recipe, folder: Path, team: Team, precision: Precision,
               progress: Progress, *, fresh: bool) -> Parts:
    """Make them.

    Args:
        recipe: all settings.
        folder: of the run.
        team: of processes.
        precision: of the network.
        progress: is told what is found.
        fresh: give the network its first weights; otherwise they come from a checkpoint.

    Raises:
        ConfigError: sources or options that do not fit.
        ImageError: an image that cannot be read.
    """
    tuples = recipe.batching == 'tuples'
    data = load_tuple_data(recipe) if tuples else None
    table = None if tuples else FrameTable(load_frames(recipe))
    paths = list(data.images) if data is not None else [f.path for f in table.frames] if table \
        else []
    progress.say(f'{len(data.queries)} queries, {len(data.database)} database images'
                 if data is not None else f'{len(paths)} frames')
    store = ImageStore(paths, recipe.stored_height, recipe.stored_width, keep=recipe.keep_images,
                       workers=recipe.workers)
    if fresh:
        network = first_network(recipe, store, team, progress)
    else:
        network = PlaceNetwork(recipe.architecture).to(team.device)
    augmentation = make_augmentation(recipe.augmentation, recipe.height, recipe.width)
    batches: Batches
    cells = 0
    if data is not None:
        describer = Describer(recipe, store, precision)
        batches = TupleBatches(recipe, data, store, augmentation, folder=folder / CACHE,
                               describe=lambda files: describer(network, files), team=team,
                               progress=progress)
    else:
        assert table is not None
        places = PlaceBatches(recipe, table, store, augmentation, network.dim)
        batches, cells = places, places.cells
    _check_team(recipe, team)
    dim = network.dim if recipe.learn_projection else network.aggregated_dim
    objective = Objective(recipe.loss, recipe.loss_options, dim, cells).to(team.device)
    team.copy_from_first(objective)
    dataset = validation_set(recipe)
    validation = Validation(recipe, dataset, precision, team) if dataset is not None else None
    return Parts(network, objective, batches, validation)


def first_network(recipe: Recipe, store: ImageStore, team: Team, progress: Progress
                  ) -> PlaceNetwork:
    """Make the network of a recipe as training begins with it, the same in all processes."""
    network, head_is_new = initial_network(recipe)
    network.to(team.device)
    if head_is_new and team.first:
        chosen = range(0, len(store), max(1, len(store) // INITIALISATION_IMAGES))

        def batches() -> Iterator[ImageArray]:
            for start in range(0, len(chosen), 16):
                yield np.stack([
                    resize(store[index], recipe.evaluation_height, recipe.evaluation_width)
                    for index in chosen[start:start + 16]
                ])

        network.eval()
        summary = initialise_head(network, batches, seed=recipe.seed, power=recipe.whitening)
        progress.say(f'head initialised from {len(chosen)} images: {summary}')
    elif recipe.initial_checkpoint:
        progress.say(f'goes on from {recipe.initial_checkpoint}')
    team.copy_from_first(network)
    return network


def _check_team(recipe: Recipe, team: Team) -> None:
    """Every process needs an image of the smallest batch, and statistics are of one process."""
    smallest = 2 * recipe.places if recipe.batching == 'places' else 2 + recipe.tuples.negatives
    if team.size > smallest:
        raise ConfigError(f'{team.size} processes share batches of {smallest} images; start no '
                          f'more processes than images')
    if team.size > 1 and recipe.batch_statistics == 'trained':
        raise ConfigError('batch_statistics: trained needs one process, each of several would '
                          'learn others; take frozen')
