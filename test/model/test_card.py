# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Model cards: what is read, and the sentence for everything that is wrong."""

from __future__ import annotations

import json

from helpers import tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from vpr_ros.errors import ModelError
from vpr_ros.model import find_card, list_cards, load_card


def _change(path, **fields):
    card = path.with_suffix('.json')
    card.write_text(json.dumps({**json.loads(card.read_text()), **fields}))
    return card


def test_a_card_is_read_by_either_name(tmp_path):
    path = tiny_model(tmp_path)
    card = load_card(path)
    assert card == load_card(path.with_suffix('.json'))
    assert (card.height, card.width, card.global_dim) == (48, 64, 144)
    card.check_file()


@pytest.mark.parametrize(
    ('fields', 'said'),
    [
        ({'format': 2}, 'format 2 found, this version reads 1'),
        ({'sha256': 'abc'}, '64 lower-case hexadecimal digits'),
        ({'input': {'height': 48}}, "'width'"),
        ({'input': {'height': 48, 'width': 4}}, 'outside 16..8192'),
        ({'input': {'height': 48, 'width': 64, 'interpolation': 'cubic'}}, "'cubic' is not one"),
        ({'input': {'height': 48, 'width': 64, 'color': 'bgr'}}, 'conversion belongs into'),
        ({'global_dim': 0}, 'global_dim 0 is outside'),
        ({'dimension': 12}, "unknown field 'dimension'"),
        ({'patches': {'2': {'grid': [2, 2], 'dim': 8, 'centers_px': [[1, 1]]}}}, 'shape (1, 2)'),
        ({'calibration': 3}, 'calibration must be an object'),
        ({'rerank': {'weights': {'2': 1}}}, "'similarity_weight'"),
        ({'rerank': {'weights': {'3': 1}, 'similarity_weight': 0}}, 'names patch size 3'),
        ({'rerank': {'weights': {'2': 0}, 'similarity_weight': 0}}, 'not all weights 0'),
        ({'rerank': {'weights': {'2': 1}, 'similarity_weight': -1}}, 'similarity_weight -1'),
    ],
)
def test_what_is_wrong_is_said(tmp_path, fields, said):
    card = _change(tiny_model(tmp_path), **fields)
    with pytest.raises(ModelError) as error:
        load_card(card)
    assert said in str(error.value)
    assert str(card) in str(error.value)


def test_a_changed_file_is_refused(tmp_path):
    path = tiny_model(tmp_path)
    path.write_bytes(path.read_bytes() + b'x')
    with pytest.raises(ModelError, match='has sha256'):
        load_card(path).check_file()


def test_a_missing_card_or_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r'nothing\.json cannot be read'):
        load_card(tmp_path / 'nothing.onnx')
    path = tiny_model(tmp_path)
    card = load_card(path)
    path.unlink()
    with pytest.raises(ModelError, match=r'tiny\.onnx is missing'):
        card.check_file()


def test_an_unknown_name_lists_the_bundled_models():
    with pytest.raises(ModelError, match="no model named 'nonesuch'; bundled: "):
        find_card('nonesuch')


def test_bundled_models_are_what_their_cards_say():
    for card in list_cards():
        card.check_file()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(['format', 'name', 'sha256', 'input', 'global_dim', 'licence', 'patches',
                         '2', 'grid', 'height']), inner, max_size=8),
    max_leaves=12).map(lambda value: json.dumps(value).encode()))
def test_rubbish_is_a_model_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp('cards') / 'rubbish.json'
    path.write_bytes(content)
    with pytest.raises(ModelError):
        load_card(path)
