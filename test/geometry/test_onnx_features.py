# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Local features from a network made on the fly, and networks of another form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vpr_ros.errors import ModelError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import extract
from vpr_ros.geometry.onnx_features import OnnxFeatures
from vpr_ros.geometry.relative_poses import relative_poses_of
from vpr_ros.settings import Settings

onnx = pytest.importorskip('onnx')


def network(folder: Path, *, channels: int = 1, names: tuple[str, str, str] = (
        'keypoints', 'descriptors', 'scores'), values: float = 0.5) -> Path:
    """Three keypoints at fixed pixels of 64x48, whose scores ascend with the image's mean."""
    from onnx import helper, numpy_helper, TensorProto

    points = np.array([[[10, 20], [30, 5], [60, 40]]], np.float32)
    descriptors = np.eye(3, 8, dtype=np.float32)[None] * values / 0.5
    nodes = [
        helper.make_node('ReduceMean', ['image'], ['mean'], keepdims=0),
        helper.make_node('Mul', ['mean', 'rising'], [names[2]]),
        helper.make_node('Identity', ['points'], [names[0]]),
        helper.make_node('Identity', ['codes'], [names[1]]),
    ]
    graph = helper.make_graph(
        nodes, 'tiny',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, [1, channels, 48, 64])],
        [helper.make_tensor_value_info(names[0], TensorProto.FLOAT, [1, 3, 2]),
         helper.make_tensor_value_info(names[1], TensorProto.FLOAT, [1, 3, 8]),
         helper.make_tensor_value_info(names[2], TensorProto.FLOAT, [3])],
        [numpy_helper.from_array(points, 'points'), numpy_helper.from_array(descriptors, 'codes'),
         numpy_helper.from_array(np.array([1, 3, 2], np.float32), 'rising')])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9)
    path = folder / 'tiny.onnx'
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize('channels', [1, 3])
def test_keypoints_come_back_in_pixels_of_the_image(tmp_path: Path, channels: int) -> None:
    detect = OnnxFeatures(network(tmp_path, channels=channels), threads=1)
    image = np.full((96, 128, 3), 200, np.uint8)
    points, descriptors = detect(image, 2)  # the two of the highest score
    np.testing.assert_allclose(points, [[60.5, 10.5], [120.5, 80.5]])
    np.testing.assert_array_equal(descriptors, np.eye(3, 8)[[1, 2]])
    camera = CameraModel.of(width=128, height=96, k=[100, 0, 60.5, 0, 100, 10.5, 0, 0, 1])
    features = extract(image, camera, most=3, detect=detect, kind=detect.kind)
    np.testing.assert_allclose(features.rays[1], [0, 0], atol=1e-6)
    assert features.kind == detect.kind and detect.kind.startswith('tiny:')
    assert len(detect.kind.encode()) <= 16


def test_other_networks_are_explained(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match='cannot be read'):
        OnnxFeatures(tmp_path / 'none.onnx')
    (tmp_path / 'text.onnx').write_text('no network')
    with pytest.raises(ModelError, match='is no ONNX network'):
        OnnxFeatures(tmp_path / 'text.onnx')
    with pytest.raises(ModelError, match='expected one image'):
        OnnxFeatures(network(tmp_path, names=('a', 'b', 'c')))
    detect = OnnxFeatures(network(tmp_path, values=float('nan')))
    with pytest.raises(ModelError, match='finite'):
        detect(np.zeros((48, 64, 3), np.uint8), 5)


def test_settings_choose_the_detector(tmp_path: Path) -> None:
    assert relative_poses_of(Settings()) is None
    assert relative_poses_of(Settings(relative_pose=True)) is not None
    path = str(network(tmp_path))
    assert relative_poses_of(Settings(relative_pose=True, local_features=path)) is not None
