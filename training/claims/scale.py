# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How large the comparison is. One object; everything that is measured follows from it."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from vpr_ros.errors import ConfigError
from vpr_ros.whole_files import write_whole

FILE = 'scale.json'
IMAGENET = '../shared/weights/squeezenet1_1_imagenet_fp16.onnx'
TOWER = '../shared/data/ie_tower'
TOWER_HELD_OUT = ('floor5', 'floor12', 'floor15', 'basement3')


@dataclass(frozen=True)
class Scale:
    """Images, network and length of the trainings.

    Attributes:
        weights: of the backbone before training, as a recipe's ``initial_weights``.
        tower: folder of ie_tower, '' to do without.
        tower_floors: floors that are trained on; the held-out ones are never.
        towns: seeds of the rendered towns that are trained on.
        held_out_towns: seeds of those that are only asked about.
        spacing_m: between the frames of a drive.
        height: rows of all images, of training and evaluation.
        width: their columns.
        clusters: K of NetVLAD.
        train_from: first stage of the backbone that is trained.
        negatives: of a tuple.
        batch: tuples a step.
        round_queries: queries from one mining to the next; an epoch.
        rounds: epochs.
        pool: random negatives of a query that full mining looks through.
        shared_pool: random negatives of a round that partial mining looks through.
        seeds: every training is repeated with each.
    """

    weights: str = IMAGENET
    tower: str = TOWER
    tower_floors: tuple[str, ...] = ('floor9', 'floor11')
    towns: tuple[int, ...] = (300, 301)
    held_out_towns: tuple[int, ...] = (400, 401)
    spacing_m: float = 4.0
    height: int = 96
    width: int = 128
    clusters: int = 16
    train_from: str = 'fire6'
    negatives: int = 5
    batch: int = 4
    round_queries: int = 80
    rounds: int = 4
    pool: int = 1000
    shared_pool: int = 100
    seeds: tuple[int, ...] = (0, 1, 2)

    @property
    def steps(self) -> int:
        """Of one training."""
        return self.rounds * -(-self.round_queries // self.batch)


FULL = Scale()
QUICK = Scale(tower_floors=('floor3',), towns=(300,), held_out_towns=(400,),
              height=48, width=64, clusters=4, negatives=2, batch=2, round_queries=4, rounds=2,
              pool=40, shared_pool=10, seeds=(0,))


def check_scale(folder: Path, scale: Scale) -> None:
    """See that what a folder holds is of this scale.

    Raises:
        ConfigError: it is of another, or the file that says so is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return
    try:
        found: Mapping[str, Any] = dict(json.loads(file.read_text(encoding='utf-8')))
    except (ValueError, TypeError) as error:
        raise ConfigError(f'{file} is damaged ({error}); remove {folder}') from error
    for name, wanted in _plain(scale).items():
        if found.get(name) != wanted:
            raise ConfigError(f'{folder} holds results with {name}: {found.get(name)}, now it is '
                              f'{wanted}; name another folder, or remove this one')


def keep_scale(folder: Path, scale: Scale) -> None:
    """Write the scale into a folder of results, or see that those there are of the same.

    Raises:
        ConfigError: they are of another.
    """
    check_scale(folder, scale)
    write_whole(folder / FILE, json.dumps(_plain(scale), indent=2) + '\n')


def _plain(scale: Scale) -> dict[str, Any]:
    return dict(json.loads(json.dumps(dataclasses.asdict(scale))))
