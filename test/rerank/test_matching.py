# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mutual nearest neighbours against an explicit loop over equation 3."""

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.rerank.matching import block_size, is_blank, mutual_matches


def by_the_definition(query, reference):
    """All (i, j) that are each other's nearest in Euclidean distance; float64 loops."""
    distance = np.array([[np.sum((q - r) ** 2) for r in reference] for q in query])
    pairs = []
    for i in range(len(query)):
        j = int(np.argmin(distance[i]))
        if int(np.argmin(distance[:, j])) == i:
            pairs.append((i, j))
    return pairs


def random_unit(rng, *shape):
    x = rng.normal(size=shape)
    return (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype(np.float32)


def pairs_of(matches, candidate):
    query, reference = matches.of(candidate)
    return list(zip(query.tolist(), reference.tolist(), strict=True))


@given(seed=st.integers(0, 10**6), n=st.integers(1, 20), m=st.integers(1, 20),
       count=st.integers(1, 4), dim=st.integers(3, 12))
@settings(max_examples=60, deadline=None)
def test_equals_the_definition(seed, n, m, count, dim):
    rng = np.random.default_rng(seed)
    query, references = random_unit(rng, n, dim), random_unit(rng, count, m, dim)
    matches = mutual_matches(query, references)
    for candidate in range(count):
        assert pairs_of(matches, candidate) == by_the_definition(
            query.astype(float), references[candidate].astype(float)
        )
    assert matches.per_candidate().sum() == len(matches.query)


def test_identical_images_match_patch_by_patch():
    # 2 - 2 q.r rounds below 0 on such pairs, and its root would be NaN
    query = random_unit(np.random.default_rng(3), 500, 64)
    assert pairs_of(mutual_matches(query, query[None]), 0) == [(i, i) for i in range(500)]


def test_equal_descriptors_are_matched_once_and_always_alike():
    query = random_unit(np.random.default_rng(5), 6, 8)
    query[3] = query[4] = query[1]
    matches = mutual_matches(query, query[None])
    assert pairs_of(matches, 0) == [(0, 0), (1, 1), (2, 2), (5, 5)]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_with_many_equal_descriptors_no_patch_is_matched_twice(seed):
    rng = np.random.default_rng(seed)
    kinds = random_unit(rng, 3, 4)
    query, reference = kinds[rng.integers(3, size=9)], kinds[rng.integers(3, size=11)]
    pairs = pairs_of(mutual_matches(query, reference[None]), 0)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    in_both = {row.tobytes() for row in query} & {row.tobytes() for row in reference}
    for i, j in pairs:  # a kind that the other image lacks may go with its nearest
        if query[i].tobytes() in in_both:
            assert np.array_equal(query[i], reference[j])


def test_a_reused_buffer_changes_nothing():
    rng = np.random.default_rng(0)
    buffer = np.full(5000, np.nan, np.float32)
    for n, count, m in ((20, 3, 20), (7, 2, 9), (20, 3, 20)):
        query, references = random_unit(rng, n, 16), random_unit(rng, count, m, 16)
        fresh, reused = (mutual_matches(query, references, b) for b in (None, buffer))
        for candidate in range(count):
            assert pairs_of(fresh, candidate) == pairs_of(reused, candidate)


def test_nothing_to_match_gives_no_matches():
    rng = np.random.default_rng(0)
    assert mutual_matches(random_unit(rng, 0, 8), random_unit(rng, 2, 5, 8)).count == 2
    assert len(mutual_matches(random_unit(rng, 5, 8), random_unit(rng, 2, 0, 8)).query) == 0


def test_blank_images_are_told_from_others():
    rng = np.random.default_rng(0)
    textured = random_unit(rng, 30, 16)
    wall = np.tile(random_unit(rng, 1, 16), (30, 1))
    noisy_wall = wall + 1e-3 * rng.normal(size=wall.shape)
    noisy_wall /= np.linalg.norm(noisy_wall, axis=1, keepdims=True)
    broken = np.where(np.arange(16) == 2, np.nan, textured)
    images = np.stack([textured, wall, noisy_wall, np.zeros_like(wall), broken])
    assert is_blank(images.astype(np.float32)).tolist() == [False, True, True, True, True]


@pytest.mark.parametrize('patches', [1, 24, 234, 936, 5000])
def test_a_block_fits_the_cache_or_is_one_pair(patches):
    size = block_size(patches, patches)
    assert size == 1 or size * patches**2 <= 1 << 20


@pytest.mark.shared
@pytest.mark.parametrize('size', [2, 5, 8])
def test_equals_the_authors_matches(size):
    golden = np.load(shared('goldens', 'patchnetvlad_small.npz'))
    maps = np.ascontiguousarray(golden[f'local_pca_p{size}'].transpose(0, 2, 1), np.float32)
    matches = mutual_matches(maps[0], maps)
    for j in range(9):
        database = golden[f'pair{j}_mutual_db_p{size}']
        query = golden[f'pair{j}_fw_p{size}'][database]
        assert pairs_of(matches, j) == sorted(
            zip(query.tolist(), database.tolist(), strict=True)
        )
