# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stage: order, evidence, coarse to fine, threads, deadlines, maps without patches."""

from dataclasses import replace
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from rerank.patch_sets import look, patch_set, scene

from vpr_ros.errors import ConfigError, MapError
from vpr_ros.rerank.codes import encode
from vpr_ros.rerank.pairs import BLANK_CANDIDATE, BLANK_QUERY
from vpr_ros.rerank.presets import PRESETS, RerankSettings
from vpr_ros.rerank.reranker import Candidate, Reranker
from vpr_ros.types import PatchSet

GRID = (8, 10)
SIZES = (2, 5, 8)
PLAIN = RerankSettings()


def patches_of(world_seed, row=2, column=2, noise=0.0, seed=0):
    """All sizes of one view, each from its own world so that sizes are independent."""
    return {size: look(scene(100 * world_seed + size), row, column, GRID, noise=noise, seed=seed)
            for size in SIZES}


def places(*patch_maps, coded=True):
    def load(patches):
        return {size: encode(one) if coded else one for size, one in patches.items()}

    return [Candidate(k + 1, partial(load, patches)) for k, patches in enumerate(patch_maps)]


def ids(result):
    return [key for key, _ in result.ranked]


class Clock:
    """A clock that a candidate's load moves forward."""

    def __init__(self, budget_s):
        self.left = budget_s

    def remaining_s(self):
        return self.left

    def costing(self, candidates, cost_s):
        def load(original):
            self.left -= cost_s
            return original()

        return [Candidate(c.place_id, lambda c=c: load(c.load)) for c in candidates]


@pytest.mark.parametrize('name', sorted(PRESETS))
def test_the_same_place_comes_first_and_says_so(name):
    query = patches_of(1)
    others = [patches_of(seed) for seed in range(2, 8)]
    result = Reranker(name).rerank(query, places(*others, patches_of(1, noise=0.3), coded=True))
    (best, evidence), rest = result.ranked[0], result.ranked[1:]
    assert best == 7
    assert evidence.score > 0.8
    assert all(other.score < 0.5 for _, other in rest)
    assert set(evidence.scale_scores) == set(PRESETS[name].weights)
    assert (evidence.inliers > 40) == bool(PRESETS[name].method)
    assert result.shed == 0


@pytest.mark.parametrize('coded', [False, True])
@pytest.mark.parametrize('name', sorted(PRESETS))
def test_identical_images_score_one(name, coded):
    query = patches_of(4)
    result = Reranker(name).rerank(query, places(query, coded=coded))
    evidence = result.ranked[0][1]
    assert evidence.score == 1.0
    assert evidence.reason == ''
    assert evidence.matches == len(PRESETS[name].weights) * GRID[0] * GRID[1]


