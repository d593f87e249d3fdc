# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The homography score: known homographies, degenerate matches, the authors' ranks."""

from helpers import shared
import numpy as np
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.rerank.homography import homography_check, METHODS, NOT_FOUND, stride_px, TOO_FEW
from vpr_ros.rerank.matching import mutual_matches
from vpr_ros.rerank.scoring import COLLINEAR, NO_MATCHES

MATRIX = np.array([[0.9, 0.05, 20.0], [-0.04, 1.1, -8.0], [1e-4, 2e-4, 1.0]])


def project(points):
    mapped = np.column_stack([points, np.ones(len(points))]) @ MATRIX.T
    return (mapped[:, :2] / mapped[:, 2:]).astype(np.float32)


def matched_points(inliers=60, outliers=25):
    rng = np.random.default_rng(1)
    reference = rng.uniform(0, 320, (inliers + outliers, 2)).astype(np.float32)
    query = project(reference)
    query[inliers:] += rng.choice([-1, 1], (outliers, 2)) * rng.uniform(60, 200, (outliers, 2))
    return query.astype(np.float32), reference


@pytest.mark.parametrize('method', sorted(METHODS))
def test_finds_the_matches_that_agree(method):
    query, reference = matched_points()
    found = homography_check(query, reference, 234, tolerance_px=4.0, method=method)
    assert found.reason == ''
    assert found.mask[:60].sum() >= 57
    assert found.mask[60:].sum() <= 2
    assert found.inliers == found.mask.sum()
    assert found.score == found.inliers / 234


@pytest.mark.parametrize('method', sorted(METHODS))
@pytest.mark.parametrize(('points', 'reason'), [
    (np.empty((0, 2)), NO_MATCHES),
    (np.array([[0, 0], [16, 0], [0, 16]]), TOO_FEW),
    (np.tile([[40.0, 50.0]], (8, 1)), COLLINEAR),
    (np.column_stack([np.arange(9) * 16, np.full(9, 7.5)]), COLLINEAR),
    (np.column_stack([np.arange(9) * 16, np.arange(9) * 32]), COLLINEAR),
])
def test_degenerate_points_score_zero_and_say_why(method, points, reason):
    points = points.astype(np.float32)
    spread = np.random.default_rng(0).uniform(0, 300, points.shape).astype(np.float32)
    for query, reference in ((points, spread), (spread, points)):
        found = homography_check(query, reference, 100, tolerance_px=24, method=method)
        assert (found.score, found.inliers, found.reason) == (0.0, 0, reason)
        assert not found.mask.any()


@pytest.mark.parametrize('method', sorted(METHODS))
def test_three_of_four_on_a_line_is_no_crash(method):
    query = np.array([[0, 0], [16, 0], [32, 0], [0, 16]], np.float32)
    found = homography_check(query, query[::-1].copy(), 100, tolerance_px=1e-3, method=method)
    assert found.score == 0.0 or found.inliers == 4
    assert found.reason in ('', NOT_FOUND)


def test_unknown_method_and_bad_tolerance_are_refused():
    query, reference = matched_points()
    with pytest.raises(ConfigError, match="'lmeds' is not one of ransac, rho"):
        homography_check(query, reference, 9, tolerance_px=1, method='lmeds')
    with pytest.raises(ConfigError, match='expected more than 0'):
        homography_check(query, reference, 9, tolerance_px=float('nan'))


def test_stride_comes_from_the_centres():
    y, x = np.mgrid[:3, :4]
    centers = np.stack([x * 16.0, y * 12.0], -1).reshape(-1, 2).astype(np.float32)
    assert stride_px(centers, (3, 4)) == 16.0
    assert stride_px(centers[:1], (1, 1)) == 1.0


@pytest.mark.shared
def test_ranks_as_the_authors_code_does():
    golden = np.load(shared('goldens', 'patchnetvlad_small.npz'))
    weights, fused = golden['patch_weights'], np.zeros(9)
    for column, size in enumerate((2, 5, 8)):
        maps = np.ascontiguousarray(golden[f'local_pca_p{size}'].transpose(0, 2, 1), np.float32)
        points = golden[f'keypoints_p{size}'].T.astype(np.float32)
        matches = mutual_matches(maps[0], maps)
        for j in range(9):
            query, reference = matches.of(j)
            order = np.argsort(reference)  # the order in which the authors sample
            score = homography_check(points[query[order]], points[reference[order]], len(points),
                                     tolerance_px=24).score
            expected = -golden['ransac_scores_seed0to4'][j, 0, column]
            assert score == pytest.approx(expected, abs=1.01 / len(points))
            fused[j] += weights[column] * score
    expected = golden['ransac_fused_match_two_seed0']
    places = [0, 8, 3, 1, 2, 7]  # the unrelated maps 4 to 6 differ by single inliers
    assert [int(i) for i in np.argsort(-fused[places], kind='stable')] == [
        int(i) for i in np.argsort(-expected[places], kind='stable')
    ]
    assert fused[places].min() > fused[4:7].max()
