# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of exactly the structures that the projects write, against forwards written out here."""

from __future__ import annotations

import argparse
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.checkpoints.importer import import_checkpoint
from vpr_ros.errors import ConfigError, ModelError

VGG = {0: (64, 3), 2: (64, 64), 5: (128, 64), 7: (128, 128), 10: (256, 128), 12: (256, 256),
       14: (256, 256), 17: (512, 256), 19: (512, 512), 21: (512, 512), 24: (512, 512),
       26: (512, 512), 28: (512, 512)}
SIZE = (48, 64)
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def random(*shape, scale=1.0):
    return torch.randn(*shape) * scale


def convolution(out, inputs, kernel):
    return random(out, inputs, kernel, kernel, scale=(2 / (inputs * kernel * kernel)) ** 0.5)


@pytest.fixture(scope='module')
def vgg():
    torch.manual_seed(0)
    state = {}
    for index, (out, inputs) in VGG.items():
        state[f'{index}.weight'] = convolution(out, inputs, 3)
        state[f'{index}.bias'] = random(out, scale=0.1)
    return state


@pytest.fixture(scope='module')
def alexnet():
    torch.manual_seed(1)
    state = {}
    for index, (out, inputs, kernel) in {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3),
                                         8: (256, 384, 3), 10: (256, 256, 3)}.items():
        state[f'{index}.weight'] = convolution(out, inputs, kernel)
        state[f'{index}.bias'] = random(out, scale=0.1)
    return state


@pytest.fixture(scope='module')
def resnet():
    """ResNet-18 up to conv4, its children numbered."""
    torch.manual_seed(2)
    state = {}

    def norm(name, channels):
        state[f'{name}.weight'], state[f'{name}.bias'] = torch.rand(channels) + 0.5, \
            random(channels)
        state[f'{name}.running_mean'] = random(channels, scale=0.1)
        state[f'{name}.running_var'] = torch.rand(channels) + 0.5
        state[f'{name}.num_batches_tracked'] = torch.tensor(7)

    state['0.weight'] = convolution(64, 3, 7)
    norm('1', 64)
    inputs = 64
    for child, width in ((4, 64), (5, 128), (6, 256)):
        for block in (0, 1):
            name = f'{child}.{block}'
            state[f'{name}.conv1.weight'] = convolution(width, inputs, 3)
            norm(f'{name}.bn1', width)
            state[f'{name}.conv2.weight'] = convolution(width, width, 3)
            norm(f'{name}.bn2', width)
            if inputs != width:
                state[f'{name}.downsample.0.weight'] = convolution(width, inputs, 1)
                norm(f'{name}.downsample.1', width)
            inputs = width
    return state


@pytest.fixture(scope='module')
def image():
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, *SIZE, 3), np.uint8))


def imagenet(image):
    return ((image / 255 - MEAN) / STD).permute(0, 3, 1, 2)


def run_vgg(state, x):
    for index in range(29):
        if index in VGG:
            x = functional.conv2d(x, state[f'{index}.weight'], state[f'{index}.bias'], padding=1)
        else:
            x = functional.max_pool2d(x, 2) if index in (4, 9, 16, 23) else x.relu()
    return x


def run_alexnet(state, x):
    def layer(x, index, stride, padding):
        return functional.conv2d(x, state[f'{index}.weight'], state[f'{index}.bias'], stride,
                                 padding)
    x = functional.max_pool2d(layer(x, 0, 4, 2).relu(), 3, 2)
    x = functional.max_pool2d(layer(x, 3, 1, 2).relu(), 3, 2)
    return layer(layer(layer(x, 6, 1, 1).relu(), 8, 1, 1).relu(), 10, 1, 1)


def run_resnet(state, x):
    def norm(x, name):
        return functional.batch_norm(x, *(state[f'{name}.{part}'] for part in (
            'running_mean', 'running_var', 'weight', 'bias')))
    x = functional.conv2d(x, state['0.weight'], None, 2, 3)
    x = functional.max_pool2d(norm(x, '1').relu(), 3, 2, 1)
    for child in (4, 5, 6):
        for block in (0, 1):
            name, stride = f'{child}.{block}', 2 if child > 4 and not block else 1
            long = functional.conv2d(x, state[f'{name}.conv1.weight'], None, stride, 1)
            long = functional.conv2d(norm(long, f'{name}.bn1').relu(),
                                     state[f'{name}.conv2.weight'], None, 1, 1)
            if f'{name}.downsample.0.weight' in state:
                x = norm(functional.conv2d(x, state[f'{name}.downsample.0.weight'], None, stride),
                         f'{name}.downsample.1')
            x = (norm(long, f'{name}.bn2') + x).relu()
    return x


