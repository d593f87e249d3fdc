# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Occlusion maps find what a descriptor rests on; pictures of them; the command and the report."""

from __future__ import annotations

import json

from evaluation.scenes import seen_again, write
from helpers import place_image
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.cli.main import main
from vpr_ros.errors import ConfigError
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.evaluate import evaluate
from vpr_ros.evaluation.explain import explain_image, explain_result, extremes
from vpr_ros.evaluation.heat_picture import heat_over, side_by_side
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.occlusion import GREY, occlusion_map
from vpr_ros.evaluation.report import write_report
from vpr_ros.settings import Settings


def corner_only(image):
    """Look at one corner of 20x20 pixels, and a little at a constant."""
    vector = np.append(image[:20, :20].reshape(-1, 3).mean(0), 60.0)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 100, (60, 80, 3), np.uint8)


def test_only_what_is_looked_at_is_warm(image):
    found = occlusion_map(corner_only, image, square=0.25, overlap=3)
    assert found.square_px == 15 and found.similarity is None
    heat = found.per_pixel()
    assert heat.shape == (60, 80) and heat.max() == heat[:20, :20].max() > 0.05
    assert (heat[35:] == 0).all() and (heat[:, 35:] == 0).all()


def test_the_sign_says_for_or_against_the_match(image):
    match = corner_only(image)
    assert (occlusion_map(corner_only, image, match=match).change >= -1e-6).all()
    grey = np.full_like(image, GREY)  # hiding makes the image more like this one
    found = occlusion_map(corner_only, image, match=corner_only(grey))
    assert found.change.min() < -0.01 and found.change.max() < 1e-6
    assert found.similarity == pytest.approx(float(match @ corner_only(grey)))


def by_hand(describe, image, found, match):
    """Each square alone, hidden in a copy."""
    rows = []
    for top in found.tops:
        row = []
        for left in found.lefts:
            hidden = image.copy()
            for y in range(found.square_px):
                hidden[top + y, left:left + found.square_px] = GREY
            after = describe(hidden)
            row.append(describe(image) @ match - after @ match if match is not None
                       else np.linalg.norm(after - describe(image)))
        rows.append(row)
    return np.array(rows)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(4, 40), width=st.integers(4, 40), square=st.floats(0.05, 1),
       overlap=st.integers(1, 3), with_match=st.booleans())
