# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every backbone and every aggregation of the tables becomes a file that agrees with torch."""

from __future__ import annotations

import cv2
import numpy as np
import onnx
import pytest
import torch

from training import checkpoint
from training.aggregations.registry import AGGREGATIONS, make_aggregation, Options
from training.architectures.base import Architecture
from training.architectures.cct import CCT14
from training.architectures.dinov2 import DinoV2
from training.architectures.registry import ARCHITECTURES, make_architecture
from training.architectures.vit import ViTB16
from training.checkpoints.network import DescriptorNetwork
from training.cli import main
from training.export import export
from training.model import Architecture as Trained
from training.model import PlaceNetwork
from training.storage import SCHEMES
from vpr_ros.errors import ConfigError
from vpr_ros.model import load_model

# deeper and wider members of a family repeat the same parts
CHEAP = [name for name in ARCHITECTURES
         if not name.startswith(('resnet101', 'resnet152', 'resnet34', 'dinov2_vitb'))]
TOKENS = ('cls', 'seqpool')  # what a convolutional network does not have
PAIRS = [(backbone, aggregation) for backbone in ('cct14_384', 'resnet18conv4')
         for aggregation in AGGREGATIONS
         if backbone == 'cct14_384' or aggregation not in TOKENS]


def short(name: str) -> Architecture:
    """Make a backbone; transformers with one block of their many."""
    if name.startswith('vit'):
        return ViTB16(name, 24 if name.endswith('384') else 14, blocks=1)
    if name.startswith('cct'):
        return CCT14(blocks=1)
    if name.startswith('dinov2'):
        return DinoV2(name, name.removeprefix('dinov2_'), blocks=1)
    return make_architecture(name)


def lively(module: torch.nn.Module) -> torch.nn.Module:
    """With statistics in its batch normalisations as training leaves them."""
    for norm in module.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(torch.as_tensor(norm.running_var), 0.5, 1.5)
            torch.nn.init.normal_(torch.as_tensor(norm.running_mean), std=0.1)
    return module


def network_of(backbone: str, aggregation: str) -> DescriptorNetwork:
    torch.manual_seed(0)
    body = short(backbone)
    lively(body)
    head = make_aggregation(aggregation, body.channels, Options(clusters=3))
    return DescriptorNetwork(body, head.module, body.normalisation, takes=head.takes)


def exported(network, size, path, storage='float16'):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    parity = export(network, *size, path, [image], storage)['global']
    assert parity.cosine > 0.9999 and parity.difference < 1e-4
    return parity


@pytest.mark.parametrize('backbone', CHEAP)
def test_every_backbone(tmp_path, backbone):
    tokens = backbone.startswith(('vit', 'cct', 'dinov2'))
    aggregation = 'cls' if tokens else 'gem'
    size = (56, 84) if backbone.startswith('dinov2') else (64, 96)
    exported(network_of(backbone, aggregation), size, tmp_path / 'm.onnx')


@pytest.mark.parametrize('backbone, aggregation', PAIRS)
def test_every_aggregation(tmp_path, backbone, aggregation):
    exported(network_of(backbone, aggregation), (64, 96), tmp_path / 'm.onnx')


TRAINED = [('resnet18conv5', 'crn', 8), ('mobilenetv3conv5', 'gem', 0), ('alexnet', 'rrm', 8),
           ('vgg16', 'netvlad', 8), ('cct14_384', 'seqpool', 8)]


@pytest.mark.parametrize('backbone, aggregation, dim', TRAINED)
def test_the_networks_that_are_trained(tmp_path, backbone, aggregation, dim):
    torch.manual_seed(0)
    network = PlaceNetwork(Trained(backbone=backbone, aggregation=aggregation, dim=dim, reduced=0,
                                   clusters=2)).eval()
    lively(network)
    exported(network, (64, 96), tmp_path / 'm.onnx', 'compact')


def test_from_a_checkpoint_to_the_robot(tmp_path, capsys):
    """Any architecture, by the command; patches only where NetVLAD makes them."""
    network = PlaceNetwork(Trained(backbone='resnet18conv4', aggregation='gem', dim=0, reduced=0))
    lively(network)
    checkpoint.save(tmp_path / 'net.pt', checkpoint.network_state(network.eval()))
    rng = np.random.default_rng(0)
    for part in ('database', 'queries'):
        (tmp_path / 'set' / part).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / 'set' / part / 'a.png'),
                    rng.integers(0, 256, (64, 96, 3), np.uint8))
    (tmp_path / 'set' / 'ground_truth.csv').write_text('query,correct_database\na.png,a.png\n')
    (tmp_path / 'recipe.yaml').write_text('architecture: {backbone: resnet18conv4, aggregation: '
                                          'gem, dim: 0, reduced: 0}\n'
                                          'initial_weights: torchvision\n')
    command = ['export', '--model', str(tmp_path / 'net.pt'), '--recipe',
               str(tmp_path / 'recipe.yaml'), '--out', str(tmp_path / 'm.onnx'), '--height', '64',
               '--width', '96', '--check-images', str(tmp_path / 'set')]
    assert main([*command, '--patches', '2']) == 1
    assert 'this network aggregates by gem;' in capsys.readouterr().err
    assert main(command) == 0
    model = load_model(str(tmp_path / 'm.onnx'), provider='cpu', threads=1)
    assert model.card.global_dim == 256
    assert model.card.raw['initialised_from'][0]['source'] == 'torchvision'
    image = rng.integers(0, 256, (64, 96, 3), np.uint8)
    with torch.no_grad():
        expected = network(torch.from_numpy(image[None]))[0].numpy()
    assert model.describe(image).global_descriptor @ expected > 0.9999


@pytest.mark.parametrize('storage', SCHEMES)
@pytest.mark.parametrize('backbone', ['vit_b16', 'mobilenetv3conv4'])
def test_every_storage(tmp_path, storage, backbone):
    """Transformers have matrices that the exporter turns round, large enough for int8."""
    path = tmp_path / 'm.onnx'
    parity = exported(network_of(backbone, 'gem'), (64, 96), path, storage)
    held = sum(t.data_type == onnx.TensorProto.FLOAT16 for t in onnx.load(str(path)).graph.
               initializer)
    assert bool(held) == (storage != 'float32')
    if storage == 'float32':
        assert parity.cosine_float32 > 0.99999


def test_smaller_storage_makes_a_smaller_file(tmp_path):
    sizes = []
    for storage in ('float32', 'float16', 'compact'):
        exported(network_of('vit_b16', 'cls'), (64, 96), tmp_path / 'm.onnx', storage)
        sizes.append((tmp_path / 'm.onnx').stat().st_size)
    assert sizes[0] > 1.7 * sizes[1] > 1.7 * 1.4 * sizes[2]


def test_other_names_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no storage named 'float8'; known: compact"):
        exported(network_of('alexnet', 'mac'), (64, 96), tmp_path / 'm.onnx', 'float8')
