# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The re-ranking as the pipeline calls it: places of the map in, ranked places out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
import contextlib
from functools import partial

from vpr_ros.errors import ConfigError
from vpr_ros.model.card import ModelCard
from vpr_ros.rerank.codes import decode_patches, PatchCodes
from vpr_ros.rerank.presets import preset, PRESETS
from vpr_ros.rerank.reranker import Candidate, Reranker
from vpr_ros.types import PatchSet, Place, Ranked

ReadPatches = Callable[[int, Collection[int]], Mapping[int, bytes]]


class RerankStage:
    """Re-ranks the places that a search found with the patches that the map holds.

    Args:
        reranker: does the work.
    """

    def __init__(self, reranker: Reranker) -> None:
        self.reranker = reranker

    @property
    def sizes(self) -> frozenset[int]:
        """The patch sizes that it compares; no others need to be described or read."""
        return self.reranker.settings.sizes

    def __call__(
        self, query: Mapping[int, PatchSet], candidates: Sequence[tuple[Place, float]],
        read_patches: ReadPatches, remaining_s: Callable[[], float] | None = None,
    ) -> tuple[list[Ranked], int]:
        """Rank places by their patches; those of a map without patches keep their order.

        Args:
            query: patch size -> patches of the query.
            candidates: (place, similarity), best similarity first.
            read_patches: place id and patch sizes -> patch size -> encoded patches, as the map
                keeps them.
            remaining_s: seconds left of the time budget; None is no limit.

        Returns:
            (place, similarity, evidence or None), best first, and how many candidates were not
            compared because the time was up.

        Raises:
            MapError: stored patches are damaged or of another model.
        """
        found = {place.place_id: (place, similarity) for place, similarity in candidates}
        loaders = [Candidate(key, partial(_load, read_patches, key, self.sizes), similarity)
                   for key, (_, similarity) in found.items()]
        result = self.reranker.rerank(query, loaders, remaining_s=remaining_s)
        return [(*found[key], evidence) for key, evidence in result.ranked], result.shed


def make_reranker(name: str, card: ModelCard, *, workers: int = 0) -> RerankStage | None:
    """Return the stage of a preset for a model, or None where there is nothing to re-rank with.

    That is the case for ``none`` and for models without patch outputs (imported ones), which are
    used by their global descriptors alone.

    Raises:
        ConfigError: no such preset, or the model has patches, but none of its sizes.
    """
    settings = preset(name)
    if settings is None or not card.patches:
        return None
    return RerankStage(Reranker(settings.for_model(card), workers=workers))


def wanted_sizes(stage: RerankStage | None, card: ModelCard, which: str) -> frozenset[int]:
    """Give the patch sizes that images are described with, and places stored.

    Args:
        stage: None describes no patches.
        card: of the model.
        which: ``used`` for those that the stage compares, ``all`` for those of the model.
    """
    if stage is None:
        return frozenset()
    return frozenset(card.patches) if which == 'all' else stage.sizes


def sizes_that_count(card: ModelCard) -> frozenset[int]:
    """Give the patch sizes of a model that any preset compares."""
    found: frozenset[int] = frozenset()
    for settings in PRESETS.values():
        with contextlib.suppress(ConfigError):  # the model has none of its sizes
            found |= settings.for_model(card).sizes
    return found


def _load(read_patches: ReadPatches, place_id: int,
          sizes: frozenset[int]) -> dict[int, PatchCodes]:
    return decode_patches(read_patches(place_id, sizes))