def test_squares_cover_every_pixel_and_do_what_they_say(height, width, square, overlap,
                                                        with_match):
    rng = np.random.default_rng(height * width)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    weights = rng.normal(size=(height * width * 3, 4))

    def describe(pixels):
        vector = pixels.reshape(-1) @ weights
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    match = describe(255 - image) if with_match else None
    found = occlusion_map(describe, image, match=match, square=square, overlap=overlap)
    assert found.tops[0] == found.lefts[0] == 0
    assert found.tops[-1] + found.square_px == height
    assert found.lefts[-1] + found.square_px == width
    assert max(np.diff(found.tops), default=0) <= max(1, -(-found.square_px // overlap))
    np.testing.assert_allclose(found.change, by_hand(describe, image, found, match), atol=1e-5)
    heat = found.per_pixel()
    assert np.isfinite(heat).all()
    assert found.change.min() - 1e-5 <= heat.min() and heat.max() <= found.change.max() + 1e-5


@pytest.mark.parametrize('square, overlap', [(0, 2), (1.2, 2), (0.2, 0)])
def test_squares_out_of_range(image, square, overlap):
    with pytest.raises(ConfigError, match='expected more than 0 and up to 1'):
        occlusion_map(corner_only, image, square=square, overlap=overlap)


def test_colours_and_their_scale():
    image = np.full((40, 60, 3), 90, np.uint8)
    heat = np.zeros((40, 60), np.float32)
    heat[:20], heat[20:] = 1.0, -1.0
    picture = heat_over(image, heat, signed=True).astype(int)
    assert picture.shape[0] == 40 and picture.shape[1] > 60  # the bar
    assert picture[5, 5, 0] > picture[5, 5, 2] + 40  # red above 0
    assert picture[35, 5, 2] > picture[35, 5, 0] + 40  # blue below
    assert picture[0, -1, 0] > picture[0, -1, 2] and picture[-1, -1, 2] > picture[-1, -1, 0]
    weak = heat_over(image, heat, signed=True, limit=10.0).astype(int)
    assert abs(weak[5, 5] - weak[35, 5]).max() < abs(picture[5, 5] - picture[35, 5]).max() / 3
    unsigned = heat_over(image, np.abs(heat) * np.linspace(0, 1, 60, dtype=np.float32),
                         signed=False).astype(int)
    assert (np.diff(unsigned[5, :60].sum(1)) >= -1).all()  # brighter with heat


def test_panels_have_one_height_and_their_captions():
    small, large = np.zeros((30, 40, 3), np.uint8), np.zeros((600, 400, 3), np.uint8)
    made = side_by_side([('a', small), ('a caption that is much too long for it ' * 5, large)],
                        height_px=300)
    assert made.shape[1] == 400 + 200 + 3 * 8
    assert (made[:20, 10:30] < 128).any() and (made[:20, 420:600] < 128).any()
    assert (made[:, 408:416] == 255).all()


def test_a_model_explains_at_its_own_size(model):
    explained = explain_image(model, place_image(1), seen_again(1), overlap=1)
    assert explained.image.shape == (48, 64, 3)
    a, b = (model.describe(image).global_descriptor for image in (place_image(1), seen_again(1)))
    assert explained.occlusion.similarity == pytest.approx(float(a @ b), abs=1e-5)
    assert 'similarity' in explained.sentence() and 'of 64x48' in explained.sentence()
    alone = explain_image(model, place_image(1), overlap=1)
    assert 'changes the descriptor most' in alone.sentence()
    assert alone.picture().shape[1] < explained.picture().shape[1]


def test_the_command_writes_a_picture(model, tmp_path, capsys):
    for name, image in (('a.png', place_image(1)), ('b.png', seen_again(1))):
        write(tmp_path / name, image)
    out = tmp_path / 'new' / 'heat.png'
    base = ['model', 'explain', str(model.card.onnx_path), str(tmp_path / 'a.png')]
    assert main([*base, '--match', str(tmp_path / 'b.png'), '--out', str(out), '--json',
                 str(tmp_path / 'heat.json')]) == 0
    assert 'hiding a square of 10 px' in capsys.readouterr().out
    assert read_image(out).shape[0] > 300
    told = json.loads((tmp_path / 'heat.json').read_text())
    assert told['square_px'] == 10 and 0 < told['similarity'] <= 1
    assert np.isfinite(told['change']).all()
    assert main([*base, '--out', str(tmp_path / 'heat.unknown')]) == 1
    assert 'name a .png' in capsys.readouterr().err
    assert main([*base, '--out', str(out), '--square', '2']) == 1
    assert 'expected more than 0' in capsys.readouterr().err


def test_the_report_shows_mistakes_and_successes(model, folder, tmp_path):
    result = evaluate(load_dataset(folder), model, Settings(rerank='none'))
    chosen = extremes(result, 2)
    right = [outcome for outcome in chosen if outcome.correct]
    assert len(right) == 2 and all(outcome.expected is not None for outcome in chosen)
    assert right[0].probability >= right[1].probability
    explanations = explain_result(result, model, 2)
    assert [e.correct for e in explanations] == [outcome.correct for outcome in chosen]
    page = write_report(result, tmp_path, explanations=explanations).read_text('utf-8')
    assert page.count('What the model looked at') == 1
    section = page[page.index('What the model looked at'):page.index('Run configuration')]
    assert section.count('src="data:image/jpeg;base64,') == len(explanations)
    assert f'right: {explanations[-1].query} matched {explanations[-1].match}' in section
    assert 'What the model looked at' not in write_report(result, tmp_path).read_text('utf-8')


def test_explaining_needs_a_report(folder, model, capsys):
    assert main(['evaluate', str(folder), '--model', str(model.card.onnx_path), '--explain',
                 '2']) == 1
    assert 'give a number from 1 and --report' in capsys.readouterr().err


def test_pictures_made_elsewhere_stand_in_the_report(model, folder, tmp_path, capsys):
    picture = tmp_path / '<curves>.png'
    write(picture, place_image(3))
    command = ['evaluate', str(folder), '--model', str(model.card.onnx_path), '--figure',
               str(picture)]
    assert main(command) == 1
    assert 'give --report' in capsys.readouterr().err
    assert main([*command, '--report', str(tmp_path)]) == 0
    page = (tmp_path / 'report.html').read_text('utf-8')
    figures = page[page.index('>Figures<'):page.index('Run configuration')]
    assert '&lt;curves&gt;.png' in figures and figures.count('src="data:image/jpeg') == 1
    picture.unlink()
    assert main([*command, '--report', str(tmp_path)]) == 1
    assert 'curves' in capsys.readouterr().err
