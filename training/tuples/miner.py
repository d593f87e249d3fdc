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
import hashlib
from pathlib import Path
from typing import Any, get_args, Literal

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
                for full mining and 0 for partial, as the papers do; random mining has none.
            dtype: of the cache, ``float32`` or ``float16``.
            batch: images that ``describe`` is given at a time.
            seed: of every choice.

        Raises:
            ConfigError: an unknown mode, or a number out of range.
            DataError: no query has a positive and enough negatives.
        """
        if mode not in MODES:
            raise ConfigError(f'mining {mode!r}; known: {", ".join(MODES)}')
        if remembered is None or mode == 'random':
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
        """Draw the queries of an epoch in the order of training: a new random order each.

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
        chosen = [int(query) for query in queries]
        known = set(self.usable.tolist())
        wrong = next((query for query in chosen if query not in known), None)
        if wrong is not None:
            raise DataError(f'{self.data.name}: query {wrong} cannot make a tuple; draw queries '
                            f'with epoch_queries')
        candidates = self._candidates(chosen)
        compared = [] if self.mode == 'random' else list(candidates.values())
        first_query = len(self.data.database)
        rows = np.unique(np.concatenate([
            *compared, *(self.data.positives[query] for query in chosen),
            first_query + np.array(chosen, np.int64), np.zeros(0, np.int64),
        ]))
        described = self.cache.fill(rows, describe, version=version, batch=self._batch,
                                    progress=progress)
        self._tuples = {}
        for query in chosen:
            row = np.array([first_query + query])
            descriptor = next(self.cache.read(row))[1][0]
            positive = hardest(self.cache, descriptor, self.data.positives[query], 1)[0]
            found = candidates[query]
            if self.mode != 'random':
                count = max(self.negatives, self.remembered)
                found = hardest(self.cache, descriptor, found, count)
            if self.remembered:
                self._memory[query] = found[: self.remembered]
            self._tuples[query] = int(positive), found[: self.negatives]
        self.rounds += 1
        return described

    def tuple_of(self, query: int) -> TrainingTuple:
        """Return the tuple of a query of the present round.

        Raises:
            DataError: the query is not of this round.
        """
        if query not in self._tuples:
            raise DataError(f'{self.data.name}: query {query} was not mined; refresh first')
        positive, negatives = self._tuples[query]
        return TrainingTuple(int(query), positive, negatives, self.data.positives[query])

    def state_dict(self) -> dict[str, Any]:
        """All that an exact resumption needs: numbers, text and lists, safe for a checkpoint.

        It is small: the present round's tuples and the remembered negatives. Several processes
        share a miner by it, too: one refreshes and sends its state to the others.
        """
        return {
            'of': self._identity(), 'rounds': self.rounds,
            'tuples': [[query, positive, negatives.tolist()]
                       for query, (positive, negatives) in self._tuples.items()],
            'memory': [[query, negatives.tolist()] for query, negatives in self._memory.items()],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on as the miner that wrote ``state``; the cache is not needed.

        Raises:
            DataError: it is of another data set or of other settings.
        """
        if state['of'] != self._identity():
            raise DataError(
                f'{self.data.name}: the checkpoint was mined from other images, radii or '
                f'settings of mining; continue with the same, or begin a new run')
        self.rounds = int(state['rounds'])
        self._tuples = {query: (positive, np.array(negatives, np.int64))
                        for query, positive, negatives in state['tuples']}
        self._memory = {query: np.array(negatives, np.int64)
                        for query, negatives in state['memory']}

    def _candidates(self, queries: list[int]) -> dict[int, Indices]:
        """Of every query the negatives that compete (random mode: those that are taken)."""
        count = len(self.data.database)
        shared = np.zeros(0, np.int64)
        if self.mode == 'partial':
            size = min(self.pool, count)
            shared = self._random(_SHARED, self.rounds).choice(count, size, replace=False)
        return {query: self._candidates_of(query, shared) for query in queries}

    def _candidates_of(self, query: int, shared: Indices) -> Indices:
        if self.mode == 'random':
            return self._draw(_RANDOM, query, self.negatives)
        if self.mode == 'full':
            drawn = self._draw(_POOL, query, self.pool)
        else:
            drawn = np.setdiff1d(shared, self.data.not_negative[query])
            if len(drawn) < self.negatives:  # a small pool in the query's own neighbourhood
                drawn = np.concatenate([drawn, self._draw(_RANDOM, query, self.negatives)])
        return np.union1d(drawn, self._memory.get(query, drawn[:0]))

    def _draw(self, stream: int, query: int, count: int) -> Indices:
        """Random definite negatives of a query, at most ``count``, each once."""
        order = self._random(stream, self.rounds, query).permutation(len(self.data.database))
        allowed = np.ones(len(order), bool)
        allowed[self.data.not_negative[query]] = False
        return order[allowed[order]][:count]

    def _identity(self) -> str:
        """Hash the data and all settings that a tuple depends on."""
        digest = hashlib.sha256(repr((
            self.mode, self.negatives, self.pool, self.remembered, self.seed,
            [str(path) for path in self.data.images],
        )).encode())
        for indices in (*self.data.positives, *self.data.not_negative):
            digest.update(np.int64(len(indices)).tobytes() + indices.astype(np.int64).tobytes())
        return digest.hexdigest()

    def _random(self, stream: int, *numbers: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, stream, *numbers))
