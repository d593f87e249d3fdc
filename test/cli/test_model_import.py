# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr model import``: a foreign model comes in, and maps are built and data scored with it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
from foreign_models import DIM, foreign_model, OPEN
from helpers import place_image
import numpy as np
from onnx import helper
import pytest

from vpr_ros.cli.main import main

PLACES = 6


def run(capsys: pytest.CaptureFixture, *words: object) -> tuple[int, str, str]:
    """Run ``vpr WORDS``; returns (status, standard output, standard error)."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def made_data(folder: Path) -> Path:
    """Make a data set whose queries are its database, a little brighter."""
    for kind, offset in (('database', 0), ('queries', 1)):
        (folder / kind).mkdir(parents=True)
        for place in range(PLACES):
            picture = np.minimum(place_image(place), 254) + np.uint8(offset)
            cv2.imwrite(str(folder / kind / f'{place}.png'), picture)
    rows = [f'{place}.png,{place}.png' for place in range(PLACES)]
    (folder / 'ground_truth.csv').write_text('query,correct_database\n' + '\n'.join(rows) + '\n')
    return folder


def test_import_check_evaluate_and_build(tmp_path: Path, capsys) -> None:
    data, report = made_data(tmp_path / 'data'), tmp_path / 'import.json'
    foreign = foreign_model(tmp_path, name='cosplace', shape=OPEN)
    status, out, error = run(capsys, 'model', 'import', foreign, '--height', 48, '--width', 64,
                             '--licence', 'MIT', '--out', tmp_path / 'runs', '--json', report)
    assert (status, error) == (0, '')
    model = tmp_path / 'runs' / 'cosplace.onnx'
    lines = out.splitlines()
    assert lines[0] == (
        'cosplace: float32 (1, 3, H, W) of 64x48, rgb, white 1, mean 0.485 0.456 0.406, std 0.229 '
        f'0.224 0.225 -> {DIM} numbers, normalisation added')
    assert 'answers 4 images as cosplace.onnx does' in lines[1]
    assert 'cosine 1.000000' in lines[1]
    assert lines[2:4] == [f'  {model}', f'  {model.with_suffix(".json")}']
    assert lines[4].startswith('cosplace: sha256, inputs, outputs and lengths are those of the ca')
    assert lines[5] == f'next: vpr evaluate MY_DATASET --model {model}'
    written = json.loads(report.read_text())
    assert written['cosine'] > 0.9999
    assert written['model'] == json.loads(model.with_suffix('.json').read_text())
    assert run(capsys, 'model', 'check', model)[0] == 0

    status, out, _ = run(capsys, 'evaluate', data, '--model', model, '--no-cache')
    assert status == 0
    assert 'R@1 1.000' in out
    status, out, _ = run(capsys, 'map', 'build', data, '--model', model, '--set',
                         'keyframe_interval_s=0', '--out', tmp_path / 'site.vprmap')
    assert status == 0
    assert f'{PLACES} places in 1 session' in out


def test_probabilities_are_named_as_such(tmp_path: Path, capsys) -> None:
    foreign = foreign_model(tmp_path, end=[helper.make_node(
        'Softmax', ['pooled'], ['descriptor'], axis=1)])
    status, out, _ = run(capsys, 'model', 'import', foreign, '--licence', 'MIT', '--out',
                         tmp_path / 'runs')
    assert status == 0
    assert 'probabilities of a classifier' in out
    assert '--output, one of pooled, positive, features\n' in out


@pytest.mark.parametrize(('words', 'sentence'), [
    (['--width', '64'], 'leaves the height of its images open; say to which size'),
    (['--height', '48', '--width', '64', '--mean', '0', '0', '0'], 'without --std; give both'),
    (['--height', '48', '--width', '64', '--output', 'b'], "has no output 'b'; there are: desc"),
])
def test_what_cannot_be_imported_is_one_sentence(
    tmp_path: Path, capsys, words: list[str], sentence: str,
) -> None:
    foreign = foreign_model(tmp_path, shape=OPEN)
    status, out, error = run(capsys, 'model', 'import', foreign, '--licence', 'MIT', '--out',
                             tmp_path / 'runs', *words)
    assert (status, out) == (1, '')
    assert error.startswith('vpr model import: ')
    assert sentence in error
    assert error.count('\n') == 1
    assert not (tmp_path / 'runs').exists()


@pytest.mark.parametrize(('words', 'sentence'), [
    (['--out', 'runs'], 'required: --licence'), (['--licence', 'MIT'], 'required: --out'),
    (['--out', 'runs', '--licence', 'MIT', '--mean', '0.5'], '--mean: expected 3 arguments'),
    (['--out', 'runs', '--licence', 'MIT', '--color', 'grey'], "invalid choice: 'grey'"),
])
def test_wrong_usage(capsys, words: list[str], sentence: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(['model', 'import', 'foreign.onnx', *words])
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
