# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of index against exact search, while it grows, shrinks and leaves rows out."""

from __future__ import annotations

import faiss
import numpy as np
from place_map.indexes.index_helpers import DIM, nearest, places, seen_again, statistics_of
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.place_map.indexes import check_kind, choose_kind, DescriptorIndex, KINDS
from vpr_ros.place_map.indexes.gpu import GpuRows
from vpr_ros.place_map.indexes.rotation import Rotation
from vpr_ros.place_map.statistics import Statistics

EXACT = ('flat', 'fp16')


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('below', [3000, 900, 40, 1])
def test_proposals_hold_the_exact_nearest(kind: str, below: int) -> None:
    rows = places(3000)
    statistics = statistics_of(rows)
    index = DescriptorIndex.build(kind, statistics, rows)
    missed = 0
    for query in seen_again(rows[:below], 25):
        exact = nearest(statistics, rows[:below], query, 20)
        found = index.propose(query, 20, below)
        assert len(set(found.tolist())) == len(found)
        assert found.max() < below
        assert exact[0] in found
        missed += len(set(exact.tolist()) - set(found.tolist()))
    assert missed == 0 if kind in EXACT else missed <= 0.02 * 25 * 20


@pytest.mark.parametrize('kind', KINDS)
def test_growing_finds_what_building_finds(kind: str) -> None:
    rows = places(1200)
    statistics = statistics_of(rows[:1000])
    built = DescriptorIndex.build(kind, statistics, rows)
    grown = DescriptorIndex.build(kind, statistics, rows[:1000])
    for row in rows[1000:]:
        grown.add(row[np.newaxis])
    assert len(grown) == len(built) == 1200
    for query in seen_again(rows, 10, seed=2):
        best = nearest(statistics, rows, query, 1)[0]
        assert best in grown.propose(query, 9, 1200)
        if kind not in ('hnsw', 'binary'):  # a graph depends on how it grew, a sign on rounding
            np.testing.assert_array_equal(
                np.sort(built.propose(query, 9, 1200)), np.sort(grown.propose(query, 9, 1200)))


@pytest.mark.parametrize('kind', KINDS)
def test_removed_rows_are_never_proposed_and_the_rest_move_down(kind: str) -> None:
    rows = places(2000)
    statistics = statistics_of(rows)
    index = DescriptorIndex.build(kind, statistics, rows)
    random = np.random.default_rng(3)
    for _ in range(2):  # also from an index that has holes already
        gone = np.sort(random.choice(len(rows), 200, replace=False))
        index.remove(gone)
        rows = np.delete(rows, gone, axis=0)
        more = places(50, seed=9)
        index.add(more)
        rows = np.concatenate([rows, more])
    assert len(index) == len(rows) == 1700 and index.dead == 400
    for below in (1700, 600):
        for query in seen_again(rows[:below], 15, seed=4):
            found = index.propose(query, 10, below)
            assert nearest(statistics, rows[:below], query, 1)[0] in found
            assert found.max() < below and len(set(found.tolist())) == len(found)


@pytest.mark.parametrize('kind', KINDS)
def test_all_rows_come_when_all_are_wanted(kind: str) -> None:
    rows = places(1100, dim=13)
    index = DescriptorIndex.build(kind, statistics_of(rows), rows)
    found = index.propose(rows[5], 1100, 1100)
    if kind in ('hnsw', 'ivf', 'ivfpq'):  # these look only where they expect something
        assert len(found) > 200
    else:
        assert sorted(found.tolist()) == list(range(1100))


@pytest.mark.parametrize('kind', ['flat', 'binary', 'twobit', 'rabitq'])
def test_an_empty_index_proposes_nothing(kind: str) -> None:
    index = DescriptorIndex(kind, Statistics.empty(DIM), DIM)
    assert len(index.propose(places(1)[0], 5, 0)) == 0


def test_thread_count_of_the_process_is_put_back() -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        rows = places(50)
        DescriptorIndex.build('fp16', statistics_of(rows), rows).propose(rows[0], 3, 50)
        assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)


@pytest.mark.parametrize(('dim', 'block'), [(64, 512), (13, 512), (70, 32)])
def test_a_rotation_keeps_angles_and_is_the_same_every_time(dim: int, block: int) -> None:
    rows = places(20, dim=dim).astype(np.float32)
    turned = Rotation(dim, block=block)(rows)
    np.testing.assert_allclose(turned @ turned.T, rows @ rows.T, atol=1e-5)
    np.testing.assert_array_equal(turned, Rotation(dim, block=block)(rows))
    assert not np.allclose(turned, rows)


def test_without_a_graphics_card_one_sentence_says_so() -> None:
    if hasattr(faiss, 'StandardGpuResources') and faiss.get_num_gpus():
        pytest.skip('there is a graphics card')
    with pytest.raises(ConfigError, match=r"'gpu' cannot be used: this FAISS .* or choose auto"):
        check_kind('gpu')


@pytest.mark.parametrize('most', [2048, 20])
def test_a_scan_on_a_card_finds_what_the_flat_one_finds(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another index of FAISS stands in for the one on the card."""
    monkeypatch.setattr('vpr_ros.place_map.indexes.gpu.MOST_WANTED', most)
    rows = places(300)
    statistics = statistics_of(rows)
    cards = [GpuRows(DIM, to_card=faiss.clone_index) for _ in range(2)]
    both = [DescriptorIndex('gpu', statistics, DIM, card) for card in cards]
    both.append(DescriptorIndex('flat', statistics, DIM))
    for index in both:
        index.add(rows[:250])
        index.add(rows[250:])
    for index in both[1:]:
        index.remove(np.arange(10, 40))
    for query in seen_again(rows, 6):
        np.testing.assert_array_equal(
            np.sort(both[1].propose(query, 9, 200)), np.sort(both[2].propose(query, 9, 200)))
        assert nearest(statistics, rows, query, 1)[0] in both[0].propose(query, 3, 300)
        assert both[0].propose(query, 3, 120).max() < 120


def test_kinds_by_size_and_by_name() -> None:
    auto = [choose_kind('auto', places) for places in (0, 20_000, 20_001)]
    assert auto == ['flat', 'flat', 'twobit']
    assert [choose_kind('sq8', places) for places in (999, 1000)] == ['flat', 'sq8']
    assert check_kind('auto') == 'auto'
    with pytest.raises(ConfigError, match="'hsnw' is unknown; use auto, flat, fp16, sq8"):
        check_kind('hsnw')