@given(row=st.integers(0, 4), column=st.integers(0, 4), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_scores_are_absolute_and_symmetric(row, column, seed):
    a, b = patches_of(seed), patches_of(seed, row, column, noise=0.5, seed=seed)
    stage = Reranker(PLAIN, workers=1)
    forward = stage.rerank(a, places(b, coded=False)).ranked[0][1]
    backward = stage.rerank(b, places(a, coded=False)).ranked[0][1]
    among_others = dict(stage.rerank(a, places(b, patches_of(seed + 1), a, coded=False)).ranked)
    assert forward.score == pytest.approx(backward.score, rel=1e-12)
    assert forward == among_others[1]
    assert 0.0 <= forward.score <= 1.0


def test_threads_change_nothing():
    query = patches_of(1, noise=0.2)
    candidates = places(*(patches_of(1 + k % 3, k % 4, k % 5, noise=0.4, seed=k)
                          for k in range(40)))
    # full grids large enough that the work is shared
    big = {5: patch_set(np.random.default_rng(0).normal(size=(26, 36, 16)))}
    many = [Candidate(k, lambda k=k: {5: patch_set(
        np.random.default_rng(k).normal(size=(26, 36, 16)))}) for k in range(7)]
    for chosen, asked, offered in ((PLAIN, query, candidates),
                                   (PRESETS['robot'], query, candidates),
                                   (RerankSettings({5: 1.0}), big, many)):
        alone, shared = Reranker(chosen, workers=1), Reranker(chosen, workers=3)
        assert alone.rerank(asked, offered) == shared.rerank(asked, offered)
        shared.close()
        assert alone.rerank(asked, offered) == shared.rerank(asked, offered)


def test_coarse_to_fine_scores_the_best_on_the_full_grid():
    query = patches_of(1)
    candidates = places(*(patches_of(1 if k in (5, 17) else 2 + k, noise=0.5, seed=k)
                          for k in range(25)))
    chosen = replace(PRESETS['robot'], fine=4)
    result = Reranker(chosen).rerank(query, candidates)
    assert set(ids(result)[:2]) == {6, 18}
    full = {size: GRID[0] * GRID[1] for size in SIZES}
    checked = [evidence for _, evidence in result.ranked if evidence.inliers >= 0]
    assert len(checked) == 4
    assert checked == [evidence for _, evidence in result.ranked[:4]]
    assert checked[0].matches > sum(full.values()) / 4  # more than the strided grid holds
    exact = Reranker(replace(chosen, coarse_stride=1, fine=0)).rerank(query, candidates)
    assert dict(exact.ranked)[6] == dict(result.ranked)[6]


def test_homography_scores_may_follow_a_coarse_spatial_pass():
    chosen = RerankSettings(scoring='homography', method='rho', coarse_stride=2, fine=2)
    query = patches_of(1)
    result = Reranker(chosen).rerank(query, places(*(patches_of(k) for k in (2, 3, 1, 4))))
    best, evidence = result.ranked[0]
    assert (best, evidence.score) == (3, pytest.approx(1.0))
    assert evidence.inliers == evidence.matches
    assert [other.inliers >= 0 for _, other in result.ranked] == [True, True, False, False]


def test_few_candidates_skip_the_coarse_pass():
    result = Reranker('robot').rerank(patches_of(1), places(patches_of(2), patches_of(1)))
    assert [evidence.inliers >= 0 for _, evidence in result.ranked] == [True, True]


@given(count=st.integers(1, 40), budget=st.floats(0.0, 0.5), cost=st.floats(1e-3, 0.05))
@settings(max_examples=60, deadline=None)
def test_the_deadline_sheds_the_last_and_is_kept(count, budget, cost):
    clock = Clock(budget)
    query = patches_of(1)
    offered = clock.costing(places(*[patches_of(2, noise=0.1)] * count), cost)
    result = Reranker(PLAIN, workers=1).rerank(query, offered, remaining_s=clock.remaining_s)
    done = {key for key, evidence in result.ranked if evidence is not None}
    assert done == set(range(1, len(done) + 1))
    assert result.shed == count - len(done)
    assert [key for key, evidence in result.ranked if evidence is None] == list(
        range(len(done) + 1, count + 1)
    )
    # only the very first candidate, whose cost nobody knew, may overrun the budget
    assert clock.left >= -1e-9 or len(done) == 1


def test_the_cost_is_remembered_and_can_be_forgotten():
    stage, query = Reranker(PLAIN, workers=1), patches_of(1)

    def compared(budget):
        clock = Clock(budget)
        offered = clock.costing(places(*[patches_of(2)] * 3), 0.1)
        result = stage.rerank(query, offered, remaining_s=clock.remaining_s)
        return 3 - result.shed

    assert compared(1.0) == 3
    assert compared(0.05) == 0  # known to be too dear
    stage.reset()
    assert compared(0.05) == 1  # tried, because nothing is known


def test_time_that_ends_after_the_coarse_pass_keeps_its_scores():
    loaded = []

    def counted(candidate):
        return Candidate(candidate.place_id, lambda: loaded.append(1) or candidate.load())

    offered = [counted(one) for one in places(*(patches_of(k) for k in range(1, 31)))]
    result = Reranker('robot', workers=1).rerank(
        patches_of(3), offered, remaining_s=lambda: 1e9 if len(loaded) < 30 else 0.0)
    assert result.ranked[0][0] == 3
    assert (result.shed, result.full_grid_shed) == (0, PRESETS['robot'].fine)
    assert all(evidence.inliers == -1 for _, evidence in result.ranked)


def test_patches_are_read_once_for_both_passes():
    loaded = []
    offered = [Candidate(one.place_id, lambda one=one: loaded.append(one.place_id) or one.load())
               for one in places(*(patches_of(k) for k in range(1, 31)))]
    result = Reranker('robot').rerank(patches_of(3), offered)
    assert sum(evidence.inliers >= 0 for _, evidence in result.ranked) == PRESETS['robot'].fine
    assert loaded == list(range(1, 31))


@given(slow=st.floats(1.0, 1.8), budget=st.floats(0.1, 1.0))
@settings(max_examples=40, deadline=None)
def test_a_machine_that_slows_down_overruns_by_little(slow, budget):
    """Each wave costs up to 1.8 times what the one before taught."""
    stage, query = Reranker(PLAIN, workers=1), patches_of(1)
    offered = places(*[patches_of(2)] * 60)
    easy = Clock(10.0)
    stage.rerank(query, easy.costing(offered, 0.01), remaining_s=easy.remaining_s)
    hard = Clock(budget)
    stage.rerank(query, hard.costing(offered, 0.01 * slow), remaining_s=hard.remaining_s)
    assert hard.left >= -0.1 * budget - 0.01 * slow


@pytest.mark.parametrize('late', [10, 40, 52])
def test_after_a_delay_the_next_looks_stop_earlier(late):
    """Another process takes the processor for 80 ms, at the same candidate of each look."""
    stage, query = Reranker(PLAIN, workers=1), patches_of(1)

    def look(delay_s):
        clock = Clock(0.6)
        offered = clock.costing(places(*[patches_of(2)] * 60), 0.01)
        slow = offered[late].load
        offered[late] = Candidate(late + 1, lambda: (
            setattr(clock, 'left', clock.left - delay_s), slow())[1])
        return stage.rerank(query, offered, remaining_s=clock.remaining_s).shed, clock.left

    before = [look(0.0) for _ in range(3)][-1]
    look(0.08)
    shed, left = look(0.08)
    assert shed > before[0] and left >= -0.06  # over by at most a tenth
    settled = [look(0.0) for _ in range(150)][-1]
    assert settled == before  # it is forgotten


def test_places_without_patches_keep_their_order_behind_the_others():
    query = patches_of(1)
    only_one_size = {2: patches_of(1)[2]}
    result = Reranker(PLAIN).rerank(query, places({}, patches_of(2), only_one_size, patches_of(1)))
    assert ids(result) == [4, 2, 1, 3]
    assert [evidence is None for _, evidence in result.ranked] == [False, False, True, True]
    assert result.shed == 0


def test_blank_images_score_zero_and_say_why():
    wall = {size: patch_set(np.ones((*GRID, 32))) for size in SIZES}
    for query, candidate, reason in ((wall, patches_of(1), BLANK_QUERY),
                                     (patches_of(1), wall, BLANK_CANDIDATE),
                                     (wall, wall, BLANK_QUERY)):
        for stage in (Reranker(PLAIN), Reranker('performance')):
            evidence = stage.rerank(query, places(candidate)).ranked[0][1]
            assert (evidence.score, evidence.matches) == (0.0, 0)
            assert evidence.reason == reason


def test_a_blank_candidate_does_not_touch_the_others():
    wall = {size: patch_set(np.ones((*GRID, 32))) for size in SIZES}
    query = patches_of(1)
    alone = Reranker(PLAIN).rerank(query, places(patches_of(1)))
    beside = Reranker(PLAIN).rerank(query, places(patches_of(1), wall))
    assert dict(beside.ranked)[1] == dict(alone.ranked)[1]


def cropped(patches, rows, dim):
    part = patches.descriptors.reshape(*GRID, -1)[:rows, :, :dim]
    return patch_set(part)


@pytest.mark.parametrize(('rows', 'dim', 'sentence'), [
    (7, 32, '7x10 patches of size 2, the query 8x10'),
    (8, 16, '16 dimensions, the query 32'),
    (8, 48, '48 dimensions, the query 32'),
])
def test_patches_of_another_model_are_refused(rows, dim, sentence):
    wide = {size: look(scene(size, dim=max(dim, 32)), 0, 0, GRID) for size in SIZES}
    other = {size: cropped(one, rows, dim) for size, one in wide.items()}
    with pytest.raises(MapError, match=sentence):
        Reranker(PLAIN).rerank(patches_of(1), places(other))


def test_a_query_without_a_size_is_refused():
    with pytest.raises(MapError, match=r'no patches of size 5, only \[2, 8\]'):
        Reranker(PLAIN).rerank({s: p for s, p in patches_of(1).items() if s != 5},
                               places(patches_of(1)))


def test_leading_dimensions_are_the_smaller_projection():
    def leading(patches, dim):
        return {s: PatchSet(p.descriptors[:, :dim] / np.linalg.norm(
            p.descriptors[:, :dim], axis=1, keepdims=True), p.centers_px, p.grid)
            for s, p in patches.items()}

    query, other = patches_of(1), patches_of(1, 3, 1, noise=0.4)
    chosen = RerankSettings(dim=12)
    found = Reranker(chosen).rerank(query, places(other, coded=False))
    expected = Reranker(PLAIN).rerank(leading(query, 12), places(leading(other, 12), coded=False))
    assert found.ranked[0][1].score == pytest.approx(expected.ranked[0][1].score)


def test_none_has_nothing_to_rank():
    with pytest.raises(ConfigError, match="'none' re-ranks nothing"):
        Reranker('none')


def test_no_candidates_are_no_error():
    assert Reranker('robot').rerank(patches_of(1), []).ranked == []


def test_the_similarity_weighs_in_where_the_settings_say_so():
    query = patches_of(1)
    near, far = patches_of(1, noise=0.9), patches_of(1, noise=0.6)
    offered = [replace(place, similarity=similarity)
               for place, similarity in zip(places(near, far), (0.9, 0.1), strict=True)]
    scores = {key: evidence.score for key, evidence in Reranker('balanced').rerank(
        query, offered).ranked}
    assert scores[2] > scores[1]
    needed = (scores[2] - scores[1]) / 0.8
    for weight, first in ((0.5 * needed, 2), (1.5 * needed, 1)):
        settings = replace(PRESETS['balanced'], similarity_weight=weight)
        assert ids(Reranker(settings).rerank(query, offered)) == [first, 3 - first]
