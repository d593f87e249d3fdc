# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The commands that draw, from files to files."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from training import checkpoint
from training.card import write_card
from training.cli import main
from training.export import export
from training.model import Architecture, PlaceNetwork

SIZE = (64, 96)


def pictures(seed, count):
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 8, 12, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 8, 1), 8, 2)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Make a checkpoint, its export, and a data set of five places."""
    path = tmp_path_factory.mktemp('drawing')
    torch.manual_seed(0)
    network = PlaceNetwork(Architecture(reduced=16, clusters=2, dim=8)).eval()
    checkpoint.save(path / 'net.pt', checkpoint.network_state(network))
    export(network, *SIZE, path / 'net.onnx', list(pictures(0, 1)))
    write_card(path / 'net.onnx', name='net', height=SIZE[0], width=SIZE[1], dim=8,
               initialised_from=[], training_data=[], training={}, results={})
    for part in ('database', 'queries'):
        (path / 'set' / part).mkdir(parents=True)
        for number, image in enumerate(pictures(1, 5)):
            cv2.imwrite(str(path / 'set' / part / f'{number}.png'), image)
    lines = ['query,correct_database', *(f'{n}.png,{n}.png' for n in range(5))]
    (path / 'set' / 'ground_truth.csv').write_text('\n'.join(lines) + '\n')
    return path


@pytest.mark.parametrize('model, method', [('net.pt', 'occlusion'), ('net.onnx', 'occlusion'),
                                           ('net.pt', 'importance')])
@pytest.mark.parametrize('match', [False, True])
def test_heat_maps(folder, tmp_path, capsys, model, method, match):
    images = folder / 'set' / 'queries'
    out = tmp_path / 'new' / 'heat.png'
    options = ['--match', str(images / '1.png')] if match else []
    assert main(['heatmap', str(images / '0.png'), '--model', str(folder / model), '--method',
                 method, '--overlap', '1', '--square', '0.5', '--height', '64', '--width', '96',
                 '--out', str(out), *options]) == 0
    shown = capsys.readouterr().out
    assert f'wrote {out}' in shown and ('hiding a square' in shown) == (method == 'occlusion')
    wide = cv2.imread(str(out)).shape[1]
    assert (wide > 1300) == match  # three panels of 450 pixels, or two


def test_gradients_of_an_export_are_refused(folder, tmp_path, capsys):
    assert main(['heatmap', str(folder / 'set' / 'queries' / '0.png'), '--model',
                 str(folder / 'net.onnx'), '--method', 'importance', '--out',
                 str(tmp_path / 'heat.png')]) == 1
    assert 'give the checkpoint (.pt), or take --method occlusion' in capsys.readouterr().err


@pytest.mark.parametrize('options', [[], ['--centred'], ['--images', '6']])
def test_embedding_maps(folder, tmp_path, capsys, options):
    out = tmp_path / 'map.png'
    assert main(['embedding', str(folder / 'set'), '--model', str(folder / 'net.onnx'), '--out',
                 str(out), *options]) == 0
    drawn = 3 if '--images' in options else 5
    assert f'{drawn} queries and {drawn} database images of set' in capsys.readouterr().out
    assert cv2.imread(str(out)).shape == (1200, 1600, 3)


def test_curves(tmp_path, capsys):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'metrics.jsonl').write_text('{"step": 1, "loss": 2}\n{"step": 2, "loss":'
                                                    ' 1.5}\n')
    assert main(['curves', str(tmp_path / 'run'), '--out', str(tmp_path / 'c.png')]) == 0
    assert cv2.imread(str(tmp_path / 'c.png')).shape[1] == 620
    assert main(['curves', str(tmp_path / 'run'), '--out', str(tmp_path / 'c.unknown')]) == 1
    assert 'name a .png' in capsys.readouterr().err
