# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the positive and the negatives of every query: full, partial and random mining.

  - ``full`` (NetVLAD, appendix A): every query has a pool of its own, 1,000 random negatives of
    the whole database, and the 10 that were hardest the last time.
  - ``partial`` (deep visual geo-localization benchmark, section 4.4): all queries of a round
    share one random pool, so that O(pool + queries + positives) images are described.
  - ``random``: negatives at random; the cache serves the choice of the positive alone.

In all three the positive is the potential positive nearest in descriptor space. A round is mined
at once when it begins, so that what :meth:`TupleMiner.state_dict` holds, and not the feature
cache, is all that an exact resumption needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from training.tuples.data import TupleData
from training.tuples.feature_cache import Describe, FeatureCache
from training.tuples.hardest import hardest
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.dataset import Indices

Mode = Literal['full', 'partial', 'random']
MODES: tuple[str, ...] = get_args(Mode)
REMEMBERED = {'full': 10, 'partial': 0, 'random': 0}
_EPOCH, _POOL, _SHARED, _RANDOM = range(4)  # streams of random numbers


@dataclass(frozen=True)
class TrainingTuple:
    """What one query is trained with; indices into the data's queries and database.

    Attributes:
        query: index of the query.
        positive: the best potential positive, by the descriptors of the last refresh.
        negatives: int64 (negatives,), hardest first (random mode: in random order).
        positives: int64, all potential positives, ascending.
    """

    query: int
    positive: int
    negatives: Indices
    positives: Indices


class TupleMiner:
    """Mines tuples round by round.

    Attributes:
        data: what is mined.
        usable: queries that can make a tuple, ascending; the others are never drawn.
        cache: descriptors of database images (rows 0 to N-1) and queries (rows N ...).
        rounds: refreshes so far.
    """

    def __init__(
        self, data: TupleData, cache_folder: Path, *, mode: Mode = 'full', negatives: int = 10,
        pool: int = 1000, remembered: int | None = None, dtype: str = 'float32', batch: int = 16,
        seed: int = 0,
    ) -> None:
        """Prepare; nothing is described yet.

        Args:
            data: see :func:`by_position`, :func:`by_lists`, :func:`join`.
            cache_folder: of the feature cache; (database + queries) * D numbers at most.
            mode: see the module.
            negatives: of a tuple.
            pool: random negatives that the hardest are looked for in; of every query (full) or
                shared (partial: database images, of which a query uses its negatives).
            remembered: hardest negatives of the last time that compete as well; None takes 10
                for full mining and 0 for the others, as the papers do.
            dtype: of the cache, ``float32`` or ``float16``.
            batch: images that ``describe`` is given at a time.
            seed: of every choice.

        Raises:
            ConfigError: an unknown mode, or a number out of range.
            DataError: no query has a positive and enough negatives.
        """
        if mode not in MODES:
            raise ConfigError(f'mining {mode!r}; known: {", ".join(MODES)}')
        if remembered is None:
            remembered = REMEMBERED[mode]
        if negatives < 1 or pool < negatives or remembered < 0 or batch < 1:
            raise ConfigError(
                f'mining with {negatives} negatives of a pool of {pool}, {remembered} remembered, '
                f'{batch} images at a time; expected 1 or more negatives, a pool not smaller, 0 '
                f'or more remembered, 1 or more images')
        self.data, self.mode, self.seed = data, mode, seed
        self.negatives, self.pool, self.remembered = negatives, pool, remembered
        self.usable = data.usable(negatives)
        if not len(self.usable):
            raise DataError(
                f'{data.name}: none of {len(data.queries)} queries has a positive and '
                f'{negatives} negatives among {len(data.database)} database images; widen the '
                f'radius of positives or ask for fewer negatives')
        self.cache = FeatureCache(cache_folder, data.images, dtype=dtype)
        self.rounds = 0
        self._batch = batch
        self._tuples: dict[int, tuple[int, Indices]] = {}
        self._memory: dict[int, Indices] = {}

    def epoch_queries(self, epoch: int, count: int | None = None) -> Indices:
        """The queries of an epoch in the order of training: a new random order each.

        Args:
            epoch: from 0.
            count: at most so many; None takes every usable query.

        Returns:
            int64 (n,), each query once.
        """
        order = self._random(_EPOCH, epoch).permutation(self.usable)
        return order if count is None else order[:count]

    def refresh(self, queries: Indices, describe: Describe, *, version: str = '',
                progress: Callable[[int, int], None] | None = None) -> int:
        """Begin a round: describe what it needs and mine the tuples of its queries.

        Args:
            queries: those trained with until the next refresh.
            describe: image files -> descriptors float32 (n, D), by the present weights. It must
                raise where an image cannot be read.
            version: a name of the weights, such as the step and a hash of them. When it is given
                and a killed refresh is repeated, images already described are not described
                again.
            progress: called with (images done, images in total).

        Returns:
            The number of images described.

        Raises:
            DataError: a query is not usable, or the cache cannot be written.
        """
        raise NotImplementedError

    def tuple_of(self, query: int) -> TrainingTuple:
        """The tuple of a query of the present round.

        Raises:
            DataError: the query is not of this round.
        """
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """All that an exact resumption needs: numpy arrays and numbers, safe for a checkpoint.

        It is small: the present round's tuples and the remembered negatives.
        """
        raise NotImplementedError

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on as the miner that wrote ``state``; the cache is not needed.

        Raises:
            DataError: it is of another data set or of other settings.
        """
        raise NotImplementedError

    def _random(self, stream: int, *numbers: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, stream, *numbers))
