# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recipe: everything that determines a training run, as its keys."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
from typing import Any

from training.dataset_frames import PAIRS
from training.keys import key
from training.model import Architecture
from training.source_kinds import SOURCES
from training.tuples import MODES

BATCHINGS = ('places', 'tuples')
OPTIMISERS = ('adamw', 'adam', 'sgd')
PRECISIONS = ('float32', 'bfloat16', 'float16')
BATCH_STATISTICS = ('frozen', 'trained')


@dataclass(frozen=True)
class Source:
    """One source of training images."""

    kind: str = key(dataclasses.MISSING, 'How it is read, see below.', choices=tuple(SOURCES))
    path: str = key(dataclasses.MISSING, 'Its folder, or its file.')
    without_floors: tuple[str, ...] = key((), 'Floors held out, of `ie_tower` alone.')
    options: Mapping[str, Any] = key(dict, 'Options of its kind, such as `split: train`.')


@dataclass(frozen=True)
class TupleOptions:
    """What ``batching: tuples`` trains with."""

    mining: str = key('full', 'Where negatives are looked for.', choices=MODES)
    negatives: int = key(10, 'Negatives of a tuple.', least=1)
    pool: int = key(1000, 'Random negatives in which the hardest are looked for.', least=1)
    remembered: int = key(10, 'Hardest negatives of the last time that compete as well.', least=0)
    batch: int = key(4, 'Tuples a step.', least=1)
    epochs: int = key(30, 'At most so many.', least=1)
    epoch_queries: int = key(0, 'Queries of an epoch; 0 takes all.', least=0)
    refresh_every: int = key(1000, 'Queries after which descriptors are computed anew; doubled '
                                   'whenever `halve_every` halves the rate.', least=1)
    positive_radius_m: float = key(10.0, 'Images this near are potential positives.', least=0)
    negative_radius_m: float = key(25.0, 'Images beyond it are definite negatives.', least=0)
    time_gap_s: float = key(0.0, 'Positives and negatives were taken at least so much earlier or '
                                 'later; 2419200 for Time Machine data.', least=0)
    pairs: str = key('auto', 'Which frames of drives are positives; `auto`: those of other drives '
                             'where drives are known.', choices=PAIRS)
    cache: str = key('float32', 'Numbers of the feature cache on the disk.',
                     choices=('float32', 'float16'))


@dataclass(frozen=True)
class Recipe:
    """All settings of one run."""

    architecture: Architecture = key(Architecture, 'Of the network.')  # noqa: RUF009 - a field
    initial_weights: str = key('', 'Of the backbone: a file (`.pt`, `.npz`, `.safetensors`, an '
                                   "exported `.onnx`), `torchvision`, `timm`, or '' for random.")
    initial_checkpoint: str = key('', 'Checkpoint of a run to go on from with a fresh optimiser; '
                                      'of a NetVLAD also for `crn`, its second stage.')
    train_from: str = key('', 'First stage of the backbone that is trained, `none` to train the '
                              "head alone, '' to train all.")
    batch_statistics: str = key('frozen', 'Batch normalisations keep their statistics, or learn '
                                          'them (one process only).', choices=BATCH_STATISTICS)
    sources: tuple[Source, ...] = key((), 'Training images.')
    keep_images: bool = key(True, 'Keep all training images in memory, `stored_height` x '
                                  '`stored_width` x 3 bytes each; otherwise read them each time.')
    stored_height: int = key(288, 'Rows of the images that augmentation starts from.', least=1)
    stored_width: int = key(384, 'Their columns.', least=1)
    height: int = key(240, 'Rows of the training images.', least=1)
    width: int = key(320, 'Columns of the training images.', least=1)
    evaluation_height: int = key(240, 'Rows of the images validated and mined with.', least=1)
    evaluation_width: int = key(320, 'Their columns.', least=1)
    augmentation: tuple[Any, ...] = key(('heavy',), 'Changes drawn for every image, see below.')
    workers: int = key(0, 'Threads that read and augment images; 0 does without.', least=0)

    batching: str = key('places', 'Every image of a batch against all others of it, or tuples of '
                                  'a query, a positive and negatives.', choices=BATCHINGS)
    places: int = key(24, 'With places: anchors a step; each comes with a partner.', least=1)
    negatives: int = key(5, 'With places: mined hard negatives of every random anchor.', least=0)
    steps: int = key(1000, 'With places: steps of the whole run.', least=1)
    tuples: TupleOptions = key(TupleOptions, 'With tuples.')  # noqa: RUF009 - a field

    loss: str = key('sare_joint', 'Name in the table of losses.')
    loss_options: Mapping[str, Any] = key(dict, 'Its keyword arguments.')
    centred_share: float = key(0.5, "Weight of the loss on descriptors centred on the batch's "
                                    'mean; the rest sees them as they are.', least=0, most=1)
    learn_projection: bool = key(False, 'Train through the projection; otherwise the loss sees '
                                        'what the aggregation gives.')
    whitening: float = key(0.5, "Power of the first projection's whitening.", least=0, most=1)

    optimiser: str = key('adamw', 'How steps are taken.', choices=OPTIMISERS)
    backbone_rate: float = key(1e-4, 'Learning rate of the backbone.', least=0)
    head_rate: float = key(3e-4, 'Learning rate of all that follows.', least=0)
    mask_rate: float = key(5e-3, 'Learning rate of the mask of `crn`.', least=0)
    early_factor: float = key(0.3, "Factor on the rate of the backbone's first third.", least=0)
    momentum: float = key(0.9, 'Of `sgd`.', least=0, most=1)
    weight_decay: float = key(1e-3, 'On weights of more than one dimension.', least=0)
    clip: float = key(10.0, 'Longest gradient of a step; 0 for no limit.', least=0)
    warmup: int = key(50, 'Steps in which the rate rises from 0.', least=0)
    decay: int = key(0, 'Last steps, in which the rate falls to 0.', least=0)
    halve_every: int = key(0, 'Epochs after which the rate is halved; 0: never.', least=0)
    patience: int = key(0, 'Stop after so many validations without better recall@5; 0: never.',
                        least=0)
    average: float = key(0.995, 'Decay of the running average of weights that is validated and '
                                'exported; 0 takes the weights themselves.', least=0, most=1)

    validation: str = key('', 'Data set that chooses the best model, as `evaluate` takes it.')
    validation_floors: tuple[str, ...] = key((), 'Floors that are asked, of `ie_tower`.')
    validate_every: int = key(200, 'With places: steps of an epoch, after which the run is '
                                   'validated; with tuples an epoch has its own length.', least=1)
    save_every: int = key(0, 'Steps between checkpoints; 0: at validations alone.', least=0)
    precision: str = key('bfloat16', 'Of the backbone; the head has float32. `float16` needs a '
                                     'GPU.', choices=PRECISIONS)
    device: str = key('auto', '`cpu`, `cuda`, `cuda:1`, or `auto`: a GPU where there is one.')
    seed: int = key(0, 'Of everything random.', least=0)
