# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transformers against torch's own layers, positions against its resampling, and export."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from training.architectures.cct import CCT14, CompactBlock
from training.architectures.positions import bicubic_matrix, resize_positions
from training.architectures.transformer import Attention, Block, VisionTransformer
from training.architectures.vit import to_timm, ViTB16
from vpr_ros.errors import ConfigError


@pytest.mark.parametrize('source, target', [(14, 30), (37, 16), (7, 7), (24, 40)])
@pytest.mark.parametrize('offset', [0.0, 0.1])
def test_resampling_is_torchs_bicubic(source, target, offset):
    x = torch.randn(1, 3, source, source, generator=torch.Generator().manual_seed(0))
    if offset:
        scale = (target + offset) / source
        expected = functional.interpolate(x, scale_factor=(scale, scale), mode='bicubic')
    else:
        expected = functional.interpolate(x, (target, target), mode='bicubic')
    matrix = torch.from_numpy(bicubic_matrix(source, target, (target + offset) / source))
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(matrix @ x @ matrix.T, expected, rtol=1e-4, atol=1e-5)


def test_positions_keep_leading_tokens_and_the_trained_grid():
    embedding = torch.randn(1, 1 + 16, 3)
    assert resize_positions(embedding, (4, 4), leading=1) is embedding
    found = resize_positions(embedding, (3, 6), leading=1)
    assert found.shape == (1, 19, 3) and torch.equal(found[:, 0], embedding[:, 0])
    square = embedding[0, 1:].T.reshape(1, 3, 4, 4)
    expected = functional.interpolate(square, (3, 6), mode='bicubic')[0].flatten(1).T
    np.testing.assert_allclose(found[0, 1:], expected, rtol=1e-4, atol=1e-5)


def test_attention_equals_loops():
    torch.manual_seed(0)
    layer = Attention(6, 2).double()
    x = torch.randn(1, 4, 6, dtype=torch.float64)
    qkv = layer.qkv(x)[0].detach().numpy().reshape(4, 3, 2, 3)
    mixed = np.zeros((4, 6))
    for head in range(2):
        for i in range(4):
            scores = [qkv[i, 0, head] @ qkv[j, 1, head] / np.sqrt(3) for j in range(4)]
            weights = np.exp(scores) / np.exp(scores).sum()
            mixed[i, head * 3:head * 3 + 3] = sum(w * qkv[j, 2, head]
                                                  for j, w in enumerate(weights))
    weight, bias = layer.proj.weight.detach().numpy(), layer.proj.bias.detach().numpy()
    np.testing.assert_allclose(layer(x)[0].detach(), mixed @ weight.T + bias, rtol=1e-10)


def test_block_is_torchs_encoder_layer_with_normalisation_first():
    torch.manual_seed(0)
    block = Block(8, 2, 1e-6, scaled=False)
    theirs = nn.TransformerEncoderLayer(8, 2, 32, 0.0, 'gelu', 1e-6, batch_first=True,
                                        norm_first=True)
    ours = block.state_dict()
    renamed = {'self_attn.in_proj_': 'attn.qkv.', 'self_attn.out_proj.': 'attn.proj.',
               'linear1.': 'mlp.fc1.', 'linear2.': 'mlp.fc2.'}
    state = {}
    for name in theirs.state_dict():
        source = name
        for old, new in renamed.items():
            source = source.replace(old, new)
        state[name] = ours[source]
    theirs.load_state_dict(state)
    x = torch.randn(2, 5, 8)
    np.testing.assert_allclose(block(x).detach(), theirs(x).detach(), rtol=1e-4, atol=1e-5)
    scaled = Block(8, 2, 1e-6, scaled=True)
    scaled.load_state_dict({**scaled.state_dict(), **ours})
    np.testing.assert_allclose(scaled(x).detach(), x, atol=1e-3)  # layer scale begins near 0


def test_compact_block_normalises_the_sum():
    torch.manual_seed(0)
    block = CompactBlock(6, 2, 18)
    x = torch.randn(2, 5, 6)
    attended = functional.layer_norm(x + block.self_attn(
        functional.layer_norm(x, (6,))), (6,))
    hidden = functional.gelu(attended @ block.linear1.weight.T + block.linear1.bias)
    expected = attended + hidden @ block.linear2.weight.T + block.linear2.bias
    np.testing.assert_allclose(block(x).detach(), expected.detach(), rtol=1e-4, atol=1e-5)


class TinyViT(VisionTransformer):
    """Two blocks of eight channels."""

    def __init__(self, **options):
        super().__init__('tiny', 8, 2, 4, 3, blocks=2, **options)


def test_map_holds_the_patch_tokens_in_place():
    torch.manual_seed(0)
    network = TinyViT()
    x = torch.randn(2, 3, 8, 20)
    tokens, grid = network.tokens(x), network(x)
    assert tokens.shape == (2, 11, 8) and grid.shape == (2, 8, 2, 5)
    assert torch.equal(grid[:, :, 1, 3], tokens[:, 1 + 5 + 3])
    assert torch.equal(network.patch_embed(x)[:, 8],
                       network.patch_embed.proj(x)[:, :, 1, 3])


