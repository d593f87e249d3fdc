# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the evidence for a match to the probability that it is true, and what to blame if not.

Logistic models: ``global`` for matches that were not re-ranked (similarity, margin, sequence) and
``spatial`` for those that were (the same, the spatial score and the inlier ratio). Where a
calibration holds ``global_distance`` and ``global_time`` (``spatial_distance``, ``spatial_time``),
these judge the matches whose similarity along the line was measured, by distance travelled or by
time (:mod:`vpr_ros.decision.line`): by time, a sequence agrees by chance more often. No weight
is negative, so more evidence never lowers the probability. The models are fitted by
:mod:`vpr_ros.evaluation.calibrate` and travel in the model card or in a ``calibration.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import json
import math
from pathlib import Path
from typing import Any, TYPE_CHECKING

from vpr_ros.decision.features import (
    FEATURES,
    features_of,
    GLOBAL_FEATURES,
    kind_of,
    SPATIAL_FEATURES,
)
from vpr_ros.errors import ConfigError
from vpr_ros.types import Match, Reason

if TYPE_CHECKING:
    from vpr_ros.model import ModelCard

FORMAT = 1
MAX_FILE_BYTES = 1024 * 1024
DOMINATES = 0.5  # share of the lost log-odds from which one kind of evidence is to blame

_BLAME = {
    'similarity': Reason.LOW_SIMILARITY,
    'margin': Reason.AMBIGUOUS,
    'sequence': Reason.NO_SEQUENCE_SUPPORT,
    'sequence_run': Reason.NO_SEQUENCE_SUPPORT,
    'line': Reason.NO_SEQUENCE_SUPPORT,
    'spatial_score': Reason.SPATIALLY_INCONSISTENT,
    'inlier_ratio': Reason.SPATIALLY_INCONSISTENT,
}


@dataclass(frozen=True)
class LogisticModel:
    """probability = 1 / (1 + exp(-(intercept + sum of weight * feature))).

    Attributes:
        features: names, in the order of the other fields.
        weights: log-odds per unit, none negative.
        intercept: log-odds when every feature is 0.
        typical: median of each feature among true matches, the yardstick of :meth:`shortfalls`.
        neutral: value that stands in for a feature that was not measured.
    """

    features: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    typical: tuple[float, ...]
    neutral: tuple[float, ...]

    def log_odds(self, values: Mapping[str, float | None]) -> float:
        """Log-odds of a match being true, in nat."""
        return self.intercept + sum(
            weight * value for weight, value in zip(self.weights, self._fill(values), strict=True)
        )

    def probability(self, values: Mapping[str, float | None]) -> float:
        """Probability in [0, 1] of a match being true."""
        log_odds = self.log_odds(values)
        if log_odds >= 0:
            return 1.0 / (1.0 + math.exp(-min(log_odds, 700.0)))
        return math.exp(log_odds) / (1.0 + math.exp(log_odds))

    def shortfalls(self, values: Mapping[str, float | None]) -> dict[str, float]:
        """Log-odds that each measured feature costs against its typical value, none negative."""
        rows = zip(self.features, self.weights, self.typical, self._fill(values), strict=True)
        return {
            name: max(0.0, weight * (usual - value)) for name, weight, usual, value in rows
            if values.get(name) is not None
        }

    def _fill(self, values: Mapping[str, float | None]) -> list[float]:
        found = (values.get(name) for name in self.features)
        return [spare if value is None or math.isnan(value) else value
                for value, spare in zip(found, self.neutral, strict=True)]


