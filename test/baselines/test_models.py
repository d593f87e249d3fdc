# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison models: learned, written, opened as any model, and refused when they are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
from helpers import place_image
import numpy as np
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.baselines.learning import k_majority, whitening
from vpr_ros.baselines.writing import make_comparison
from vpr_ros.cli.main import main
from vpr_ros.errors import DataError, ModelError
from vpr_ros.model import load_card, load_model
from vpr_ros.model.card import COMPARISONS
from vpr_ros.settings import Settings
from vpr_ros.types import Frame


@pytest.fixture(scope='module')
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('pictures')
    for number in range(14):
        cv2.imwrite(str(folder / f'{number:02}.png'), place_image(number, height=120, width=160))
    return folder


@pytest.fixture(scope='module')
def models(pictures: Path, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp('models')
    return {kind: make_comparison(kind, folder / f'{kind}.json', sorted(pictures.iterdir()),
                                  size=(64, 32) if kind == 'thumbnail' else (160, 120),
                                  words=6, dim=5)
            for kind in COMPARISONS}


@pytest.mark.parametrize('kind', COMPARISONS)
def test_every_kind_tells_places_apart_in_the_pipeline(models: dict[str, Path], kind: str):
    recognizer = open_recognizer(Settings(model=str(models[kind])))
    places = range(100, 106)
    for number in places:
        answer = recognizer.process(Frame(place_image(number, height=240, width=320),
                                          (number + 1) * 10**9, travelled_m=20.0 * number))
        assert answer.place_id
    for rank, number in enumerate(places, start=1):
        image = place_image(number, height=240, width=320)
        darker = (image * 0.8).astype(np.uint8)
        assert recognizer.recognize(darker).matches[0].place.place_id == rank


@pytest.mark.parametrize('kind', COMPARISONS)
def test_an_image_without_features_gets_a_finite_direction(models: dict[str, Path], kind: str):
    model = load_model(str(models[kind]))
    found = model.describe(np.full((50, 70, 3), 90, np.uint8)).global_descriptor
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
    assert found.shape == (model.card.global_dim,)


def test_the_same_images_give_the_same_file(models: dict[str, Path], pictures: Path, tmp_path):
    again = make_comparison('bag_of_words', tmp_path / 'bag_of_words.json',
                            sorted(pictures.iterdir()), size=(160, 120), words=6)
    assert load_card(again).sha256 == load_card(models['bag_of_words']).sha256


def test_whitened_vectors_have_unit_covariance():
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(30, 50)) * rng.uniform(0.1, 4, 50)).astype(np.float32)
    rows -= rows.mean(axis=0)
    white = rows @ whitening(rows, 8).T
    np.testing.assert_allclose(white.T @ white / len(rows), np.eye(8), atol=1e-3)
    _, _, vt = np.linalg.svd(rows, full_matrices=False)  # the oracle of the directions
    own = whitening(rows, 8)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs((own * vt[:8]).sum(axis=1)), 1, atol=1e-3)


def test_whitening_says_when_there_is_too_little_variety():
    with pytest.raises(DataError, match='fewer than 3 directions'):
        whitening(np.outer(np.arange(-4, 5), np.ones(6)).astype(np.float32), 3)


def test_k_majority_finds_the_centres_of_tight_groups():
    rng = np.random.default_rng(1)
    centres = rng.integers(0, 256, (3, 32), np.uint8)
    rows = np.repeat(centres, 40, axis=0)
    rows[np.arange(120), rng.integers(0, 32, 120)] ^= 1 << rng.integers(0, 8, 120, np.uint8)
    words = k_majority(rows, 12, seed=2)
    distance = np.unpackbits(centres[:, None] ^ words[None], axis=2).sum(axis=2).min(axis=1)
    assert (distance <= 1).all()


def test_a_changed_file_is_refused(models: dict[str, Path], tmp_path):
    card = tmp_path / 'hog.json'
    card.write_text(models['hog'].read_text())
    card.with_suffix('.npz').write_bytes(b'something else')
    with pytest.raises(ModelError, match='sha256'):
        load_model(str(card))


@pytest.mark.parametrize(('field', 'value', 'sentence'), [
    ('kind', 'gist', "kind 'gist' is not one of"),
    ('global_dim', 7, 'its card says 7'),
    ('input', {'height': 50, 'width': 70}, 'does not divide into squares'),
    ('kind', 'bag_of_words', 'cannot be read'),
    ('kind', 'onnx', 'hog.onnx is missing'),
])
def test_a_card_that_does_not_fit_is_refused(models, tmp_path, field, value, sentence):
    card = tmp_path / 'hog.json'
    card.write_text(json.dumps(json.loads(models['hog'].read_text()) | {field: value}))
    card.with_suffix('.npz').write_bytes(models['hog'].with_suffix('.npz').read_bytes())
    with pytest.raises(ModelError, match=sentence):
        load_model(str(card))


def test_the_verb_learns_a_vocabulary(pictures: Path, tmp_path, capsys):
    out = tmp_path / 'mine.json'
    status = main(['model', 'vocabulary', str(pictures), '--kind', 'bag_of_words', '--words', '8',
                   '--out', str(out), '--about', 'coloured blocks'])
    assert status == 0
    assert 'bag_of_words, 320x240 -> 8 numbers' in capsys.readouterr().out
    assert load_card(out).raw['training_data'] == '14 images: coloured blocks'


@pytest.mark.parametrize(('words', 'sentence'), [
    (['--kind', 'bag_of_words'], 'at least one folder'),
    (['FOLDER', '--kind', 'hog'], 'takes none'),
    (['FOLDER', '--kind', 'rootsift_vlad'], '14 images were found'),
    (['FOLDER', '--kind', 'bag_of_words', '--words', '999999'], 'fewer than the 999999 words'),
    (['--kind', 'hog', '--size', 'big'], 'expected WIDTHxHEIGHT'),
])
def test_the_verb_says_what_is_wrong(pictures, tmp_path, capsys, words, sentence):
    words = [str(pictures) if word == 'FOLDER' else word for word in words]
    assert main(['model', 'vocabulary', *words, '--out', str(tmp_path / 'm.json')]) == 1
    assert sentence in capsys.readouterr().err
