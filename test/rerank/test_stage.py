# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline's view of the stage: places and stored bytes in, ranked places out."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from rerank.patch_sets import look, scene

from vpr_ros.errors import ConfigError, MapError
from vpr_ros.model.card import ModelCard, PatchSpec, RerankTuning
from vpr_ros.rerank import encode_patches, make_reranker, wanted_sizes
from vpr_ros.rerank.stage import sizes_that_count
from vpr_ros.types import Place

GRID = (6, 7)


def card(*sizes):
    specs = {s: PatchSpec(s, 32, GRID, 1, np.zeros((42, 2), np.float32)) for s in sizes}
    return ModelCard('m', '0' * 64, 240, 320, 'area', 512, specs, 'MIT')


def view(seed, noise=0.0):
    return {size: look(scene(seed + size), 1, 1, GRID, noise=noise) for size in (2, 5)}


def read(stored, place_id, sizes):
    """As a map reads: what is not asked for is not there."""
    return {size: codes for size, codes in stored[place_id].items() if size in sizes}


def test_ranks_places_with_what_the_map_stored():
    stored = {k: encode_patches(view(10 * k, noise=0.2)) for k in range(1, 6)}
    candidates = [(Place(k, 1, k), 0.9 - 0.1 * k) for k in range(1, 6)]
    stage = make_reranker('robot', card(2, 5))
    ranked, shed = stage(view(40), candidates, partial(read, stored))
    assert shed == 0
    place, similarity, evidence = ranked[0]
    assert (place.place_id, similarity) == (4, pytest.approx(0.5))
    assert evidence.score > 0.9
    assert {place.place_id for place, _, _ in ranked} == {1, 2, 3, 4, 5}


def test_counts_what_a_spent_budget_leaves_out():
    stored = {k: encode_patches(view(10 * k)) for k in range(1, 4)}
    candidates = [(Place(k, 1, k), 0.5) for k in range(1, 4)]
    ranked, shed = make_reranker('storage', card(2, 5))(
        view(10), candidates, partial(read, stored), lambda: 0.0
    )
    assert shed == 3
    assert [(place.place_id, evidence) for place, _, evidence in ranked] == [
        (1, None), (2, None), (3, None)
    ]


def test_damaged_patches_are_a_map_error():
    stage = make_reranker('robot', card(2, 5))
    with pytest.raises(MapError, match='damaged'):
        stage(view(10), [(Place(1, 1, 1), 0.5)], lambda *_: {2: b'nonsense', 5: b''})


def test_only_the_sizes_that_count_are_described_and_read():
    tuned = replace(card(2, 5, 8), rerank=RerankTuning({2: 0.9, 5: 0.1, 8: 0.0}, 0.5))
    stage, asked = make_reranker('robot', tuned), []
    assert stage.sizes == {2, 5} == wanted_sizes(stage, tuned, 'used')
    assert wanted_sizes(stage, tuned, 'all') == {2, 5, 8}
    assert wanted_sizes(None, tuned, 'all') == frozenset()
    assert sizes_that_count(tuned) == {2, 5} and sizes_that_count(card(2)) == {2}
    assert sizes_that_count(card()) == frozenset()
    assert make_reranker('speed', tuned).sizes == {5}

    def remember(place_id, sizes):
        asked.append(sizes)
        return encode_patches(view(10))

    stage(view(10), [(Place(1, 1, 1), 0.5)], remember)
    assert asked == [{2, 5}]


def test_none_and_models_without_patches_have_no_stage():
    assert make_reranker('none', card(2, 5)) is None
    assert make_reranker('robot', card()) is None


def test_other_patch_sizes_are_an_error():
    with pytest.raises(ConfigError, match=r'patch sizes \[3\]'):
        make_reranker('robot', card(3))