def netvlad(x, weight, centroids, bias=None, mask=None):
    """Cluster by cluster, location by location."""
    x = functional.normalize(x, dim=1)[0].flatten(1)
    scores = weight.flatten(1) @ x
    assignment = (scores if bias is None else scores + bias[:, None]).softmax(0)
    if mask is not None:
        assignment = assignment * mask.flatten()
    vlad = torch.stack([
        functional.normalize(sum(assignment[k, i] * (x[:, i] - centroids[k])
                                 for i in range(x.shape[1])), dim=0)
        for k in range(len(centroids))
    ])
    return functional.normalize(vlad.flatten(), dim=0)[None]


def layer_of(clusters, channels, scale=20.0):
    torch.manual_seed(3)
    return {'conv.weight': random(clusters, channels, 1, 1, scale=scale / channels**0.5),
            'centroids': random(clusters, channels, scale=1 / channels**0.5)}


def below(prefix, state):
    return {f'{prefix}{name}': value for name, value in state.items()}


def close(found, expected):
    np.testing.assert_allclose(found.detach(), expected, rtol=1e-3, atol=2e-5)


def save(path, content, new=True):
    torch.save(content, path, _use_new_zipfile_serialization=new)
    return path


@pytest.mark.parametrize('dim', [128, 512, 4096])
def test_patch_netvlad_with_whitening(tmp_path, vgg, image, on_the_robot, dim):
    layer = layer_of(2, 512)
    weight, bias = random(dim, 1024, 1, 1, scale=0.1), random(dim, scale=0.1)
    state = {**below('encoder.', vgg), **below('pool.', layer), 'WPCA.0.weight': weight,
             'WPCA.0.bias': bias}
    path = save(tmp_path / f'mapillary_WPCA{dim}.pth.tar', {'num_pcs': dim, 'state_dict': state})
    imported = import_checkpoint(path, size=SIZE)
    assert (imported.origin, imported.dim) == ('Patch-NetVLAD', dim)
    assert imported.card_input()['interpolation'] == 'area'
    vlad = netvlad(run_vgg(vgg, imagenet(image)), layer['conv.weight'], layer['centroids'])
    expected = functional.normalize(functional.conv2d(vlad[..., None, None], weight,
                                                      bias).flatten(1))
    close(imported.network(image), expected)
    close(on_the_robot(path, image, '--family', 'patch-netvlad', '--patches', '2,3'), expected)


@pytest.mark.parametrize('new', [True, False])
def test_pytorch_netvlad_training_checkpoint(tmp_path, alexnet, new, on_the_robot):
    layer = layer_of(3, 256)
    layer['conv.bias'] = random(3)  # vladv2
    state = {f'{name.split(".")[0]}.module.{name.split(".", 1)[1]}': value for name, value in
             {**below('encoder.', alexnet), **below('pool.', layer)}.items()}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], 0.1, momentum=0.9)
    content = {'epoch': 4, 'state_dict': OrderedDict(state), 'parallel': True,
               'recalls': {1: np.float64(0.8)}, 'best_score': np.float64(0.9),
               'optimizer': optimizer.state_dict()}
    imported = import_checkpoint(save(tmp_path / 'model_best.pth.tar', content, new),
                                 size=(68, 88))
    assert (imported.origin, imported.dim) == ('pytorch-NetVlad', 768)
    bigger = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (1, 68, 88, 3), np.uint8))
    expected = netvlad(run_alexnet(alexnet, imagenet(bigger)), *layer.values())
    close(imported.network(bigger), expected)
    close(on_the_robot(tmp_path / 'model_best.pth.tar', bigger, '--family', 'pytorch-netvlad'),
          expected)


def test_openibl_counts_pixels_from_0_to_255(tmp_path, vgg, image, on_the_robot):
    layer = layer_of(2, 512)
    weight, bias = random(5, 1024, 1, 1, scale=0.1), random(5, scale=0.1)
    scaled = {**vgg, '0.weight': vgg['0.weight'] / 60}
    state = {**below('base_model.base.', scaled), **below('net_vlad.', layer),
             'pca_layer.weight': weight, 'pca_layer.bias': bias}
    imported = import_checkpoint(save(tmp_path / 'vgg16_netvlad.pth', state), size=SIZE)
    assert (imported.origin, imported.dim) == ('OpenIBL', 5)
    mean = torch.tensor([0.48501960784313836, 0.4579568627450961, 0.4076039215686255])
    x = ((image / 255 - mean) / (1 / 255)).permute(0, 3, 1, 2)
    vlad = netvlad(run_vgg(scaled, x), layer['conv.weight'], layer['centroids'])
    expected = functional.normalize(vlad @ weight.flatten(1).T + bias)
    close(imported.network(image), expected)
    close(on_the_robot(tmp_path / 'vgg16_netvlad.pth', image, '--family', 'openibl'), expected)
    training = {f'module.{name}': value for name, value in state.items()
                if not name.startswith('pca')}
    path = save(tmp_path / 'model_best.pth.tar', {'state_dict': training, 'epoch': 1,
                                                  'best_recall5': np.float32(0.8)})
    close(import_checkpoint(path, size=SIZE).network(image), vlad)


