# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where re-ranking meets the model and the map: candidates in, candidates re-ordered out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vpr_ros.decision.evidence import Ranked
from vpr_ros.model import ModelCard
from vpr_ros.types import PatchSet, Place

Rerank = Callable[
    [
        Mapping[int, PatchSet],
        Sequence[tuple[Place, float]],
        Callable[[int], Mapping[int, bytes]],
        Callable[[], float],
    ],
    tuple[list[Ranked], int],
]


def make_reranker(preset: str, card: ModelCard) -> Rerank | None:
    """The re-ranking stage of a preset, or None where there is nothing to re-rank with.

    Args:
        preset: ``none`` or the name of a preset.
        card: the model's card; a model without patch outputs cannot be re-ranked.
    """
    if preset == 'none' or not card.patches:
        return None
    return None


def encode_patches(patches: Mapping[int, PatchSet]) -> dict[int, bytes]:
    """Patch descriptors as the map stores them, by patch size."""
    return {}
