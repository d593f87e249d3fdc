# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compares a query with candidates in every patch size, and turns that into evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vpr_ros.errors import MapError
from vpr_ros.rerank.codes import encode, PatchCodes
from vpr_ros.rerank.fusion import fuse
from vpr_ros.rerank.homography import homography_check, HomographyCheck, stride_px
from vpr_ros.rerank.matching import (
    are_blank_codes,
    buffer_size,
    is_blank,
    joined,
    Matches,
    mutual_code_matches,
    mutual_matches,
)
from vpr_ros.rerank.presets import RerankSettings
from vpr_ros.rerank.products import byte_product, QueryCodes
from vpr_ros.rerank.scales import dimension, Patches, ScaleView, stack, stack_codes, view
from vpr_ros.rerank.scoring import spatial_scores
from vpr_ros.types import FloatArray, PatchSet, SpatialEvidence

BLANK_QUERY = 'the patches of the query are all alike'
BLANK_CANDIDATE = 'the patches of the place are all alike'


@dataclass
class Workspace:
    """Buffers that one thread reuses from block to block."""

    similarities: FloatArray = field(default_factory=lambda: np.empty(0, np.float32))
    references: FloatArray = field(default_factory=lambda: np.empty(0, np.float32))

    def grow(self, similarities: int, references: int) -> None:
        """Make room for so many elements."""
        if self.similarities.size < similarities:
            self.similarities = np.empty(similarities, np.float32)
        if self.references.size < references:
            self.references = np.empty(references, np.float32)


class PreparedQuery:
    """The query's patches at one stride, decoded once for all candidates.

    Args:
        patches: patch size -> patches of the query.
        settings: sizes and dimensions.
        stride: of the grid.

    Raises:
        MapError: a patch size of the settings is missing.
    """

    def __init__(self, patches: Mapping[int, PatchSet], settings: RerankSettings,
                 stride: int) -> None:
        missing = [size for size in settings.weights if size not in patches]
        if missing:
            raise MapError(
                f'the query has no patches of size {missing[0]}, only {sorted(patches)}'
            )
        self.stride = stride
        self.scales: dict[int, ScaleView] = {
            size: view(patches[size], stride=stride, dim=settings.dim)
            for size in settings.weights
        }
        self.grids = {size: patches[size].grid for size in settings.weights}
        self.product = byte_product()
        self.codes: dict[int, QueryCodes] = {}
        if self.product is not None:
            for size, scale in self.scales.items():
                coded = encode(PatchSet(scale.descriptors, scale.centers_px, scale.grid))
                self.codes[size] = self.product.prepare(coded)

    @property
    def similarities_per_candidate(self) -> int:
        """Similarities computed for a candidate in its largest patch size."""
        return max(len(scale.descriptors) ** 2 for scale in self.scales.values())


@dataclass
class Compared:
    """What is known of some candidates before they are scored; :meth:`add` puts blocks together.

    Attributes:
        matches: patch size -> the matches of each block.
        reasons: patch size -> '' or why there are no matches, for each candidate.
        checks: patch size -> the homography of each candidate; empty lists when not checked.
    """

    matches: dict[int, list[Matches]]
    reasons: dict[int, list[str]]
    checks: dict[int, list[HomographyCheck]]

    @classmethod
    def nothing(cls, settings: RerankSettings) -> Compared:
        """No candidates yet."""
        sizes = settings.weights
        return cls({s: [] for s in sizes}, {s: [] for s in sizes}, {s: [] for s in sizes})

    def add(self, other: Compared) -> None:
        """Append the candidates of another block."""
        for size in self.matches:
            self.matches[size] += other.matches[size]
            self.reasons[size] += other.reasons[size]
            self.checks[size] += other.checks[size]