def gem(x, p):
    return x.clamp(min=1e-6).pow(p).mean((2, 3)).pow(1 / p)


def test_cosplace(tmp_path, resnet, image, on_the_robot):
    weight, bias = random(9, 256), random(9)
    state = {**below('backbone.', resnet), 'aggregation.1.p': torch.tensor([2.5]),
             'aggregation.3.weight': weight, 'aggregation.3.bias': bias}
    imported = import_checkpoint(save(tmp_path / 'resnet18_9.pth', state), size=SIZE)
    assert (imported.origin, imported.dim) == ('CosPlace', 9)
    pooled = gem(functional.normalize(run_resnet(resnet, imagenet(image))), 2.5)
    expected = functional.normalize(pooled @ weight.T + bias)
    close(imported.network(image), expected)
    close(on_the_robot(tmp_path / 'resnet18_9.pth', image, '--family', 'cosplace'), expected)
    swarm = import_checkpoint(tmp_path / 'resnet18_9.pth', swarm_slam=True, size=(400, 500))
    assert swarm.origin == 'Swarm-SLAM'
    big = torch.from_numpy(np.random.default_rng(2).integers(0, 256, (1, 400, 500, 3), np.uint8))
    square = big[:, 12:388, 62:438].permute(0, 3, 1, 2).float()
    shrunk = functional.interpolate(square, (224, 224), mode='bicubic', antialias=True)
    small = shrunk.round().clamp(0, 255).permute(0, 2, 3, 1)
    pooled = gem(functional.normalize(run_resnet(resnet, imagenet(small))), 2.5)
    expected = functional.normalize(pooled @ weight.T + bias)
    close(swarm.network(big), expected)
    found = on_the_robot(tmp_path / 'resnet18_9.pth', big, '--family', 'swarm-slam')
    assert (found * expected).sum() > 0.9999  # a pixel may round the other way


BENCHMARK = ['gem', 'gem_after', 'gem_fc', 'rrm', 'netvlad', 'netvlad_fc', 'crn', 'mac', 'spoc',
             'mac_fc']


