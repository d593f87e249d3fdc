# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page says what the cells say."""

from __future__ import annotations

import dataclasses

from training.claims.cells import Cell, cells_of, SETS
from training.claims.page import page
from training.claims.papers import CLAIMS
from training.claims.scale import FULL
from training.claims.variants import VARIANTS


def cell(key: str, seed: int, found: int) -> Cell:
    """One that finds so many of 100 queries."""
    hits = [1] * found + [0] * (100 - found)
    return Cell(key, seed, {name: {1: hits, 5: hits} for name in SETS}, 512, 30.0)


def row(text: str, of: str) -> list[str]:
    line = next(line for line in of.splitlines() if line.startswith(f'| {text} |'))
    return [part.strip() for part in line.strip('|').split('|')]


def test_recalls_and_verdicts_are_computed():
    cells = [cell('triplet', seed, 60 + seed) for seed in FULL.seeds]
    cells += [cell('netvlad_shelf', seed, 30) for seed in FULL.seeds]
    cells += [cell('random', seed, 61) for seed in FULL.seeds]
    text = page(cells, FULL)
    assert row('NetVLAD, triplet', text)[3] == '61.0 ± 1.0 (61.0)'
    assert row('Training for places helps NetVLAD', text)[2].startswith('+31.0 ± ')
    assert row('Training for places helps NetVLAD', text)[2].endswith('**holds**')
    assert row('Full mining is better than random negatives', text)[2].endswith('**within noise**')
    assert '9 of 31 cells' in text
    assert 'night 100' in text


def test_a_claim_that_is_reversed_does_not_hold():
    cells = [cell('triplet', 0, 10), cell('netvlad_shelf', 0, 70)]
    text = page(cells, FULL)
    assert row('Training for places helps NetVLAD', text)[2].endswith('**does not hold**')
    assert 'What does not hold at this scale:' in text
    assert '- Training for places helps NetVLAD: night, unseen weather, ie_tower.' in text


def test_what_was_not_run_is_said():
    text = page([], FULL)
    assert 'Done: 0 of 31 cells' in text
    for variant in VARIANTS.values():
        assert row(variant.title, text)[3] == 'not run'
    for claim in CLAIMS:
        assert row(claim.text, text)[2:] == ['not run'] * 3
    assert f'{3 * len(CLAIMS)} were not run' in text


def test_a_single_seed_has_no_deviation():
    text = page([cell('triplet', 0, 60)], dataclasses.replace(FULL, seeds=(0,)))
    assert row('NetVLAD, triplet', text)[3] == '60.0 (60.0)'


def test_every_claim_compares_two_variants_and_no_name_is_used_twice():
    assert all({claim.one, claim.other} <= set(VARIANTS) for claim in CLAIMS)
    assert len({claim.text for claim in CLAIMS}) == len(CLAIMS)
    assert len({variant.title for variant in VARIANTS.values()}) == len(VARIANTS)


def test_figures_of_the_papers_agree_with_the_direction_of_the_claim():
    for claim in CLAIMS:
        if claim.kind == 'more':
            assert claim.figures[0] > claim.figures[1]
        else:
            assert abs(claim.figures[0] - claim.figures[1]) < 5


def test_cells_come_seed_by_seed():
    order = list(cells_of(FULL))
    assert [seed for _, seed in order] == sorted(seed for _, seed in order)
    assert len(set(order)) == len(order)
    assert [key for key, _ in order].count('max_shelf') == 1
