# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions as int8: with calibration images, measured recall, or not at all."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import onnx
import pytest
import torch

from training import checkpoint
from training.cli import main
from training.evaluate import onnx_describer
from training.export import export
from training.model import Architecture, PlaceNetwork
from training.quantise import export_int8
from training.quantise_command import Int8Options, replace_by_int8
from training.sources import ground_truth_folder
from vpr_ros.errors import ConfigError, ModelError
from vpr_ros.model.card import load_card

HEIGHT, WIDTH = 64, 96
CONVOLUTIONS = 26  # of SqueezeNet's crop, with the reduction


def images(seed, count):
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 8, 12, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 8, 1), 8, 2)


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return PlaceNetwork(Architecture(reduced=32, clusters=4, dim=16)).eval()


@pytest.fixture
def dataset(tmp_path):
    """Six places, each asked for by a slightly darker picture of itself."""
    folder = tmp_path / 'set'
    rows = []
    for part in ('database', 'queries'):
        (folder / part).mkdir(parents=True)
        for number, image in enumerate(images(1, 6)):
            pixels = image if part == 'database' else (image * 0.9).astype(np.uint8)
            cv2.imwrite(str(folder / part / f'{number}.png'), pixels)
    rows = [['query', 'correct_database'], *([f'{n}.png', f'{n}.png'] for n in range(6))]
    with (folder / 'ground_truth.csv').open('w', newline='') as file:
        csv.writer(file).writerows(rows)
    return folder


@pytest.fixture(scope='module')
def int8_file(network, tmp_path_factory):
    path = tmp_path_factory.mktemp('model') / 'int8.onnx'
    assert export_int8(network, HEIGHT, WIDTH, path, list(images(0, 8))) == CONVOLUTIONS
    return path


def test_convolutions_are_int8_and_the_aggregation_is_not(int8_file):
    graph = onnx.load(str(int8_file)).graph
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == 'Conv':
            source = made.get(node.input[1])
            whole = '/aggregation/' in node.name
            assert (source is not None and source.op_type == 'DequantizeLinear') != whole
            if not whole:
                codes = stored[source.input[0]]
                assert codes.dtype == np.int8
                assert len(stored[source.input[1]]) == len(codes)  # a scale an output channel
    assert [path.name for path in int8_file.parent.iterdir()] == ['int8.onnx']


def test_it_describes_nearly_as_the_float_file(network, int8_file, tmp_path):
    whole = tmp_path / 'whole.onnx'
    export(network, HEIGHT, WIDTH, whole, list(images(0, 2)))
    there = images(3, 4)
    expected, found = onnx_describer(whole)(there), onnx_describer(int8_file)(there)
    cosines = (expected * found).sum(1)
    assert (cosines > 0.9).all() and (cosines < 1 - 1e-6).any()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


def test_without_calibration_images_it_is_refused(network, tmp_path):
    path = tmp_path / 'int8.onnx'
    with pytest.raises(ConfigError, match='calibration images; found 0, expected at least 8'):
        export_int8(network, HEIGHT, WIDTH, path, [])
    assert not path.exists()


def test_a_network_without_convolutions_is_refused(tmp_path):
    class Flat(torch.nn.Module):

        def forward(self, image):
            return torch.nn.functional.normalize(image.float().flatten(1), dim=1)

    path = tmp_path / 'int8.onnx'
    with pytest.raises(ConfigError, match='has no convolutions'):
        export_int8(Flat(), HEIGHT, WIDTH, path, list(images(0, 8)))
    assert not list(tmp_path.iterdir())


def test_too_large_a_loss_leaves_no_file(network, dataset, tmp_path):
    path = tmp_path / 'm.onnx'
    options = Int8Options(dataset, images=8, max_loss=-1.1)
    export(network, HEIGHT, WIDTH, path, list(images(0, 2)))
    with pytest.raises(ModelError, match=r'loses .* of recall@1 on set'):
        replace_by_int8(network, path, ground_truth_folder(dataset), height=HEIGHT, width=WIDTH,
                        storage='compact', options=options)
    assert not list(tmp_path.glob('*.onnx'))


def test_the_command_measures_and_the_card_says_so(network, dataset, tmp_path, capsys):
    checkpoint.save(tmp_path / 'net.pt', checkpoint.network_state(network))
    recipe = tmp_path / 'recipe.yaml'
    recipe.write_text('sources: []\n')
    options = ['export', '--model', str(tmp_path / 'net.pt'), '--recipe', str(recipe), '--out',
               str(tmp_path / 'm.onnx'), '--height', str(HEIGHT), '--width', str(WIDTH),
               '--check-images', str(dataset), '--int8-calibration', str(dataset),
               '--int8-images', '8']
    assert main([*options, '--update-card']) == 1
    assert 'leave --update-card out' in capsys.readouterr().err
    assert main([*options, '--max-recall-loss', '1']) == 0
    shown = capsys.readouterr().out
    assert f'int8: {CONVOLUTIONS} convolutions, ranges from 8 of set; recall@1/5/10' in shown
    assert 'times as fast' in shown
    card = load_card(tmp_path / 'm.onnx')
    card.check_file()
    told = card.raw['results']['int8']
    assert told['loss_at_1'] == pytest.approx(told['recall_before']['1']
                                              - told['recall_after']['1'], abs=1e-4)
    assert told['recall_before']['1'] > 0.8 and told['speed_ratio'] > 0
