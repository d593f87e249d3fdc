# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The grid search: against an explicit one, on a small model, and into the card."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

from helpers import shared
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.cli.main import main
from vpr_ros.cli.tune_rerank import write_card
from vpr_ros.errors import ConfigError
from vpr_ros.evaluation.rerank_tuning import (
    ComparedQueries,
    convex_weights,
    recall_at_1,
    reciprocal_rank,
    SIMILARITY_WEIGHTS,
    tune,
)

CARD = SimpleNamespace(patches={2: None, 5: None, 8: None}, name='tiny')


def compared(seed, queries=12, candidates=7, sizes=3):
    rng = np.random.default_rng(seed)
    similarity = np.sort(rng.random((queries, candidates)).astype(np.float32), 1)[:, ::-1]
    similarity[0, 4:] = -np.inf  # fewer candidates than asked for
    right = rng.random((queries, candidates)) < 0.3
    right &= np.isfinite(similarity)
    scores = rng.random((queries, candidates, sizes)).astype(np.float32)
    return ComparedQueries(f'set {seed}', scores, similarity.copy(), right)


def explicit_rank(one, query, weights, share):
    """Rank of the first right candidate, by counting; None without one."""
    values = [-np.inf if np.isinf(similarity) else share * similarity + sum(
        w * s for w, s in zip(weights, one.scores[query, c], strict=True))
        for c, similarity in enumerate(one.similarity[query])]
    right = [values[c] for c in range(len(values)) if one.right[query, c]]
    if not right:
        return None
    return 1 + sum(value > max(right) for value in values if np.isfinite(value))


@given(seed=st.integers(0, 200), share=st.sampled_from(SIMILARITY_WEIGHTS))
def test_ranks_are_those_of_counting(seed, share):
    one, weights = compared(seed), np.array([0.5, 0.3, 0.2])
    ranks = [explicit_rank(one, q, weights, share) for q in range(12)]
    assert reciprocal_rank(one, weights, share) == pytest.approx(
        np.mean([0 if r is None else 1 / r for r in ranks]))
    assert recall_at_1(one, weights, share) == pytest.approx(np.mean([r == 1 for r in ranks]))


@pytest.mark.parametrize(('count', 'step'), [(1, 0.5), (2, 0.25), (3, 0.1)])
def test_the_grid_is_every_convex_multiple_of_the_step(count, step):
    parts = round(1 / step)
    expected = {c for c in itertools.product(range(parts + 1), repeat=count) if sum(c) == parts}
    found = [tuple(np.rint(w * parts).astype(int).tolist()) for w in convex_weights(count, step)]
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_a_step_that_does_not_divide_one_is_refused():
    with pytest.raises(ConfigError, match='does not divide 1'):
        list(convex_weights(3, 0.3))


def test_no_other_weights_of_the_grid_are_better():
    sets = [compared(1), compared(2)]
    found = tune(sets, CARD, step=0.25)
    ours = np.array([found.weights[size] for size in (2, 5, 8)])

    def worth(weights, share):
        return np.mean([reciprocal_rank(one, weights, share) for one in sets])

    best = max(worth(w, share) for w in convex_weights(3, 0.25) for share in SIMILARITY_WEIGHTS)
    assert worth(ours, found.similarity_weight) == pytest.approx(best, abs=1e-6)
    assert found.recall['set 1']['tuned'] == recall_at_1(sets[0], ours, found.similarity_weight)


def test_a_scale_that_tells_is_found():
    one = compared(3)
    one.scores[..., 0] = one.right  # only the smallest patches tell right from wrong
    found = tune([one], CARD)
    assert found.weights[2] == max(found.weights.values())
    assert found.recall['set 3']['tuned'] == one.right.any(1).mean()


def test_a_model_without_patches_has_nothing_to_tune():
    with pytest.raises(ConfigError, match='no patch outputs'):
        tune([compared(0)], SimpleNamespace(patches={}, name='plain'))


def test_the_card_keeps_all_else(tmp_path):
    card = tmp_path / 'model.json'
    card.write_text(json.dumps({'name': 'm', 'rerank': {'old': 1}}))
    write_card(card, {'weights': {'2': 1.0}})
    assert json.loads(card.read_text()) == {'name': 'm', 'rerank': {'weights': {'2': 1.0}}}
    assert [p.name for p in tmp_path.iterdir()] == ['model.json']


def test_the_verb_tunes_and_reports(capsys, tmp_path):
    corridor = shared('data/corridor')
    small = tmp_path / 'small'
    for part in ('database', 'queries'):
        (small / part).mkdir(parents=True)
        for image in sorted((corridor / part).iterdir())[:6]:
            (small / part / image.name).write_bytes(image.read_bytes())
    kept = sorted(p.name for p in (small / 'queries').iterdir())
    right = sorted(p.name for p in (small / 'database').iterdir())
    rows = [f'{query},{answer}' for query, answer in zip(kept, right, strict=True)]
    (small / 'ground_truth.csv').write_text('\n'.join(['query,correct_database', *rows]) + '\n')
    assert main(['tune-rerank', str(small), '--dry-run', '--step', '0.5',
                 '--json', str(tmp_path / 'out.json')]) == 0
    assert 'R@1 by similarity' in capsys.readouterr().out
    found = json.loads((tmp_path / 'out.json').read_text())
    assert sum(found['weights'].values()) == pytest.approx(1)
    assert found['tuned_on'][0]['queries'] == 6
