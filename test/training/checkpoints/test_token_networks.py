# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""deep-vg-benchmark's transformers, made small by truncation to one block."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.checkpoints.importer import import_checkpoint
from vpr_ros.errors import ConfigError, ModelError

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def random(*shape, scale=0.05):
    return torch.randn(*shape) * scale


@pytest.fixture
def cct():
    """One block, positions of a 2x2 grid: 32 pixels."""
    torch.manual_seed(0)
    state = {'tokenizer.conv_layers.0.0.weight': random(64, 3, 7, 7),
             'tokenizer.conv_layers.1.0.weight': random(384, 64, 7, 7),
             'classifier.positional_emb': random(1, 4, 384),
             'classifier.attention_pool.weight': random(1, 384, scale=1.0),
             'classifier.attention_pool.bias': random(1)}
    block = 'classifier.blocks.0.'
    for name, (out, inputs) in {'self_attn.qkv': (1152, 384), 'self_attn.proj': (384, 384),
                                'linear1': (1152, 384), 'linear2': (384, 1152)}.items():
        state[f'{block}{name}.weight'] = random(out, inputs)
        if name != 'self_attn.qkv':
            state[f'{block}{name}.bias'] = random(out)
    for name in (f'{block}pre_norm', f'{block}norm1', 'classifier.norm'):
        state[f'{name}.weight'], state[f'{name}.bias'] = 1 + random(384), random(384)
    return state


