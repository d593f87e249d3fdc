# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Why re-ranking that was asked for cannot be done: said once, where a user looks."""

from __future__ import annotations

from collections.abc import Collection

from vpr_ros.errors import ConfigError
from vpr_ros.model.card import ModelCard
from vpr_ros.rerank.stage import make_reranker

STAY = 'matches stay in the order of the search'


def lacking_patches(preset: str, card: ModelCard, held: Collection[int], places: int) -> str:
    """Say why a map's places cannot be re-ranked, and what to do; '' where they can.

    Args:
        preset: of the re-ranking.
        card: of the model.
        held: the patch sizes that the places hold.
        places: how many there are; an empty map lacks nothing.

    Returns:
        What is lacking and what follows, then after a semicolon the remedy.
    """
    if preset == 'none':
        return ''
    if not card.patches:
        return (f'rerank is {preset}, but model {card.name} gives no patches: {STAY}; set rerank '
                f'to none, or take a model with patches')
    try:
        stage = make_reranker(preset, card)
    except ConfigError as problem:
        return str(problem)
    if stage is None or places == 0 or stage.sizes <= set(held):
        return ''
    wanted, there = _in_words(stage.sizes), _in_words(held)
    what = f'hold those of size {there} alone' if there else 'hold none'
    return (f'rerank is {preset} and compares patches of size {wanted}, but the places of the map '
            f'{what}: {STAY}; add them with `vpr map redescribe`, or set rerank to none')


def _in_words(sizes: Collection[int]) -> str:
    return ' and '.join(str(size) for size in sorted(sizes))
