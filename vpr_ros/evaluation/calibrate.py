# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit the probability to result files: which evidence came with right and with wrong matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vpr_ros.decision.calibration import Calibration, FEATURES, features_of, LogisticModel
from vpr_ros.errors import DataError
from vpr_ros.evaluation.calibration_error import CalibrationError
from vpr_ros.evaluation.logistic import fit_logistic
from vpr_ros.evaluation.result_files import read_json
from vpr_ros.types import Match

Sample = Mapping[str, Any]  # the features of a best match, and ``true``
MIN_SAMPLES = 20
MIN_OF_EACH = 5


def sample_of(match: Match, *, true: bool) -> dict[str, Any]:
    """One row of ``samples`` in a result file: the evidence, and whether the match is right."""
    row: dict[str, Any] = {
        name: None if value is None else round(value, 6)
        for name, value in features_of(match).items()
    }
    return {**row, 'true': true}


def samples_of_file(path: Path) -> list[Sample]:
    """Rows of ``samples`` in a JSON that ``vpr evaluate`` or ``vpr replay`` wrote.

    Raises:
        DataError: the file is missing, no JSON, newer than this version, or holds no samples.
    """
    raw = read_json(path)
    try:
        return [{**{name: _number(row, name) for name in FEATURES['spatial']},
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
    """Fit both logistic models.

    ``global`` learns from every sample, so that it holds for matches that were not re-ranked;
    ``spatial`` from those with a spatial score, where there are enough.

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
        rows = [s for s in samples if kind == 'global' or s.get('spatial_score') is not None]
        true = sum(bool(row['true']) for row in rows)
        if len(rows) < MIN_SAMPLES or min(true, len(rows) - true) < MIN_OF_EACH:
            if kind == 'spatial':
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