def test_weights_bring_their_own_grid_of_positions():
    network = TinyViT()
    state = dict(network.state_dict())
    state['pos_embed'] = torch.randn(1, 1 + 25, 8)
    network.load_weights(state)
    assert torch.equal(network.pos_embed.detach(), state['pos_embed'])
    assert network(torch.zeros(1, 3, 8, 8)).shape == (1, 8, 2, 2)


def test_truncated_networks_leave_later_blocks_out():
    whole = TinyViT()
    shorter = VisionTransformer('tiny', 8, 2, 4, 3, blocks=1)
    shorter.load_weights(whole.state_dict())
    assert list(shorter.stages) == ['embedding', 'block1']
    with torch.device('meta'):
        assert list(CCT14(blocks=8).stages)[-1] == 'block8'
        with pytest.raises(ConfigError, match='keep 15 blocks, expected 1 to 14'):
            CCT14(blocks=15)
        with pytest.raises(ConfigError, match='keep 0 blocks, expected 1 to 12'):
            ViTB16(blocks=0)


TORCHVISION = {
    'class_token': 'cls_token', 'conv_proj.weight': 'patch_embed.proj.weight',
    'encoder.pos_embedding': 'pos_embed', 'encoder.ln.bias': 'norm.bias',
    'encoder.layers.encoder_layer_11.ln_1.weight': 'blocks.11.norm1.weight',
    'encoder.layers.encoder_layer_0.ln_2.bias': 'blocks.0.norm2.bias',
    'encoder.layers.encoder_layer_3.self_attention.in_proj_weight': 'blocks.3.attn.qkv.weight',
    'encoder.layers.encoder_layer_3.self_attention.in_proj_bias': 'blocks.3.attn.qkv.bias',
    'encoder.layers.encoder_layer_3.self_attention.out_proj.bias': 'blocks.3.attn.proj.bias',
    'encoder.layers.encoder_layer_3.mlp.0.weight': 'blocks.3.mlp.fc1.weight',
    'encoder.layers.encoder_layer_3.mlp.3.bias': 'blocks.3.mlp.fc2.bias',
    'encoder.layers.encoder_layer_4.mlp.linear_1.weight': 'blocks.4.mlp.fc1.weight',
    'heads.head.weight': 'heads.head.weight',
}
HUGGING_FACE = {
    'embeddings.cls_token': 'cls_token', 'embeddings.position_embeddings': 'pos_embed',
    'embeddings.patch_embeddings.projection.bias': 'patch_embed.proj.bias',
    'layernorm.weight': 'norm.weight',
    'encoder.layer.7.layernorm_before.weight': 'blocks.7.norm1.weight',
    'encoder.layer.7.layernorm_after.bias': 'blocks.7.norm2.bias',
    'encoder.layer.7.attention.output.dense.weight': 'blocks.7.attn.proj.weight',
    'encoder.layer.7.intermediate.dense.weight': 'blocks.7.mlp.fc1.weight',
    'encoder.layer.7.output.dense.bias': 'blocks.7.mlp.fc2.bias',
    'pooler.dense.weight': 'pooler.dense.weight',
}


@pytest.mark.parametrize('table', [TORCHVISION, HUGGING_FACE])
def test_other_libraries_names(table):
    state = {name: torch.tensor([float(i)]) for i, name in enumerate(table)}
    assert to_timm(state) == {table[name]: value for name, value in state.items()}


def test_hugging_face_queries_keys_and_values_are_joined_in_order():
    prefix = 'vit.encoder.layer.2.attention.attention.'
    state = {f'{prefix}{part}.weight': torch.full((2, 2), float(i))
             for i, part in ((1, 'key'), (2, 'value'), (0, 'query'))}
    state['vit.embeddings.cls_token'] = torch.zeros(1, 1, 2)
    joined = to_timm(state)
    assert set(joined) == {'cls_token', 'blocks.2.attn.qkv.weight'}
    assert joined['blocks.2.attn.qkv.weight'][:, 0].tolist() == [0, 0, 1, 1, 2, 2]


def test_exported_graph_agrees(tmp_path):
    pytest.importorskip('onnx')
    onnxruntime = pytest.importorskip('onnxruntime')
    torch.manual_seed(0)
    network = TinyViT(scaled=True, offset=0.1).eval()
    nn.init.normal_(network.pos_embed)
    x = torch.randn(1, 3, 16, 20)
    path = str(tmp_path / 'tiny.onnx')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # sizes are meant to be constants of the graph
        torch.onnx.export(network, (x,), path, input_names=['x'], opset_version=17, dynamo=False)
    found = onnxruntime.InferenceSession(path).run(None, {'x': x.numpy()})[0]
    np.testing.assert_allclose(found, network(x).detach(), rtol=1e-4, atol=1e-5)
