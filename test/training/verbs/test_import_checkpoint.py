# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command around the importer: what it says, what it refuses, what it leaves behind."""

from __future__ import annotations

import json
import os

import cv2
import numpy as np
import pytest
import torch

from training.cli import main
from vpr_ros.model.card import load_card


@pytest.fixture
def folder(tmp_path):
    """Make a pytorch-NetVlad checkpoint on AlexNet, and a folder with two pictures."""
    torch.manual_seed(0)
    state = {}
    for index, shape in {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3),
                         8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}.items():
        state[f'encoder.{index}.weight'] = torch.randn(shape) * 0.05
        state[f'encoder.{index}.bias'] = torch.randn(shape[0]) * 0.1
    state['pool.conv.weight'], state['pool.centroids'] = torch.randn(2, 256, 1, 1), \
        torch.randn(2, 256) * 0.05
    torch.save({'epoch': 1, 'state_dict': state}, tmp_path / 'best.pth.tar')
    (tmp_path / 'pictures' / 'day').mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ('day/0.png', '1.jpg'):
        cv2.imwrite(str(tmp_path / 'pictures' / name),
                    rng.integers(0, 256, (100, 140, 3), np.uint8))
    return tmp_path


def command(folder, *options, checkpoint='best.pth.tar'):
    return main(['import-checkpoint', str(folder / checkpoint), '--out',
                 str(folder / 'out' / 'mine.onnx'), '--check-images', str(folder / 'pictures'),
                 '--size', '96x128', *options])


def test_the_card_carries_the_preprocessing(folder, capsys):
    assert command(folder, '--licence', 'MIT') == 0
    shown = capsys.readouterr().out
    assert 'alexnet and NetVLAD with 2 clusters of pytorch-NetVlad' in shown
    assert '96x128 (area) -> 512' in shown and 'global: Parity(cosine=' in shown
    card = load_card(folder / 'out' / 'mine.onnx')
    card.check_file()
    assert (card.name, card.height, card.width, card.interpolation) == ('mine', 96, 128, 'area')
    assert card.licence == 'MIT' and card.raw['results']['export']['global']['cosine'] > 0.9999
    assert card.onnx_path.stat().st_size < 0.55 * (folder / 'best.pth.tar').stat().st_size


@pytest.mark.parametrize('options, sentence', [
    (['--family', 'cosplace'], 'is of pytorch-NetVlad, but --family says CosPlace'),
    (['--patches', '2'], 'they need a NetVLAD layer and its whitening'),
    (['--size', '8x8'], 'has no feature left of an image of 8x8'),
    (['--pca', 'none.pkl'], 'there is no file none.pkl'),
    (['--check-images', 'nowhere'], 'there is no folder nowhere'),
])
def test_what_does_not_fit_is_one_sentence(folder, capsys, options, sentence):
    assert command(folder, *options) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count('\n') == 1
    assert not (folder / 'out' / 'mine.onnx').exists()


def test_a_size_that_is_none_is_wrong_usage(folder, capsys):
    with pytest.raises(SystemExit):
        command(folder, '--size', 'large')
    assert 'image_size' in capsys.readouterr().err


def test_a_folder_without_pictures(folder, capsys):
    (folder / 'empty').mkdir()
    assert command(folder, '--check-images', str(folder / 'empty')) == 1
    assert 'has no images (.jpg' in capsys.readouterr().err


class Harm:
    """Makes a file when something runs what its pickle says."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize('new', [True, False])
def test_nothing_in_a_checkpoint_is_run(folder, capsys, new):
    mark = folder / 'harm'
    held = torch.load(folder / 'best.pth.tar', weights_only=True)
    torch.save({**held, 'extra': Harm(mark)}, folder / 'harm.pth',
               _use_new_zipfile_serialization=new)
    assert command(folder, checkpoint='harm.pth') == 1
    assert 'made to do harm' in capsys.readouterr().err
    assert not mark.exists() and not (folder / 'out').exists()


def test_nothing_in_separate_components_is_run(folder, capsys):
    import pickle
    mark = folder / 'harm'
    (folder / 'pca.pkl').write_bytes(pickle.dumps(Harm(mark)))
    assert command(folder, '--pca', str(folder / 'pca.pkl')) == 1
    assert 'expected a PCA of scikit-learn' in capsys.readouterr().err
    assert not mark.exists()


def test_results_can_be_read_by_other_programs(folder):
    assert command(folder) == 0
    raw = json.loads((folder / 'out' / 'mine.json').read_text())
    assert raw['initialised_from'][0]['source'] == 'pytorch-NetVlad'
    assert raw['licence'].startswith('not stated')
