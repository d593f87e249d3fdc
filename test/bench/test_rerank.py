# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark's rows: that the peers' form is theirs, and that equality is really checked."""

import json

from helpers import shared
import numpy as np
import pytest

from vpr_ros.bench import peers, rerank
from vpr_ros.bench.rerank import rank_correlation, rerank_rows

NAMES = ['rerank_full_grid', 'rerank_robot', 'spatial_score', 'homography', 'patch_storage']


def test_every_row_agrees_with_its_peer():
    rows = rerank_rows(repeats=1, candidates=20, grid=(10, 12), dim=32, queries=3)
    assert [row['name'] for row in rows] == NAMES
    for row in rows:
        assert row['equal'], row
        assert row['tolerance']
        assert row['ratio'] > 0
    assert rows[-1]['ratio'] >= 120
    json.dumps(rows)


def test_a_wrong_score_is_noticed(monkeypatch):
    monkeypatch.setattr(peers, 'score_pair', lambda pair, points: 1.0 + len(pair[0]))
    rows = rerank_rows(repeats=1, candidates=12, grid=(8, 9), dim=16, queries=1)
    equal = {row['name']: row['equal'] for row in rows}
    assert not equal['rerank_full_grid']
    assert not equal['spatial_score']


def test_a_homography_without_rank_correlation_is_noticed(monkeypatch):
    counter = iter(range(10**6))
    monkeypatch.setattr(peers, 'homography_inliers', lambda *_: -next(counter))
    rows = rerank_rows(repeats=1, candidates=12, grid=(8, 9), dim=16, queries=1)
    assert not {row['name']: row['equal'] for row in rows}['homography']


def test_sides_take_turns_after_a_warm_up():
    calls = []
    rerank.interleaved_ms(lambda: calls.append('a'), lambda: calls.append('b'), 2)
    assert ''.join(calls) == 'ababab'


@pytest.mark.parametrize(('a', 'b', 'expected'), [
    ([1, 2, 3, 4], [10, 20, 30, 40], 1.0),
    ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
    ([1, 1, 2, 3], [5, 5, 6, 7], 1.0),
    ([1, 2, 3], [3, 1, 2], -0.5),
])
def test_rank_correlation(a, b, expected):
    assert rank_correlation(np.array(a), np.array(b)) == pytest.approx(expected)


@pytest.mark.shared
def test_the_peers_form_gives_the_authors_numbers():
    golden = np.load(shared('goldens', 'patchnetvlad_small.npz'))
    for column, size in enumerate((2, 5, 8)):
        maps = golden[f'local_pca_p{size}'].transpose(0, 2, 1).astype(np.float32)
        points = peers.grid_points((13 - size, 17 - size))
        np.testing.assert_array_equal(points, golden[f'indices_p{size}'])
        for j in range(9):
            pair = peers.match_pair(maps[0], maps[j])
            np.testing.assert_array_equal(pair[1], golden[f'pair{j}_mutual_db_p{size}'])
            assert peers.score_pair(pair, points) == pytest.approx(
                -golden['spatial_scores'][j, column], rel=1e-4, abs=1e-5)
            px = golden[f'keypoints_p{size}'].T.astype(np.float32)
            inliers = peers.homography_inliers(px[pair[0]], px[pair[1]], 24.0)
            expected = -golden['ransac_scores_seed0to4'][j, 0, column] * len(px)
            assert inliers == pytest.approx(expected, abs=1.01)  # OpenCV versions differ by one
