# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every index kind against exact search, and the selector that leaves out recent places."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.place_map.index import KINDS, DescriptorIndex, check_kind, choose_kind
from vpr_ros.place_map.statistics import Statistics, sum_rows

DIM = 64


def places(count: int, seed: int = 0) -> np.ndarray:
    """Views along a drive: neighbours resemble each other."""
    random = np.random.default_rng(seed)
    steps = random.standard_normal((count, DIM)).cumsum(axis=0) * 0.5
    rows = steps + random.standard_normal((count, DIM)) + 3.0
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def statistics_of(rows: np.ndarray) -> Statistics:
    return Statistics.empty(DIM).renewed(sum_rows(rows), len(rows))


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('below', [1500, 900, 40, 1])
def test_proposals_hold_the_exact_nearest(kind: str, below: int) -> None:
    rows = places(1500)
    statistics = statistics_of(rows)
    index = DescriptorIndex(kind, statistics, rows)
    missed = 0
    for query in places(25, seed=1):
        exact = statistics.similarities(query, rows[:below])
        nearest = np.argsort(-exact, kind='stable')[:20]
        found = index.propose(query, 20, below)
        assert len(set(found.tolist())) == len(found)
        assert found.max() < below
        assert nearest[0] in found
        missed += len(set(nearest.tolist()) - set(found.tolist()))
    assert missed == 0 if kind != 'sq8' else missed <= 0.01 * 25 * 20


@pytest.mark.parametrize('kind', KINDS)
def test_growing_gives_the_index_that_building_gives(kind: str) -> None:
    rows = places(300)
    statistics = statistics_of(rows[:200])
    built = DescriptorIndex(kind, statistics, rows)
    grown = DescriptorIndex(kind, statistics, rows[:200])
    for row in rows[200:]:
        grown.add(row[np.newaxis])
    assert len(grown) == len(built) == 300
    for query in places(10, seed=2):
        np.testing.assert_array_equal(built.propose(query, 9, 300), grown.propose(query, 9, 300))


def test_empty_index_proposes_nothing() -> None:
    index = DescriptorIndex('flat', Statistics.empty(DIM), np.empty((0, DIM), np.float16))
    assert len(index.propose(places(1)[0], 5, 0)) == 0


def test_thread_count_of_the_process_is_put_back() -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        rows = places(50)
        DescriptorIndex('fp16', statistics_of(rows), rows).propose(rows[0], 3, 50)
        assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)


def test_kinds_by_size_and_by_name() -> None:
    auto = [choose_kind('auto', places) for places in (0, 20_000, 20_001)]
    assert auto == ['flat', 'flat', 'sq8']
    assert [choose_kind('sq8', places) for places in (999, 1000)] == ['flat', 'sq8']
    assert check_kind('auto') == 'auto'
    with pytest.raises(ConfigError, match="'hsnw' is unknown; use auto, flat, fp16, sq8"):
        check_kind('hsnw')