def attend(q, k, v, heads):
    outputs = []
    for part in range(heads):
        at = slice(part * q.shape[1] // heads, (part + 1) * q.shape[1] // heads)
        weights = (q[:, at] @ k[:, at].T / (q.shape[1] // heads) ** 0.5).softmax(1)
        outputs.append(weights @ v[:, at])
    return torch.cat(outputs, 1)


def run_cct(state, image):
    def norm(x, name):
        return functional.layer_norm(x, (384,), state[f'{name}.weight'], state[f'{name}.bias'])

    def linear(x, name):
        return functional.linear(x, state[f'{name}.weight'], state.get(f'{name}.bias'))

    x = ((image / 255 - MEAN) / STD).permute(0, 3, 1, 2)
    for index in (0, 1):
        x = functional.conv2d(x, state[f'tokenizer.conv_layers.{index}.0.weight'], None, 2, 3)
        x = functional.max_pool2d(x.relu(), 3, 2, 1)
    x = x[0].flatten(1).T + state['classifier.positional_emb'][0]
    block = 'classifier.blocks.0.'
    q, k, v = linear(norm(x, f'{block}pre_norm'), f'{block}self_attn.qkv').chunk(3, 1)
    x = norm(x + linear(attend(q, k, v, 6), f'{block}self_attn.proj'), f'{block}norm1')
    x = x + linear(functional.gelu(linear(x, f'{block}linear1')), f'{block}linear2')
    return norm(x, 'classifier.norm')


def close(found, expected):
    np.testing.assert_allclose(found.detach(), expected, rtol=1e-3, atol=2e-5)


def below(prefix, state):
    return {f'{prefix}{name}': value for name, value in state.items()}


def picture(side):
    pixels = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
    return torch.from_numpy(pixels)


def test_cct_with_every_aggregation(tmp_path, cct, on_the_robot):
    image = picture(32)
    tokens = run_cct(cct, image)
    weights = (tokens @ cct['classifier.attention_pool.weight'].T).softmax(0)
    over_tokens = functional.normalize(tokens, dim=0)  # as the released code does
    gem = over_tokens.clamp(min=1e-6).pow(3).mean(0).pow(1 / 3)
    scores, centroids = random(2, 384, 1, scale=1.0), random(2, 384)
    unit = functional.normalize(tokens, dim=1)
    assignment = (unit @ scores[:, :, 0].T).softmax(1)
    vlad = torch.stack([functional.normalize(sum(
        assignment[i, k] * (unit[i] - centroids[k]) for i in range(4)), dim=0) for k in (0, 1)])
    cases = {
        'cls': ({}, 'cls', tokens[0]),
        'seqpool': ({}, 'seqpool', (weights * tokens).sum(0)),
        'gem': ({'aggregation.1.p': torch.tensor([3.0])}, '', gem),
        'netvlad': ({'aggregation.conv.weight': scores, 'aggregation.centroids': centroids}, '',
                    functional.normalize(vlad.flatten(), dim=0)),
    }
    for name, (head, chosen, expected) in cases.items():
        path = tmp_path / f'{name}.pth'
        torch.save({**below('backbone.', cct), **head}, path)
        imported = import_checkpoint(path, aggregation=chosen)
        assert (imported.height, imported.width) == (32, 32)
        close(imported.network.raw(image)[0], expected)
        close(imported.network(image)[0], functional.normalize(expected, dim=0))
        options = ['--aggregation', chosen] if chosen else []
        close(on_the_robot(path, image, *options)[0], functional.normalize(expected, dim=0))
    without = {k: v for k, v in cct.items() if 'attention_pool' not in k}
    torch.save(below('backbone.', without), tmp_path / 'w.pth')
    with pytest.raises(ModelError, match='has no sequence pooling'):
        import_checkpoint(tmp_path / 'w.pth', aggregation='seqpool')
    with pytest.raises(ConfigError, match='say which it was'):
        import_checkpoint(tmp_path / 'w.pth')


def test_vit_of_the_hugging_face_library(tmp_path, on_the_robot):
    torch.manual_seed(1)
    prefix, block = 'backbone.vit_model.', 'encoder.layer.0.'
    state = {'embeddings.cls_token': random(1, 1, 768),
             'embeddings.position_embeddings': random(1, 5, 768),
             'embeddings.patch_embeddings.projection.weight': random(768, 3, 16, 16),
             'embeddings.patch_embeddings.projection.bias': random(768),
             'pooler.dense.weight': random(768, 768), 'pooler.dense.bias': random(768)}
    for name, (out, inputs) in {
        'attention.attention.query': (768, 768), 'attention.attention.key': (768, 768),
        'attention.attention.value': (768, 768), 'attention.output.dense': (768, 768),
        'intermediate.dense': (3072, 768), 'output.dense': (768, 3072),
    }.items():
        state[f'{block}{name}.weight'], state[f'{block}{name}.bias'] = random(out, inputs), \
            random(out)
    for name in (f'{block}layernorm_before', f'{block}layernorm_after', 'layernorm'):
        state[f'{name}.weight'], state[f'{name}.bias'] = 1 + random(768), random(768)

    def norm(x, name):
        return functional.layer_norm(x, (768,), state[f'{name}.weight'], state[f'{name}.bias'],
                                     1e-12)

    def linear(x, name):
        return functional.linear(x, state[f'{name}.weight'], state[f'{name}.bias'])

    image = picture(32)
    x = functional.conv2d(((image / 255 - MEAN) / STD).permute(0, 3, 1, 2),
                          state['embeddings.patch_embeddings.projection.weight'],
                          state['embeddings.patch_embeddings.projection.bias'], 16)
    x = torch.cat([state['embeddings.cls_token'][0], x[0].flatten(1).T])
    x = x + state['embeddings.position_embeddings'][0]
    before = norm(x, f'{block}layernorm_before')
    q, k, v = (linear(before, f'{block}attention.attention.{n}') for n in ('query', 'key',
                                                                           'value'))
    x = x + linear(attend(q, k, v, 12), f'{block}attention.output.dense')
    inner = functional.gelu(linear(norm(x, f'{block}layernorm_after'),
                                   f'{block}intermediate.dense'))
    tokens = norm(x + linear(inner, f'{block}output.dense'), 'layernorm')
    torch.save({f'{prefix}{name}': value for name, value in state.items()}, tmp_path / 'w.pth')
    imported = import_checkpoint(tmp_path / 'w.pth')
    close(imported.network.raw(image)[0], tokens[0])
    close(on_the_robot(tmp_path / 'w.pth', image)[0], functional.normalize(tokens[0], dim=0))
    assert 'vit_b16 and CLS of deep-vg-benchmark' in imported.description
