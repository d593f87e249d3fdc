# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mining against slow oracles, and what must hold whatever the data."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from training.tuples import by_position, MODES, TupleData, TupleMiner
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.dataset import ImageRef, make_dataset


def street(database: int, queries: int, seed: int = 0) -> TupleData:
    """Images along 5 m of street each, at random places."""
    rng = np.random.default_rng(seed)
    parts = [
        [ImageRef(Path(f'{part}/{i}.jpg'), f'{i}', position_m=(float(x), 0.0))
         for i, x in enumerate(rng.uniform(0, 5 * database, count))]
        for part, count in (('d', database), ('q', queries))
    ]
    none = [np.zeros(0, np.int64)] * queries
    return by_position(make_dataset('street', parts[0], parts[1], none, radius_m=25.0))


class Weights:
    """A network: fixed random descriptors of every image; counts what it describes."""

    def __init__(self, data: TupleData, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.of = dict(zip(
            data.images, rng.standard_normal((len(data.images), 4)).astype(np.float32),
            strict=True))
        self.described: list[Path] = []

    def __call__(self, paths):
        self.described += paths
        return np.array([self.of[path] for path in paths])

    def nearest(self, data: TupleData, query: int, candidates) -> list[int]:
        """Database indices by distance to the query, one at a time."""
        own = self.of[data.queries[query]]
        return sorted((int(c) for c in candidates), key=lambda c: (
            float(((self.of[data.database[c]].astype(np.float64) - own) ** 2).sum()), c))


DATA = street(120, 40)


def test_full_mining_of_the_whole_database_against_sorting(tmp_path):
    weights = Weights(DATA, 1)
    miner = TupleMiner(DATA, tmp_path, mode='full', negatives=6, pool=1000, batch=7)
    queries = miner.epoch_queries(0, 12)
    miner.refresh(queries, weights)
    assert len(set(queries.tolist())) == 12
    for query in queries:
        found = miner.tuple_of(query)
        near = weights.nearest(DATA, query, DATA.positives[query])
        far = weights.nearest(DATA, query, DATA.negatives_of(query))
        assert (found.query, found.positive, found.negatives.tolist()) == (query, near[0], far[:6])
        assert found.positives.tolist() == DATA.positives[query].tolist()


def test_full_mining_keeps_the_hardest_of_pool_and_memory(tmp_path):
    miner = TupleMiner(DATA, tmp_path, mode='full', negatives=5, pool=20, remembered=4)
    queries = miner.usable[:10]
    pools: dict[int, list[set[int]]] = {int(query): [] for query in queries}
    for number in range(3):
        before = {query: miner._memory.get(query, np.zeros(0, int)) for query in pools}
        drawn = {query: miner._candidates_of(query, np.zeros(0, int)) for query in pools}
        weights = Weights(DATA, number)  # new weights: new order
        miner.refresh(queries, weights)
        for query, candidates in drawn.items():
            fresh = set(candidates.tolist()) - set(before[query].tolist())
            assert 16 <= len(fresh) <= 20  # at most the four remembered were drawn as well
            assert set(before[query].tolist()) <= set(candidates.tolist())
            order = weights.nearest(DATA, query, candidates)
            assert miner.tuple_of(query).negatives.tolist() == order[:5]
            assert miner._memory[query].tolist() == order[:4]
            pools[query].append(fresh)
    assert all(a != b for a, b, _ in pools.values())  # drawn anew every time


def test_partial_mining_shares_one_pool_and_describes_no_more(tmp_path):
    weights, miner = Weights(DATA, 2), TupleMiner(DATA, tmp_path, mode='partial', negatives=3,
                                                  pool=30)
    queries = miner.usable[:8]
    count = miner.refresh(queries, weights)
    drawn = {path for path in weights.described if path.parts[0] == 'd'}
    own = {DATA.database[p] for q in queries for p in DATA.positives[q]}
    assert count == len(weights.described) == len(set(weights.described))
    assert {path for path in weights.described if path.parts[0] == 'q'} == {
        DATA.queries[q] for q in queries}
    pool = miner_pool(miner)
    assert len(pool) == 30
    # queries in whose neighbourhood much of the pool lies would add a few of their own
    assert drawn == own | {
        DATA.database[p] for q in queries for p in set(DATA.negatives_of(q).tolist()) & pool}
    for query in queries:
        order = weights.nearest(DATA, query, set(DATA.negatives_of(query).tolist()) & pool)
        assert miner.tuple_of(query).negatives.tolist() == order[:3]


def miner_pool(miner: TupleMiner) -> set[int]:
    """Draw the pool of the first round again."""
    again = TupleMiner(miner.data, miner.cache.folder, mode='partial', negatives=miner.negatives,
                       pool=miner.pool, seed=miner.seed)
    everything = TupleData('all', miner.data.database, miner.data.queries, miner.data.positives,
                           tuple(np.zeros(0, np.int64) for _ in miner.data.queries))
    again.data = everything
    return set(again._candidates([0])[0].tolist())


def test_random_mining_describes_queries_and_positives_alone(tmp_path):
    weights, miner = Weights(DATA, 3), TupleMiner(DATA, tmp_path, mode='random', negatives=4)
    queries = miner.usable[:6]
    miner.refresh(queries, weights)
    assert set(weights.described) == {DATA.queries[q] for q in queries} | {
        DATA.database[p] for q in queries for p in DATA.positives[q]}
    other = TupleMiner(DATA, tmp_path / 'other', mode='random', negatives=4)
    other.refresh(queries, Weights(DATA, 4))
    for query in queries:
        assert miner.tuple_of(query).positive == weights.nearest(
            DATA, query, DATA.positives[query])[0]
        # the network has no say in the negatives
        assert miner.tuple_of(query).negatives.tolist() == other.tuple_of(query).negatives.tolist()


@settings(max_examples=40, deadline=None)
@given(mode=st.sampled_from(MODES), seed=st.integers(0, 99), negatives=st.integers(1, 9),
       extra=st.integers(0, 60), remembered=st.integers(0, 12), database=st.integers(25, 90))
def test_what_always_holds(tmp_path_factory, mode, seed, negatives, extra, remembered, database):
    data = street(database, 12, seed)
    if not len(data.usable(negatives)):
        return
    miner = TupleMiner(data, tmp_path_factory.mktemp('cache'), mode=mode, negatives=negatives,
                       pool=negatives + extra, remembered=remembered, seed=seed)
    for epoch in range(2):
        queries = miner.epoch_queries(epoch)
        assert sorted(queries.tolist()) == miner.usable.tolist()
        miner.refresh(queries, Weights(data, epoch))
        for query in queries:
            found = miner.tuple_of(query)
            assert found.positive in data.positives[query]
            assert len(set(found.negatives.tolist())) == len(found.negatives) == negatives
            assert not set(found.negatives.tolist()) & set(data.not_negative[query].tolist())


@pytest.mark.parametrize('mode', MODES)
def test_a_restored_miner_goes_on_alike(tmp_path, mode):
    whole = TupleMiner(DATA, tmp_path / 'whole', mode=mode, negatives=4, pool=25, remembered=5)
    queries = whole.epoch_queries(0, 10)
    whole.refresh(queries, Weights(DATA, 0))
    state = json.loads(json.dumps(whole.state_dict()))  # plain numbers, text and lists
    parted = TupleMiner(DATA, tmp_path / 'parted', mode=mode, negatives=4, pool=25, remembered=5)
    parted.load_state_dict(state)
    for number in (1, 2):
        for query in queries:  # the first time without any cache
            first, second = whole.tuple_of(query), parted.tuple_of(query)
            assert first.positive == second.positive
            assert first.negatives.tolist() == second.negatives.tolist()
        for miner in (whole, parted):
            miner.refresh(queries, Weights(DATA, number))
    assert whole.rounds == parted.rounds == 3


def test_a_killed_refresh_is_not_begun_anew(tmp_path):
    class Killed(Weights):

        def __call__(self, paths):
            if len(self.described) > 30:
                raise KeyboardInterrupt
            return super().__call__(paths)

    first = TupleMiner(DATA, tmp_path / 'a', pool=40, batch=4)
    queries = first.usable[:9]
    with pytest.raises(KeyboardInterrupt):
        first.refresh(queries, Killed(DATA, 5), version='step 0')
    again, weights = TupleMiner(DATA, tmp_path / 'a', pool=40, batch=4), Weights(DATA, 5)
    whole = TupleMiner(DATA, tmp_path / 'b', pool=40, batch=4)
    total = whole.refresh(queries, Weights(DATA, 5), version='step 0')
    assert again.refresh(queries, weights, version='step 0') == total - 32
    assert again.state_dict() == whole.state_dict()


def test_orders_and_seeds(tmp_path):
    def order(seed: int, epoch: int) -> list[int]:
        return TupleMiner(DATA, tmp_path, seed=seed).epoch_queries(epoch).tolist()

    assert order(0, 0) == order(0, 0)
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4


def test_what_cannot_be_is_said(tmp_path):
    with pytest.raises(ConfigError, match='full, partial, random'):
        TupleMiner(DATA, tmp_path, mode='hard')  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match='10 negatives of a pool of 5'):
        TupleMiner(DATA, tmp_path, pool=5)
    with pytest.raises(DataError, match='none of 12 queries has a positive and 10 negatives'):
        TupleMiner(street(8, 12), tmp_path)
    miner = TupleMiner(DATA, tmp_path)
    with pytest.raises(DataError, match='refresh first'):
        miner.tuple_of(0)
    bad = next(q for q in range(40) if q not in miner.usable) if len(miner.usable) < 40 else 40
    with pytest.raises(DataError, match=f'query {bad} cannot make a tuple'):
        miner.refresh(np.array([bad]), Weights(DATA, 0))
    with pytest.raises(DataError, match='other images, radii or settings'):
        TupleMiner(DATA, tmp_path, pool=50).load_state_dict(miner.state_dict())
