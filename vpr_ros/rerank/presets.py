# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the re-ranking by name: the paper's configurations and the robot's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from vpr_ros.errors import ConfigError
from vpr_ros.model.card import ModelCard
from vpr_ros.rerank.fusion import check_weights
from vpr_ros.rerank.homography import METHODS

PAPER_WEIGHTS = {2: 0.45, 5: 0.15, 8: 0.4}  # section 4.1, from its grid search


@dataclass(frozen=True)
class RerankSettings:
    """How candidates are re-ranked.

    Attributes:
        weights: patch size -> weight of its score, convex (equation 5).
        scoring: ``spatial`` (rapid spatial score, bounded form) or ``homography`` (inliers /
            patches) gives the score that ranks.
        dim: leading descriptor dimensions used at most; 0 uses all. Components of a principal
            component projection come in order, so fewer are the smaller projection.
        coarse_stride: 1 scores every candidate on the full patch grid. From 2 on, every candidate
            is scored on each n-th row and column first, and only the best ``fine`` on the full
            grid.
        fine: see ``coarse_stride``.
        method: homography estimator; '' makes no check when ``scoring`` is ``spatial``. With
            ``coarse_stride`` above 1 only the ``fine`` candidates are checked.
        tolerance: of a homography inlier, in patch strides: 1 in the paper, 1.5 in its code.
        similarity_weight: candidates are ordered by score + similarity_weight * similarity of the
            global descriptors; 0 is the paper's order.
    """

    weights: Mapping[int, float] = field(default_factory=lambda: dict(PAPER_WEIGHTS))
    scoring: str = 'spatial'
    dim: int = 0
    coarse_stride: int = 1
    fine: int = 0
    method: str = ''
    tolerance: float = 1.5
    similarity_weight: float = 0.0

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ConfigError: one is out of range.
        """
        check_weights(self.weights)
        if self.scoring not in ('spatial', 'homography'):
            raise ConfigError(f'scoring {self.scoring!r} is not one of spatial, homography')
        if self.method and self.method not in METHODS:
            raise ConfigError(
                f'homography method {self.method!r} is not one of {", ".join(METHODS)}'
            )
        if self.scoring == 'homography' and not self.method:
            raise ConfigError('scoring by homography needs a method, for example rho')
        if self.dim < 0 or self.coarse_stride < 1 or self.fine < 0 or not self.tolerance > 0:
            raise ConfigError(
                f'dim {self.dim}, coarse_stride {self.coarse_stride}, fine {self.fine}, tolerance '
                f'{self.tolerance}: expected at least 0, at least 1, at least 0, more than 0'
            )
        if not 0 <= self.similarity_weight <= 1000:
            raise ConfigError(f'similarity_weight {self.similarity_weight}: expected 0 to 1000')
        if self.coarse_stride > 1 and not self.fine:
            raise ConfigError('a coarse_stride above 1 needs fine, the candidates to score fully')

    @property
    def coarse(self) -> bool:
        """Whether there is a coarse pass before the fine one."""
        return self.coarse_stride > 1

    @property
    def sizes(self) -> frozenset[int]:
        """The patch sizes that count."""
        return frozenset(size for size, weight in self.weights.items() if weight > 0)

    def for_sizes(self, sizes: Iterable[int]) -> RerankSettings:
        """Return these settings for a model that has only some of the patch sizes.

        The weights of the sizes that it has are scaled to add up to 1.

        Raises:
            ConfigError: it has none of them.
        """
        available = sorted(sizes)
        kept = {size: w for size, w in self.weights.items() if size in available and w > 0}
        if not kept:
            raise ConfigError(
                f'the model has patch sizes {available or "none"}, the re-ranking wants '
                f'{sorted(self.weights)}; choose another preset or export the model with '
                f'these patch sizes'
            )
        total = sum(kept.values())
        return replace(self, weights={size: w / total for size, w in kept.items()})

    def for_model(self, card: ModelCard) -> RerankSettings:
        """Fit the settings to a model: its patch sizes, and its own tuning where its card has one.

        Settings of one patch size keep it; only the weight of the similarity is the model's.

        Raises:
            ConfigError: it has none of the patch sizes.
        """
        settings = self.for_sizes(card.patches)
        if card.rerank is None:
            return settings
        weights = settings.weights
        if len(weights) > 1:
            tuned = {size: w for size, w in card.rerank.weights.items() if w > 0}
            weights = {size: w / sum(tuned.values()) for size, w in tuned.items()}
        return replace(settings, weights=weights,
                       similarity_weight=card.rerank.similarity_weight)


# The paper names `balanced` without its settings; here it is the paper's multi-scale rapid
# spatial scoring (Multi-Spatial, table 2) at 512 dimensions.
PRESETS: Mapping[str, RerankSettings] = {
    'performance': RerankSettings(scoring='homography', method='ransac', dim=4096),
    'balanced': RerankSettings(dim=512),
    'speed': RerankSettings({5: 1.0}, dim=512),
    'storage': RerankSettings({5: 1.0}, dim=128),
    'robot': RerankSettings(dim=128, coarse_stride=2, fine=10, method='rho'),
}
NAMES = ('none', *PRESETS)


def preset(name: str) -> RerankSettings | None:
    """Return settings by name; None for ``none``.

    Raises:
        ConfigError: there is no such preset.
    """
    if name not in NAMES:
        raise ConfigError(f'rerank preset {name!r} is not one of {", ".join(NAMES)}')
    return PRESETS.get(name)
