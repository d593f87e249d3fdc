# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ONNX session: same numbers as the definition, the provider that was got, clear refusals."""

from __future__ import annotations

import json

from helpers import place_image, tiny_model, write_card
import numpy as np
import pytest

from vpr_ros.errors import ImageError, ModelError
from vpr_ros.model import load_card, load_model
from vpr_ros.model.session import _provider_warning, resize


def _describe_by_definition(image, cell=8):
    rows, columns = image.shape[0] // cell, image.shape[1] // cell
    blocks = np.zeros((3, rows, columns))
    for c in range(3):
        for r in range(rows):
            for k in range(columns):
                block = image[r * cell:(r + 1) * cell, k * cell:(k + 1) * cell, c]
                blocks[c, r, k] = block.astype(float).mean() - 127.3
    flat = blocks.ravel()
    return flat / np.linalg.norm(flat)


def test_describe_equals_the_definition(tmp_path):
    model = load_model(str(tiny_model(tmp_path)))
    image = place_image(3, height=48, width=64)
    found = model.describe(image).global_descriptor
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, _describe_by_definition(image), atol=1e-5)
    assert model.provider == 'CPUExecutionProvider'


def test_images_of_any_size_are_resized(tmp_path):
    model = load_model(str(tiny_model(tmp_path)))
    small = model.describe(place_image(3, height=48, width=64)).global_descriptor
    large = model.describe(place_image(3, height=480, width=640)).global_descriptor
    assert float(small @ large) > 0.99


def test_resize_rules():
    image = place_image(1, height=96, width=128)
    assert resize(image, 96, 128, 'area') is image
    averaged = resize(image, 48, 64, 'area').astype(int)
    oracle = image.reshape(48, 2, 64, 2, 3).astype(float).mean((1, 3))
    assert np.abs(averaged - oracle).max() <= 1
    assert resize(image, 200, 64, 'area').shape == (200, 64, 3)


@pytest.mark.parametrize(
    'image',
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32),
     np.zeros((0, 4, 3), np.uint8)],
)
def test_other_arrays_are_refused(tmp_path, image):
    model = load_model(str(tiny_model(tmp_path)))
    with pytest.raises(ImageError, match='expected uint8'):
        model.describe(image)


def test_a_card_that_does_not_fit_is_refused(tmp_path):
    path = tiny_model(tmp_path)
    write_card(path, height=48, width=64, global_dim=145)
    with pytest.raises(ModelError, match=r"output 'global' has shape \[1, 144\]"):
        load_model(str(path))
    write_card(path, height=48, width=80, global_dim=144)
    with pytest.raises(ModelError, match=r'its card says \[1, 48, 80, 3\]'):
        load_model(str(path))


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / 'noise.onnx'
    path.write_bytes(b'not a model')
    write_card(path, height=48, width=64, global_dim=4)
    with pytest.raises(ModelError, match='onnxruntime cannot load'):
        load_model(str(path))


def test_cuda_that_is_not_there_falls_back_and_says_why(tmp_path):
    model = load_model(str(tiny_model(tmp_path)), provider='cuda')
    if model.provider == 'CUDAExecutionProvider':
        assert model.warning == ''
    else:
        assert 'CUDAExecutionProvider was asked for' in model.warning
        assert model.provider == 'CPUExecutionProvider'


def test_provider_warnings():
    cpu, cuda = 'CPUExecutionProvider', 'CUDAExecutionProvider'
    assert _provider_warning('cpu', [cpu], cpu) == ''
    assert _provider_warning('auto', [cpu], cpu) == ''  # a CPU build was chosen on purpose
    assert _provider_warning('cuda', [cuda, cpu], cuda) == ''
    assert 'does not have it' in _provider_warning('cuda', [cpu], cpu)
    assert 'could not be started' in _provider_warning('auto', [cuda, cpu], cpu)


def test_unknown_provider(tmp_path):
    with pytest.raises(ModelError, match="provider 'tpu' is not one of"):
        load_model(str(tiny_model(tmp_path)), provider='tpu')


def test_card_survives_as_json(tmp_path):
    card = load_card(tiny_model(tmp_path))
    assert json.loads(json.dumps(dict(card.raw)))['name'] == 'tiny'