def compare(query: PreparedQuery, candidates: Sequence[Mapping[int, Patches]],
            settings: RerankSettings, *, check: bool, workspace: Workspace) -> Compared:
    """Match one query with a block of candidates and, if asked, fit homographies: the costly part.

    Args:
        query: prepared at the stride that is to be used.
        candidates: patch size -> patches, each with all sizes of the settings.
        settings: sizes, dimensions, homography.
        check: fit homographies.
        workspace: of the calling thread.

    Raises:
        MapError: patches of another grid or dimension than the query's.
    """
    result = Compared.nothing(settings)
    for size, scale in query.scales.items():
        sets = [candidate[size] for candidate in candidates]
        matches, result.reasons[size] = _match(query, size, sets, settings, workspace)
        result.matches[size] = [matches]
        if check:
            tolerance_px = settings.tolerance * stride_px(scale.centers_px, scale.grid)
            for index, one in enumerate(sets):
                mine, other = matches.of(index)
                points = one.centers_px.reshape(*one.grid, 2)[::query.stride, ::query.stride]
                result.checks[size].append(homography_check(
                    scale.centers_px[mine], points.reshape(-1, 2)[other],
                    len(scale.descriptors), tolerance_px=tolerance_px, method=settings.method,
                ))
    return result


def evidence(query: PreparedQuery, compared: Compared,
             settings: RerankSettings) -> list[SpatialEvidence]:
    """Score, fuse and report all candidates at once, which costs next to nothing."""
    scores, reasons, found = {}, {}, {}
    for size, scale in query.scales.items():
        matches = joined(compared.matches[size])
        found[size] = matches.per_candidate()
        checks = compared.checks[size]
        if settings.scoring == 'homography' and checks:  # none in a coarse pass
            scores[size] = np.array([one.score for one in checks], np.float64)
            why: Sequence[str] = [one.reason for one in checks]
        else:
            spatial = spatial_scores(matches, scale.grid)
            scores[size], why = spatial.scores, spatial.reasons
        reasons[size] = [a or b for a, b in zip(compared.reasons[size], why, strict=True)]
    fused = fuse(scores, settings.weights)
    leading = max(settings.weights, key=lambda size: settings.weights[size])
    return [
        SpatialEvidence(
            score=min(float(fused[i]), 1.0),  # rounded weights must not lift it above 1
            matches=int(sum(of_size[i] for of_size in found.values())),
            inliers=sum(c[i].inliers for c in compared.checks.values()) if compared.checks[leading]
            else -1,
            scale_scores={size: float(of_size[i]) for size, of_size in scores.items()},
            reason='' if fused[i] > 0 else reasons[leading][i],
        )
        for i in range(len(fused))
    ]


def _match(query: PreparedQuery, size: int, sets: Sequence[Patches], settings: RerankSettings,
           workspace: Workspace) -> tuple[Matches, list[str]]:
    """Return the matches of one patch size, none for blank images, and which those are."""
    scale = query.scales[size]
    rows, dim = scale.descriptors.shape
    wanted = query.grids[size]
    for one in sets:
        if one.grid != wanted:
            raise MapError(
                f'the place has {one.grid[0]}x{one.grid[1]} patches of size {size}, the query '
                f'{wanted[0]}x{wanted[1]}; build the map with the model in use'
            )
        width = dimension(one, settings.dim)
        if width != dim:
            raise MapError(f'the place has patch descriptors of {width} dimensions, the query '
                           f'{dim}; build the map with the model in use')
    workspace.grow(buffer_size(rows, rows, len(sets)), 0)
    coded = [one for one in sets if isinstance(one, PatchCodes)]
    if query.product is not None and len(coded) == len(sets):
        codes, scales = stack_codes(coded, stride=query.stride, dim=settings.dim)
        blank = are_blank_codes(codes, scales)
        matches = mutual_code_matches(query.product, query.codes[size], codes, scales,
                                      workspace.similarities)
    else:
        workspace.grow(0, len(sets) * rows * dim)
        references = stack(sets, stride=query.stride, dim=settings.dim, out=workspace.references)
        blank = is_blank(references)
        matches = mutual_matches(scale.descriptors, references, workspace.similarities)
    reasons = [BLANK_CANDIDATE if b else '' for b in blank.tolist()]
    if scale.blank:
        blank, reasons = np.ones_like(blank), [BLANK_QUERY] * len(sets)
    if blank.any():
        kept = ~blank[matches.candidate]
        matches = Matches(matches.query[kept], matches.reference[kept], matches.candidate[kept],
                          matches.count)
    return matches, reasons
