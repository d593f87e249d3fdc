# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An exported file computes what torch computes with the weights that the file holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import onnx
import pytest
import torch

from training import export as exporting
from training.card import write_card
from training.export import check_parity, export, rounded, to_onnx
from training.model import Architecture, PlaceNetwork
from training.storage import quantise_rows, storage_of, stored_value
from vpr_ros.errors import ModelError
from vpr_ros.model.session import Model

SIZE = (64, 96)


@pytest.fixture(scope='module')
def network() -> PlaceNetwork:
    torch.manual_seed(0)
    # wide enough that the projection is stored as int8
    return PlaceNetwork(Architecture(reduced=64, clusters=32, dim=512)).eval()


@pytest.fixture(scope='module')
def images() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8) for _ in range(3)]


@pytest.fixture(scope='module')
def exported(network, images, tmp_path_factory):
    path = tmp_path_factory.mktemp('model') / 'tiny.onnx'
    return path, export(network, *SIZE, path, images)


def test_parity(exported):
    _, parities = exported
    assert list(parities) == ['global']
    parity = parities['global']
    assert parity.cosine > 0.99999
    assert parity.difference < 1e-5
    assert 0.999 < parity.cosine_float32 <= 1.0001


def test_contract_of_the_file(exported):
    path, _ = exported
    model = onnx.load(str(path))
    image, found = model.graph.input[0], model.graph.output[0]
    assert [image.name, found.name] == ['image', 'global']
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert [d.dim_value for d in image.type.tensor_type.shape.dim] == [1, *SIZE, 3]
    assert [d.dim_value for d in found.type.tensor_type.shape.dim] == [1, 512]
    kinds = {t.data_type for t in model.graph.initializer}
    assert {onnx.TensorProto.INT8, onnx.TensorProto.FLOAT16} <= kinds
    weights = 2048 * 512 + 2 * 722_496  # int8 projection, float16 convolutions
    assert path.stat().st_size < 1.2 * weights


def test_the_robot_loads_it_with_its_card(exported, network, images):
    path, _ = exported
    written = write_card(path, name='tiny', height=SIZE[0], width=SIZE[1], dim=512,
                         initialised_from=[], training_data=[], training={}, results={})
    model = Model(written, provider='cpu', threads=1)
    found = model.describe(images[0]).global_descriptor
    with torch.no_grad():
        expected = rounded(network)(torch.from_numpy(images[0][None]))[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)


def test_other_weights_are_refused_and_removed(exported, network, images, tmp_path, monkeypatch):
    other = PlaceNetwork(network.architecture).eval()
    with pytest.raises(ModelError, match='disagrees with torch'):
        check_parity(other, exported[0], images)
    monkeypatch.setattr(exporting, 'to_onnx', lambda _, *where: to_onnx(other, *where))
    path = tmp_path / 'wrong.onnx'
    with pytest.raises(ModelError, match='does not compute what was trained'):
        export(network, *SIZE, path, images)
    assert not path.exists()


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 6), columns=st.integers(1, 9), seed=st.integers(0, 1000),
       size=st.floats(1e-6, 1e4))
def test_int8_error_is_at_most_half_a_step(rows, columns, seed, size):
    matrix = (np.random.default_rng(seed).standard_normal((rows, columns)) * size)
    matrix = matrix.astype(np.float32)
    matrix[0] = 0
    codes, scale = quantise_rows(matrix)
    assert codes.dtype == np.int8
    assert (np.abs(codes * scale - matrix) <= scale * 0.5001).all()


def test_which_storage():
    assert storage_of(np.zeros((512, 4096), np.float32)) == 'int8'
    assert storage_of(np.zeros((64, 3, 3, 3), np.float32)) == 'float16'
    assert storage_of(np.zeros((4, 12, 64), np.float32)) == 'int8'  # one matrix for each cluster
    assert storage_of(np.zeros(512, np.float32)) == 'float32'
    assert storage_of(np.zeros((512, 4096), np.int64)) == 'float32'
    small = np.array([1 / 3], np.float32)
    assert stored_value(small) is small
