# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The original .mat, written here as MatConvNet lays it out, against its own D x K forward."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat
import torch
from torch.nn import functional

from training.checkpoints.importer import import_checkpoint
from vpr_ros.errors import ModelError

CHANNELS = (3, 64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512)
CLUSTERS, DIM = 3, 6
AVERAGE = np.array([123.7, 116.8, 103.9])


def cell(items):
    array = np.empty((1, len(items)), object)
    for index, item in enumerate(items):
        array[0, index] = item
    return array


def vgg_layers(rng):
    """conv, relu and pool layers up to conv5_3, without what follows it."""
    layers, inputs = [], 3
    for channels in CHANNELS[1:]:
        if not channels:
            layers.append({'type': 'pool', 'name': 'pool'})
            continue
        scale = (2 / (9 * inputs)) ** 0.5 * (1 / 60 if inputs == 3 else 1)
        kernel = rng.normal(size=(3, 3, inputs, channels), scale=scale).astype(np.float32)
        bias = rng.normal(size=(1, channels), scale=0.1).astype(np.float32)
        layers += [{'type': 'conv', 'name': 'conv', 'weights': cell([kernel, bias])},
                   {'type': 'relu', 'name': 'relu'}]
        inputs = channels
    return layers[:-1]


def write(path, layers, average):
    net = {'layers': cell(layers), 'meta': {'normalization': {'averageImage': average}}}
    savemat(path, {'net': net})
    return path


@pytest.fixture(scope='module')
def network():
    rng = np.random.default_rng(0)
    layers = vgg_layers(rng)
    assert len(layers) == 29
    scores = rng.normal(size=(512, CLUSTERS)).astype(np.float32)
    minus_centres = rng.normal(size=(512, CLUSTERS), scale=0.05).astype(np.float32)
    whitening = rng.normal(size=(1, 1, 512 * CLUSTERS, DIM), scale=0.1).astype(np.float32)
    bias = rng.normal(size=(1, DIM), scale=0.1).astype(np.float32)
    layers += [
        {'type': 'custom', 'name': 'preL2'},
        {'type': 'custom', 'name': 'vlad:core', 'weights': cell([scores[None, None],
                                                                 minus_centres[None, None]])},
        {'type': 'custom', 'name': 'vlad:intranorm'}, {'type': 'custom', 'name': 'postL2'},
        {'type': 'conv', 'name': 'WPCA', 'weights': cell([whitening, bias])},
        {'type': 'custom', 'name': 'finalL2'},
    ]
    return layers, scores, minus_centres, whitening, bias


def original(layers, scores, minus_centres, image):
    """Return the un-whitened vector, channel by channel: index d * K + k."""
    x = (torch.from_numpy(image).double() - torch.from_numpy(AVERAGE)).permute(0, 3, 1, 2).float()
    for layer in layers[:29]:
        if layer['type'] == 'conv':
            kernel, bias = layer['weights'][0]
            weight = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
            x = functional.conv2d(x, weight, torch.from_numpy(bias[0]), padding=1)
        else:
            x = x.relu() if layer['type'] == 'relu' else functional.max_pool2d(x, 2)
    features = functional.normalize(x)[0].flatten(1).T.numpy()
    assignment = np.exp(features @ scores)
    assignment /= assignment.sum(1, keepdims=True)
    vlad = np.zeros((512, CLUSTERS))
    for feature, weights in zip(features, assignment, strict=True):
        vlad += weights * (feature[:, None] + minus_centres)
    vlad /= np.linalg.norm(vlad, axis=0)
    return vlad.ravel() / np.linalg.norm(vlad)


@pytest.mark.parametrize('average', [AVERAGE.reshape(1, 1, 3), np.tile(AVERAGE, (4, 5, 1))])
def test_with_whitening(tmp_path, network, average, on_the_robot):
    layers, scores, minus_centres, whitening, bias = network
    imported = import_checkpoint(write(tmp_path / 'VGG16-NetVLAD.mat', layers, average),
                                 size=(32, 48))
    assert (imported.origin, imported.dim) == ('NetVLAD', DIM)
    assert imported.network.aggregation.clusters == CLUSTERS
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 48, 3), np.uint8)
    expected = original(layers, scores, minus_centres, image) @ whitening[0, 0] + bias[0]
    found = imported.network(torch.from_numpy(image))[0].detach()
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), rtol=1e-3, atol=2e-5)
    found = on_the_robot(tmp_path / 'VGG16-NetVLAD.mat', torch.from_numpy(image), '--family',
                         'netvlad')[0]
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), rtol=1e-3, atol=2e-5)


def test_without_whitening_the_order_becomes_cluster_by_cluster(tmp_path, network):
    layers, scores, minus_centres, *_ = network
    path = write(tmp_path / 'net.mat', layers[:33], AVERAGE.reshape(1, 1, 3))
    imported = import_checkpoint(path, size=(32, 48))
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 48, 3), np.uint8)
    expected = original(layers, scores, minus_centres, image).reshape(512, CLUSTERS).T.ravel()
    found = imported.network(torch.from_numpy(image))[0].detach()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-5)
    assert 'cluster by cluster' in imported.notes[0]


def test_other_files_are_refused(tmp_path):
    path = tmp_path / 'w.mat'
    path.write_bytes(b'nothing of MATLAB')
    with pytest.raises(ModelError, match='cannot be read as a MatConvNet network'):
        import_checkpoint(path)
    savemat(path, {'dbStruct': {'x': 1}})
    with pytest.raises(ModelError, match='cannot be read as a MatConvNet network'):
        import_checkpoint(path)
    savemat(path, {'net': {'layers': cell([{'type': 'conv'}] * 3), 'meta': 1}})
    with pytest.raises(ModelError, match='is no VGG-16 with NetVLAD'):
        import_checkpoint(path)
    header = b'MATLAB 7.3 MAT-file, Platform: GLNXA64'.ljust(116) + bytes(8) + b'\x00\x02IM'
    path.write_bytes(header + bytes(512))
    with pytest.raises(ModelError, match='save it with -v7'):
        import_checkpoint(path)
    path.unlink()
    with pytest.raises(ModelError, match='there is no file'):
        import_checkpoint(path)
