# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit the probability to result files: which evidence came with right and with wrong matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vpr_ros.decision.calibration import Calibration, LogisticModel
from vpr_ros.decision.features import FEATURES, features_of, kind_of
from vpr_ros.errors import DataError
from vpr_ros.evaluation.calibration_error import CalibrationError
from vpr_ros.evaluation.logistic import fit_logistic
from vpr_ros.evaluation.result_files import read_json
from vpr_ros.types import Match

Sample = Mapping[str, Any]  # the features of a best match, and ``true``
NAMES = tuple(dict.fromkeys(name for names in FEATURES.values() for name in names))
MIN_SAMPLES = 20
MIN_OF_EACH = 5


def sample_of(match: Match, *, true: bool) -> dict[str, Any]:
    """One row of ``samples`` in a result file: the evidence, and whether the match is right."""
    row: dict[str, Any] = {
        name: None if value is None else round(value, 6)
        for name, value in features_of(match).items()
    }
    return {**row, 'by_distance': match.by_distance, 'true': true}


def samples_of_file(path: Path) -> list[Sample]:
    """Rows of ``samples`` in a JSON that ``vpr evaluate`` or ``vpr replay`` wrote.

    Raises:
        DataError: the file is missing, no JSON, newer than this version, or holds no samples.
    """
    raw = read_json(path)
    try:
        return [{**{name: _number(row, name) for name in NAMES},
                 'by_distance': bool(row.get('by_distance', True)),
                 'true': bool(row['true'])} for row in raw['samples']]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f'{path} holds no usable samples ({error!r}); give the --json file of `vpr evaluate` '
            f'or `vpr replay`'
        ) from error


def fit(
    samples: Sequence[Sample], *, penalty: float = 1.0, true_share: float | None = None,
    source: str = '',
) -> Calibration:
    """Fit every model of :data:`FEATURES` that there are samples for.

    ``global`` learns from every sample, so that it holds for matches that were not re-ranked;
    ``spatial`` from those with a spatial score, where there are enough. The models with the line
    learn from the samples that measured it, by distance or by time. Where those by time have a
    model of their own, the two plain ones leave them out, as long as enough others remain.

    Args:
        samples: features and ``true``; see :func:`sample_of`.
        penalty: strength of the regularisation.
        true_share: share of true matches among the best matches where the robot will drive;
            None takes that of the samples.
        source: where the samples come from, for reports.

    Raises:
        DataError: too few samples, or of one kind only.
    """
    models, about = {}, {}
    for kind, names in FEATURES.items():
        rows = samples_for(kind, samples)
        true = sum(bool(row['true']) for row in rows)
        if not _enough(rows):
            if kind != 'global':
                continue
            raise DataError(
                f'{len(rows)} samples with {true} true and {len(rows) - true} wrong matches '
                f'found, at least {MIN_SAMPLES} with {MIN_OF_EACH} of each expected; add results '
                f'of drives that revisit places and of places that look alike'
            )
        models[kind] = _fit_model(rows, names, penalty, true_share)
        about[kind] = {'samples': len(rows), 'true': true,
                       'ece_on_fit': expected_error(models[kind], rows)}
    return Calibration(models, source, about)


def samples_for(kind: str, samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples that a model learns from, see :func:`fit`."""
    spatial = kind.startswith('spatial')
    rows = [row for row in samples if not spatial or row.get('spatial_score') is not None]
    by_time = kind_of(spatial=spatial, by_distance=False)
    measured: dict[str, list[Sample]] = {}
    for row in rows:
        if row.get('line') is not None:
            name = kind_of(spatial=spatial, by_distance=row.get('by_distance', True))
            measured.setdefault(name, []).append(row)
    if kind not in ('global', 'spatial'):
        return measured.get(kind, [])
    if _enough(measured.get(by_time, [])):
        others = [row for row in rows
                  if row.get('line') is None or row.get('by_distance', True)]
        if _enough(others):
            return others
    return rows


def _enough(rows: Sequence[Sample]) -> bool:
    true = sum(bool(row['true']) for row in rows)
    return len(rows) >= MIN_SAMPLES and min(true, len(rows) - true) >= MIN_OF_EACH


def expected_error(model: LogisticModel, samples: Sequence[Sample]) -> float | None:
    """Return a model's expected calibration error on samples; see :class:`CalibrationError`."""
    metric = CalibrationError()
    for row in samples:
        metric.update(model.probability(row), correct=bool(row['true']))
    return metric.compute()['ece']


def _fit_model(
    rows: Sequence[Sample], names: tuple[str, ...], penalty: float, true_share: float | None
) -> LogisticModel:
    labels = np.asarray([bool(row['true']) for row in rows])
    table = np.asarray(
        [[np.nan if row[name] is None else row[name] for name in names] for row in rows],
        np.float64,
    )
    typical = _medians(table[labels])
    neutral = (typical + _medians(table[~labels])) / 2
    filled = np.where(np.isnan(table), neutral, table)
    solution = fit_logistic(filled, labels, penalty=penalty)
    intercept = float(solution[-1])
    if true_share is not None:  # Bayes: only the prior odds change
        prior = float(labels.mean())
        intercept += _logit(true_share) - _logit(prior)
    weights = tuple(float(w) for w in solution[:-1])
    return LogisticModel(names, weights, intercept, tuple(typical.tolist()),
                         tuple(neutral.tolist()))


def _medians(table: np.ndarray) -> np.ndarray:
    """Median of each column, 0 for one that was never measured."""
    columns = (column[~np.isnan(column)] for column in table.T)
    return np.asarray([np.median(column) if column.size else 0.0 for column in columns])


def _logit(share: float) -> float:
    return float(np.log(share / (1.0 - share)))


def _number(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None else float(value)
