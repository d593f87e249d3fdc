# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One cell: a variant with a seed, trained and asked. One JSON a cell, written when it is done.

A training that is killed goes on where it stopped, a cell that is there is not run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
import time
from typing import Any

import numpy as np
import torch

from training import checkpoint
from training.claims.scale import Scale, TOWER_HELD_OUT
from training.claims.towns import held_out_set, Report, SEEN_LIGHT, UNSEEN
from training.claims.variants import recipe_of, VARIANTS
from training.data import EvaluationSet
from training.evaluate import recalls
from training.images import batches
from training.making import CACHE
from training.model import PlaceNetwork
from training.precision import Precision
from training.sources import ie_tower_validation
from training.train import Trainer
from vpr_ros.errors import DataError
from vpr_ros.types import FloatArray, ImageArray
from vpr_ros.whole_files import write_whole

AT = (1, 5)
BATCH = 16
NIGHT, WEATHER, FLOORS = 'night', 'unseen weather', 'ie_tower'
SETS = (NIGHT, WEATHER, FLOORS)


@dataclass(frozen=True)
class Cell:
    """What came out.

    Attributes:
        variant: its key in :data:`VARIANTS`.
        seed: of the training.
        hits: set -> {N: per query, whether a right answer was among the first N}.
        dim: length of the descriptor.
        cpu_s: processor time of training and asking.
    """

    variant: str
    seed: int
    hits: dict[str, dict[int, list[int]]]
    dim: int
    cpu_s: float

    def recall(self, name: str, at: int = 1) -> float:
        """Recall@N of a set, 0 to 1."""
        return float(np.mean(self.hits[name][at]))


def cells_of(scale: Scale) -> Iterator[tuple[str, int]]:
    """All (variant, seed), seed by seed: a run that is cut short has something of everything.

    Maxima of given weights have nothing random: they need one seed.
    """
    for seed in scale.seeds:
        for key in VARIANTS:
            if key != 'max_shelf' or seed == scale.seeds[0]:
                yield key, seed


def cell_file(folder: Path, key: str, seed: int) -> Path:
    """Where a cell is kept."""
    return folder / 'cells' / f'{key}_{seed}.json'


def read_cells(folder: Path) -> list[Cell]:
    """All cells of a folder.

    Raises:
        DataError: one is damaged.
    """
    found = []
    for path in sorted((folder / 'cells').glob('*.json')):
        try:
            raw = json.loads(path.read_text(encoding='utf-8'))
            hits = {name: {int(at): values for at, values in of.items()}
                    for name, of in raw.pop('hits').items()}
            found.append(Cell(**raw, hits=hits))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f'{path} is no cell ({error}); remove it, it is made again') from error
    return found


@dataclass(frozen=True)
class Asked:
    """An evaluation set with its images, read once for all cells.

    Attributes:
        dataset: what is right.
        database: uint8 (n, H, W, 3) RGB.
        queries: uint8 (m, H, W, 3) RGB.
    """

    dataset: EvaluationSet
    database: ImageArray
    queries: ImageArray


def evaluation_sets(folder: Path, scale: Scale) -> list[Asked]:
    """Places that no training has seen."""
    towns = folder / 'towns'
    sets = [held_out_set(towns, NIGHT, (SEEN_LIGHT,)), held_out_set(towns, WEATHER, UNSEEN)]
    if scale.tower:
        tower = ie_tower_validation(folder / 'tower', TOWER_HELD_OUT)
        sets.append(EvaluationSet(FLOORS, tower.database, tower.queries, tower.correct,
                                  tower.ignored))
    return [Asked(found, *(np.concatenate(list(batches(paths, scale.height, scale.width)))
                           for paths in (found.database, found.queries))) for found in sets]


def run_cell(folder: Path, scale: Scale, key: str, seed: int, sets: Sequence[Asked],
             report: Report) -> None:
    """Train a variant, ask it, and write the cell."""
    began = time.process_time()
    first = _first_weights(folder, scale, key, seed, report)
    recipe = recipe_of(VARIANTS[key], scale, folder, seed, first)
    run = folder / 'runs' / f'{key}_{seed}'
    trainer = Trainer(recipe, run, lambda line: report(f'{key} {seed}: {line}'))
    if VARIANTS[key].trained:
        trainer.run()
    network = PlaceNetwork(recipe.architecture)
    network.load_state_dict(trainer.average)
    hits = {asked.dataset.name: hits_of(network.eval(), asked) for asked in sets}
    found: dict[str, Any] = {'variant': key, 'seed': seed, 'dim': network.dim, 'hits': hits,
                             'cpu_s': round(time.process_time() - began, 1)}
    write_whole(cell_file(folder, key, seed), json.dumps(found) + '\n')
    shutil.rmtree(run / CACHE, ignore_errors=True)  # large, and of no use any more
    report(f'{key} {seed}: ' + ', '.join(
        f'{name} {np.mean(of[1]):.3f}' for name, of in hits.items()))


def _first_weights(folder: Path, scale: Scale, key: str, seed: int, report: Report
                   ) -> Path | None:
    """All trainings of NetVLAD with one seed begin with the same clusters."""
    if VARIANTS[key].aggregation != 'netvlad':
        return None
    path = folder / 'first' / f'netvlad_{seed}.pt'
    if not path.is_file():
        recipe = recipe_of(VARIANTS['netvlad_shelf'], scale, folder, seed)
        trainer = Trainer(recipe, folder / 'runs' / f'first_{seed}',
                          lambda line: report(f'first weights {seed}: {line}'))
        checkpoint.save(path, checkpoint.network_state(trainer.network))
    return path


@torch.no_grad()
def hits_of(network: PlaceNetwork, asked: Asked) -> dict[int, list[int]]:
    """Per N and query, 1 where a right answer is among the first N; descriptors as they are."""
    precision = Precision('bfloat16', torch.device('cpu'))

    def describe(images: ImageArray) -> FloatArray:
        found = []
        for start in range(0, len(images), BATCH):
            with precision.context():
                found.append(network(torch.from_numpy(images[start:start + BATCH])).numpy())
        return np.concatenate(found)

    database, queries = describe(asked.database), describe(asked.queries)
    one_by_one = [
        recalls(database, queries[[row]], [right], [skipped], AT)
        for row, (right, skipped) in enumerate(
            zip(asked.dataset.correct, asked.dataset.ignored, strict=True))
    ]
    return {at: [int(found[str(at)]) for found in one_by_one] for at in AT}
