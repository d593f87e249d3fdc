# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Result files are as their schemas say, in both directions; other files are refused."""

from __future__ import annotations

import json
from pathlib import Path

from evaluation.scenes import two_laps
from helpers import ROOT
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.errors import DataError
from vpr_ros.evaluation.calibrate import fit
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.evaluate import evaluate
from vpr_ros.evaluation.ground_truth_files import ground_truth_of_poses
from vpr_ros.evaluation.replay import replay
from vpr_ros.evaluation.result_files import KINDS, problems, read_result, schema_of
from vpr_ros.settings import Settings


@pytest.fixture(scope='module')
def results(folder, model) -> dict[str, dict]:
    """One result of each kind, as read back from JSON."""
    frames = two_laps()
    truth = ground_truth_of_poses([(f.stamp_ns, f.pose) for f in frames], radius_m=2.5)
    settings = Settings(recent_distance_m=10.0, min_probability=0.5)
    samples = [{'similarity': 0.1 * (i % 7), 'margin': 0.1 * (i % 5), 'sequence': 0.5,
                'spatial_score': None, 'inlier_ratio': None, 'true': i % 7 > 3}
               for i in range(40)]
    found = {
        'evaluation': evaluate(load_dataset(folder), model, Settings()).to_json(),
        'replay': replay(frames, open_recognizer(settings, model=model), truth).to_json(),
        'calibration': fit(samples).to_json(),
    }
    return json.loads(json.dumps(found, allow_nan=False))


@pytest.mark.parametrize('kind', KINDS)
def test_every_field_is_described_and_every_described_field_is_there(results, kind) -> None:
    assert list(problems(results[kind], schema_of(kind), strict=True)) == []
    known = set(schema_of(kind)['properties'])
    assert set(results[kind]) == known - {'ece_on_test'}  # that is in --json, not in the file


def test_a_drive_that_nobody_judged_fits_too(model) -> None:
    for frames in ([], two_laps(poses=False)):
        figures = replay(frames, open_recognizer(Settings(), model=model), None).to_json()
        figures = json.loads(json.dumps(figures, allow_nan=False))
        assert list(problems(figures, schema_of('replay'), strict=True)) == []


@pytest.mark.parametrize('kind', KINDS)
def test_the_page_names_every_field(kind) -> None:
    page = (ROOT / 'docs' / 'evaluation_schema.md').read_text(encoding='utf-8')
    missing = [field for field in _fields(schema_of(kind)) if f'`{field}`' not in page]
    assert missing == []


def _fields(schema) -> set[str]:
    """Names of all fields, those of fields too."""
    found: set[str] = set()
    if isinstance(schema, dict):
        found |= set(schema.get('properties', ()))
        for inner in schema.values():
            found |= _fields(inner)
    if isinstance(schema, list):
        for inner in schema:
            found |= _fields(inner)
    return found


def written(path: Path, value) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_what_is_written_can_be_read(results, tmp_path) -> None:
    for kind in KINDS:
        assert read_result(written(tmp_path / 'r.json', results[kind])) == results[kind]


@pytest.mark.parametrize(('change', 'says'), [
    ({'format': 2}, 'has format 2, this version reads up to 1; install a newer'),
    ({'format': 'x'}, "format is 'x', expected 1"),
    ({'kind': 'other'}, "kind 'other'"),
    ({'queries': -1}, 'queries is -1, out of range'),
    ({'queries': True}, 'queries is bool'),
    ({'loop_closures': {}}, r'loop_closures\.\w+ is missing'),
    ({'distance_unit': 'ft'}, "distance_unit is 'ft'"),
    ({'samples': [{'true': 1}]}, r'samples\[0\]'),
    ({'precision_recall': {'auc': 'much'}}, 'precision_recall'),
])
def test_what_does_not_fit_is_said_in_one_sentence(results, tmp_path, change, says) -> None:
    path = written(tmp_path / 'r.json', {**results['replay'], **change})
    with pytest.raises(DataError, match=says) as error:
        read_result(path)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(('text', 'says'), [
    ('{', 'no valid JSON'), ('[]', 'list found'), ('{}', 'of kind None'), ('3', 'int found'),
])
def test_what_is_no_result_is_refused(tmp_path, text, says) -> None:
    with pytest.raises(DataError, match=says):
        read_result(written(tmp_path / 'r.json', text))
    with pytest.raises(DataError, match='cannot be read'):
        read_result(tmp_path / 'missing.json')


def test_unknown_fields_of_a_later_version_are_ignored(results, tmp_path) -> None:
    path = written(tmp_path / 'r.json', {**results['replay'], 'new': 1})
    assert read_result(path, ('replay',))['new'] == 1
    with pytest.raises(DataError, match='expected evaluation'):
        read_result(path, ('evaluation',))