@pytest.mark.parametrize('kind', BENCHMARK)
def test_deep_vg_benchmark(tmp_path, resnet, image, kind, on_the_robot):
    torch.manual_seed(5)
    x = run_resnet(resnet, imagenet(image))
    unit = functional.normalize(x)
    head: dict[str, torch.Tensor] = {}
    chosen = kind.split('_')[0] if kind.startswith(('mac', 'spoc')) else ''
    if kind == 'gem':
        head, raw = {'1.p': torch.tensor([3.0])}, gem(unit, 3.0)
    elif kind == 'gem_after':
        head, raw = {'0.p': torch.tensor([3.0])}, functional.normalize(gem(x, 3.0))
    elif kind == 'gem_fc':
        head, raw = {'0.1.p': torch.tensor([4.0])}, gem(unit, 4.0)
    elif kind == 'rrm':
        head = {f'{n}.{k}': random(256, 256, scale=0.1) if n[0] == 'f' and k == 'weight'
                else random(256) for n in ('ln1', 'fc1', 'fc2', 'ln2') for k in ('weight', 'bias')}
        first = functional.layer_norm(x.mean((2, 3)), (256,), head['ln1.weight'],
                                      head['ln1.bias'])
        inner = (first @ head['fc1.weight'].T + head['fc1.bias']).relu()
        second = inner @ head['fc2.weight'].T + head['fc2.bias'] + first
        raw = functional.normalize(functional.layer_norm(second, (256,), head['ln2.weight'],
                                                         head['ln2.bias']))
    elif kind in ('netvlad', 'netvlad_fc'):
        layer = layer_of(2, 256)
        head, raw = below('0.' if 'fc' in kind else '', layer), netvlad(x, *layer.values())
    elif kind == 'crn':
        head = layer_of(2, 256)
        context = []
        halved = functional.avg_pool2d(unit, 3, 2, ceil_mode=True)
        for size, out in ((3, 32), (5, 32), (7, 20)):
            name = f'crn.filter_{size}_{size}'
            head[f'{name}.weight'] = random(out, 256, size, size, scale=0.1)
            head[f'{name}.bias'] = random(out, scale=0.1)
            context.append(functional.conv2d(halved, head[f'{name}.weight'], head[f'{name}.bias'],
                                             padding=size // 2).relu())
        head['crn.acc_w.weight'], head['crn.acc_w.bias'] = torch.ones(1, 84, 1, 1), torch.zeros(1)
        weights = functional.conv2d(torch.cat(context, 1), head['crn.acc_w.weight']).relu()
        mask = functional.interpolate(weights, x.shape[2:], mode='bilinear')
        raw = netvlad(x, head['conv.weight'], head['centroids'], mask=mask)
    else:
        raw = unit.amax((2, 3)) if chosen == 'mac' else unit.mean((2, 3))
    if kind.endswith('_fc'):
        head['1.weight'], head['1.bias'] = random(6, raw.shape[1], scale=0.1), random(6)
        raw = functional.normalize(raw @ head['1.weight'].T + head['1.bias'])
    state = {**below('backbone.', resnet), **below('aggregation.', head)}
    content = {'epoch_num': 3, 'model_state_dict': below('module.', state), 'recalls':
               np.array([1.0]), 'best_r5': np.float64(2), 'not_improved_num': 0,
               'args': argparse.Namespace(lr=1e-5)} if kind == 'netvlad' else state
    imported = import_checkpoint(save(tmp_path / 'best_model.pth', content), size=SIZE,
                                 aggregation=chosen)
    assert (imported.origin, imported.dim) == ('deep-vg-benchmark', raw.shape[1])
    assert imported.card_input() == {'height': 48, 'width': 64, 'interpolation': 'linear',
                                     'color': 'rgb'}
    close(imported.network.raw(image), raw)
    close(imported.network(image), functional.normalize(raw))
    options = ['--aggregation', chosen] if chosen else []
    close(on_the_robot(tmp_path / 'best_model.pth', image, *options), functional.normalize(raw))


def test_what_does_not_belong_together_is_refused(tmp_path, alexnet, vgg, resnet):
    layer, other = layer_of(2, 256), layer_of(2, 512)
    encoder, pool = below('encoder.', alexnet), below('pool.', layer)
    numbered = below('backbone.', resnet)
    for content, error, sentence in (
        ({**encoder, **below('pool.', other)}, ModelError, '256 channels and a NetVLAD layer of'),
        ({**encoder, **pool, 'WPCA.0.weight': random(3, 100, 1, 1), 'WPCA.0.bias': random(3)},
         ModelError, 'projects vectors of 100 to 3 numbers'),
        ({**encoder, 'pool.conv.weight': layer['conv.weight']}, ModelError, "no 'centroids'"),
        ({**encoder, **pool, 'extra.weight': random(1)}, ModelError, "holds 'extra.weight'"),
        ({'features.0.weight': random(1)}, ModelError, 'no known family'),
        (numbered, ConfigError, 'say which it was: mac, spoc, rmac, cls, seqpool'),
        ({**numbered, 'aggregation.mix.0.weight': random(1)}, ModelError, "holds 'mix.0.weight'"),
        ({**below('backbone.', {'0.weight': random(8, 3, 3, 3)})}, ModelError,
         r'first convolution has the shape \(8, 3, 3, 3\)'),
    ):
        path = save(tmp_path / 'w.pth', content)
        with pytest.raises(error, match=sentence):
            import_checkpoint(path, size=(96, 96))
    save(tmp_path / 'w.pth', {**numbered, 'aggregation.1.p': torch.ones(1)})
    with pytest.raises(ConfigError, match="leave the choice of 'mac' out"):
        import_checkpoint(tmp_path / 'w.pth', size=SIZE, aggregation='mac')
    save(tmp_path / 'w.pth', numbered)
    with pytest.raises(ConfigError, match="has no tokens for 'cls'; choose mac, spoc or rmac"):
        import_checkpoint(tmp_path / 'w.pth', size=SIZE, aggregation='cls')
    with pytest.raises(ConfigError, match=r'a square of 376 pixels is cut .* has 48x64'):
        import_checkpoint(tmp_path / 'w.pth', size=SIZE, aggregation='mac', swarm_slam=True)


def test_the_usual_size_is_480_by_640(tmp_path, resnet):
    path = save(tmp_path / 'w.pth', below('backbone.', resnet))
    imported = import_checkpoint(path, aggregation='rmac')
    assert (imported.height, imported.width, imported.dim) == (480, 640, 256)
    assert 'unit length' in imported.notes[0] and 'RMAC' in imported.description
