# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is compared: each variant differs from its neighbour in one thing, the rest is the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.claims.scale import Scale, TOWER_HELD_OUT
from training.recipe import Recipe
from training.recipe_file import parse_recipe
from vpr_ros.errors import DataError

LOSS_OPTIONS: dict[str, dict[str, Any]] = {  # the papers' constants
    'triplet': {'margin': 0.1},
    'contrastive': {'margin': 0.7},
    'sare_ind': {'kernel': 'gaussian'},
    'sare_joint': {'kernel': 'gaussian'},
}


@dataclass(frozen=True)
class Variant:
    """One way to make a descriptor.

    Attributes:
        title: for the table.
        aggregation: ``max`` or ``netvlad``.
        loss: that it is trained with, '' for off the shelf.
        mining: of negatives.
        pairs: which drives positives are taken of.
        towns_alone: train without ie_tower, whose walks do not show any place twice.
    """

    title: str
    aggregation: str = 'netvlad'
    loss: str = 'triplet'
    mining: str = 'full'
    pairs: str = 'auto'
    towns_alone: bool = False

    @property
    def trained(self) -> bool:
        """Whether steps are taken."""
        return bool(self.loss)


VARIANTS: dict[str, Variant] = {
    'netvlad_shelf': Variant('NetVLAD, off the shelf', loss=''),
    'triplet': Variant('NetVLAD, triplet'),
    'contrastive': Variant('NetVLAD, contrastive', loss='contrastive'),
    'sare_ind': Variant('NetVLAD, SARE-Ind', loss='sare_ind'),
    'sare_joint': Variant('NetVLAD, SARE-Joint', loss='sare_joint'),
    'max_shelf': Variant('max, off the shelf', 'max', ''),
    'max_triplet': Variant('max, triplet', 'max'),
    'partial': Variant('NetVLAD, triplet, partial mining', mining='partial'),
    'random': Variant('NetVLAD, triplet, random negatives', mining='random'),
    'other_time': Variant('NetVLAD, triplet, towns alone, positives of other drives',
                          pairs='other_drive', towns_alone=True),
    'same_time': Variant('NetVLAD, triplet, towns alone, positives of the same drive',
                         pairs='same_drive', towns_alone=True),
}


def recipe_of(variant: Variant, scale: Scale, folder: Path, seed: int, first: Path | None = None
              ) -> Recipe:
    """Write the recipe of one training; of a variant off the shelf, that of its first weights.

    Args:
        variant: what is trained.
        scale: how.
        folder: of the comparison.
        seed: of the training.
        first: checkpoint to begin with; None: ImageNet weights and clusters of the images.
    """
    sources: list[dict[str, Any]] = [{'kind': 'posed', 'path': str(folder / 'towns' / 'trained')}]
    if scale.tower and not variant.towns_alone:
        sources.append({'kind': 'ie_tower', 'path': str(folder / 'tower'),
                        'without_floors': list(TOWER_HELD_OUT)})
    loss = variant.loss or 'triplet'
    return parse_recipe({
        'architecture': {'backbone': 'squeezenet1_1', 'reduced': 0, 'dim': 0,
                         'aggregation': variant.aggregation, 'clusters': scale.clusters},
        'initial_weights': '' if first else scale.weights,
        'initial_checkpoint': str(first or ''), 'train_from': scale.train_from, 'sources': sources,
        'stored_height': scale.height, 'stored_width': scale.width,
        'height': scale.height, 'width': scale.width,
        'evaluation_height': scale.height, 'evaluation_width': scale.width,
        'augmentation': [], 'batching': 'tuples',
        'tuples': {'mining': variant.mining, 'pairs': variant.pairs,
                   'negatives': scale.negatives, 'batch': scale.batch, 'epochs': scale.rounds,
                   'epoch_queries': scale.round_queries, 'refresh_every': scale.round_queries,
                   'pool': scale.shared_pool if variant.mining == 'partial' else scale.pool,
                   'remembered': 10 if variant.mining == 'full' else 0},
        'loss': loss, 'loss_options': LOSS_OPTIONS[loss], 'centred_share': 0.0,
        'optimiser': 'adamw', 'backbone_rate': 1e-4, 'head_rate': 3e-4, 'early_factor': 1.0,
        'warmup': min(5, scale.steps), 'decay': scale.steps // 3, 'average': 0.0,
        'precision': 'bfloat16', 'device': 'cpu', 'seed': seed,
    }, 'claims')


def check_inputs(scale: Scale) -> None:
    """See that weights and data are there before hours are spent.

    Raises:
        DataError: a file is missing.
    """
    if Path(scale.weights).suffix and not Path(scale.weights).is_file():
        raise DataError(f'the weights {scale.weights} are missing; give another file, or '
                        f'torchvision, with --weights')
    if scale.tower and not (Path(scale.tower) / 'frames.csv').is_file():
        raise DataError(f'{scale.tower} holds no frames.csv; give the folder of ie_tower with '
                        f'--tower, or take --without-tower')