@dataclass(frozen=True)
class Calibration:
    """Probability and blame for matches.

    Attributes:
        models: ``global`` and, where they were fitted, others of :data:`FEATURES`.
        source: where the numbers come from, for reports.
        about: how it was fitted (samples, expected calibration error), for reports.

    Example:
        >>> from vpr_ros.types import Match, Place
        >>> strong = Match(Place(1, 1, 0), similarity=0.9, outside_similarity=0.3)
        >>> GENERIC.probability(strong) > 0.5
        True
    """

    models: Mapping[str, LogisticModel]
    source: str = ''
    about: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of_card(card: ModelCard) -> Calibration:
        """Return the calibration in a model's card; :data:`GENERIC` where it brings none.

        Raises:
            ConfigError: the card's field is no calibration.
        """
        if card.calibration is None:
            return GENERIC
        return from_json(card.calibration, name=f'the card of model {card.name!r}')

    @staticmethod
    def load(path: Path | str) -> Calibration:
        """Read a ``calibration.json``.

        Raises:
            ConfigError: the file is missing, no JSON or no calibration.
        """
        return load_calibration(path)

    def model_for(self, match: Match) -> LogisticModel:
        """``spatial`` for a re-ranked match where there is one, else ``global``.

        Where the similarity along the line was measured, the model that weighs it, if there is
        one: ``global_distance`` or ``global_time``, ``spatial_distance`` or ``spatial_time``.
        """
        spatial = match.spatial is not None and 'spatial' in self.models
        plain = self.models['spatial' if spatial else 'global']
        if match.line_similarity is None:
            return plain
        return self.models.get(kind_of(spatial=spatial, by_distance=match.by_distance), plain)

    def probability(self, match: Match) -> float:
        """Probability in [0, 1] that the match shows the query's place."""
        return self.model_for(match).probability(features_of(match))

    def strength(self, match: Match) -> float:
        """Return what matches of one query are ordered by, in [0, 1].

        It is the probability without the similarity along the line, which neighbouring places
        share, so that it tells well whether the best match is right, but not which is the best.
        """
        return self.probability(replace(match, line_similarity=None))

    def blame(self, match: Match) -> Reason:
        """Name the evidence to blame for a low probability.

        Each kind of evidence is charged with the log-odds that it falls short of its typical
        value among true matches. The kind that causes at least half of the whole shortfall is
        the reason; when none does, LOW_PROBABILITY.
        """
        charges: dict[Reason, float] = {}
        for name, cost in self.model_for(match).shortfalls(features_of(match)).items():
            charges[_BLAME[name]] = charges.get(_BLAME[name], 0.0) + cost
        reason = max(charges, key=lambda key: charges[key])
        total = sum(charges.values())
        if total <= 0 or charges[reason] < DOMINATES * total:
            return Reason.LOW_PROBABILITY
        return reason

    def to_json(self) -> dict[str, Any]:
        """Return the form of ``calibration.json`` and of the card's field ``calibration``."""
        models = {
            name: {
                'features': list(model.features), 'weights': list(model.weights),
                'intercept': model.intercept, 'typical': list(model.typical),
                'neutral': list(model.neutral),
            }
            for name, model in self.models.items()
        }
        return {'format': FORMAT, 'kind': 'calibration', 'source': self.source,
                'about': dict(self.about), 'models': models}


def from_json(raw: Any, *, name: str = 'calibration') -> Calibration:
    """Read the form that :meth:`Calibration.to_json` writes.

    Args:
        raw: the decoded JSON.
        name: what to call it in an error: a path, or the model whose card holds it.

    Raises:
        ConfigError: a field is missing or out of range, or the format is another.
    """
    try:
        if raw['format'] != FORMAT:
            raise ValueError(f'format {raw["format"]!r} found, this version reads {FORMAT}')
        models = {kind: _model(kind, body) for kind, body in raw['models'].items()}
        if 'global' not in models:
            raise ValueError("the model 'global' is missing")
        return Calibration(models, str(raw.get('source', '')), dict(raw.get('about', {})))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        text = f'the field {error} is missing' if isinstance(error, KeyError) else str(error)
        raise ConfigError(f'{name} is no calibration: {text}; write one with `vpr calibrate`') \
            from error


def load_calibration(path: Path | str) -> Calibration:
    """Read a ``calibration.json``.

    Raises:
        ConfigError: the file is missing, no JSON or no calibration.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f'{path} is no calibration: larger than {MAX_FILE_BYTES} bytes')
        raw = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigError(
            f'the calibration {path} cannot be read ({error.strerror}); write one with '
            f'`vpr calibrate`'
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f'{path} is no valid JSON ({error}); write it again with '
                          f'`vpr calibrate`') from error
    return from_json(raw, name=str(path))


def _model(kind: str, body: Mapping[str, Any]) -> LogisticModel:
    if kind not in FEATURES:
        raise ValueError(f'unknown model {kind!r}, expected one of {", ".join(FEATURES)}')
    features = tuple(body['features'])
    if features != FEATURES[kind]:
        raise ValueError(f'{kind}.features {features} found, expected {FEATURES[kind]}')
    rows = {}
    for name in ('weights', 'typical', 'neutral'):
        rows[name] = tuple(float(value) for value in body[name])
        if len(rows[name]) != len(features) or not all(map(math.isfinite, rows[name])):
            raise ValueError(f'{kind}.{name} must be {len(features)} finite numbers')
    intercept = float(body['intercept'])
    if not math.isfinite(intercept) or min(rows['weights']) < 0:
        raise ValueError(f'{kind}: weights must not be negative and the intercept finite')
    return LogisticModel(features, rows['weights'], intercept, rows['typical'], rows['neutral'])


# For models that bring no calibration of their own: right in order, rough in value. Rounded from
# a fit to three data sets (a corridor, the floors of a tower, two laps of a track) with one
# untrained model; the margin carried over between them, the level of similarity did not. No
# re-ranked matches were among them: the weights of the spatial evidence are an estimate.
GENERIC = Calibration(
    {
        'global': LogisticModel(
            GLOBAL_FEATURES, (4.0, 10.0, 5.0), -7.4, (0.6, 0.3, 0.95), (0.45, 0.15, 0.9)),
        'spatial': LogisticModel(
            SPATIAL_FEATURES, (3.0, 6.0, 4.0, 8.0, 2.0), -9.0,
            (0.6, 0.3, 0.95, 0.5, 0.4), (0.45, 0.15, 0.9, 0.3, 0.25)),
    },
    source='generic: not fitted to this model; run `vpr calibrate` for probabilities to rely on',
)
