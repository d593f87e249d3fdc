# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SqueezeNet against the file its weights come from, run by another run time."""

from __future__ import annotations

from helpers import shared
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from training.architectures.squeezenet import SqueezeNet
from training.backbones import backbone_entry
from training.normalisation import CAFFE, IMAGENET, Normalise
from training.onnx_weights import load_backbone, load_squeezenet
from vpr_ros.errors import ConfigError, ModelError

WEIGHTS = ('weights', 'squeezenet1_1_imagenet_fp16.onnx')


@pytest.mark.shared
@pytest.mark.parametrize('size', [(224, 224), (240, 320), (97, 131)])
def test_features_equal_those_of_the_onnx_file(tmp_path, size):
    model = onnx.load(str(shared(*WEIGHTS)))
    # cut at the last features, widened to float32 so that only the network is compared
    graph = model.graph
    for tensor in graph.initializer:
        wide = onnx.numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(onnx.numpy_helper.from_array(wide, tensor.name))
    del graph.output[:], graph.input[:]
    float32 = onnx.TensorProto.FLOAT
    graph.input.append(onnx.helper.make_tensor_value_info('data_0', float32, [1, 3, *size]))
    graph.output.append(onnx.helper.make_tensor_value_info('fire9/concat_1', float32, None))
    names = [node.name or node.output[0] for node in graph.node]
    del graph.node[names.index('fire9/concat_1') + 1:]
    del graph.value_info[:]
    cut = tmp_path / 'cut.onnx'
    model.ir_version = 8
    onnx.save(model, str(cut))

    pixels = np.random.default_rng(0).uniform(-120, 130, (1, 3, *size)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(cut), providers=['CPUExecutionProvider'])
    expected = session.run(None, {'data_0': pixels})[0]
    network = SqueezeNet()
    load_backbone(network, shared(*WEIGHTS))
    with torch.no_grad():
        found = network(torch.from_numpy(pixels)).numpy()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_names_are_those_of_torchvision():
    keys = SqueezeNet().state_dict().keys()
    assert {'features.0.weight', 'features.3.squeeze.weight', 'features.12.expand3x3.bias'} <= keys
    assert len(keys) == 2 * (1 + 8 * 3)


def test_ceil_mode_changes_only_the_grid():
    pixels = torch.zeros(1, 3, 240, 320)
    assert SqueezeNet()(pixels).shape == (1, 512, 14, 19)
    assert SqueezeNet(ceil_mode=True)(pixels).shape[1] == 512


@pytest.mark.parametrize('convention', [CAFFE, IMAGENET])
def test_normalise_against_its_definition(convention):
    image = np.random.default_rng(1).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    found = Normalise(convention)(torch.from_numpy(image)).numpy()
    ordered = image[..., ::-1] if convention.order == 'bgr' else image
    expected = (ordered.astype(np.float64) - convention.mean) / convention.std
    np.testing.assert_allclose(found, expected.transpose(0, 3, 1, 2), rtol=1e-5, atol=1e-5)


def test_weights_that_do_not_fit_are_named(tmp_path):
    path = tmp_path / 'other.onnx'
    helper = onnx.helper
    graph = helper.make_graph([], 'empty', [], [])
    onnx.save(helper.make_model(graph), str(path))
    with pytest.raises(ModelError, match=r'no tensor .conv1_w_0'):
        load_squeezenet(SqueezeNet(), path)
    path.write_bytes(b'no protobuf')
    with pytest.raises(ModelError, match='cannot be read as ONNX'):
        load_squeezenet(SqueezeNet(), path)


def test_unknown_backbone_lists_the_known():
    with pytest.raises(ConfigError, match='squeezenet1_1'):
        backbone_entry('resnet9000')
