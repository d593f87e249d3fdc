# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ViT-B/16 (Dosovitskiy et al. 2021), with the names that its public weights come under.

It takes those of timm, torchvision and the Hugging Face library.
"""

from __future__ import annotations

from collections.abc import Mapping
import re

import torch
from torch import Tensor

from training.architectures.transformer import VisionTransformer
from training.normalisation import IMAGENET, Normalisation

_TORCHVISION = (
    (r'^class_token$', 'cls_token'),
    (r'^conv_proj\.', 'patch_embed.proj.'),
    (r'^encoder\.pos_embedding$', 'pos_embed'),
    (r'^encoder\.ln\.', 'norm.'),
    (r'^encoder\.layers\.encoder_layer_(\d+)\.', r'blocks.\1.'),
    (r'\.ln_1\.', '.norm1.'),
    (r'\.ln_2\.', '.norm2.'),
    (r'\.self_attention\.in_proj_(weight|bias)$', r'.attn.qkv.\1'),
    (r'\.self_attention\.out_proj\.', '.attn.proj.'),
    (r'\.mlp\.(?:0|linear_1)\.', '.mlp.fc1.'),
    (r'\.mlp\.(?:3|linear_2)\.', '.mlp.fc2.'),
)
_HUGGING_FACE = (
    (r'^vit\.', ''),
    (r'^embeddings\.cls_token$', 'cls_token'),
    (r'^embeddings\.position_embeddings$', 'pos_embed'),
    (r'^embeddings\.patch_embeddings\.projection\.', 'patch_embed.proj.'),
    (r'^layernorm\.', 'norm.'),
    (r'^encoder\.layer\.(\d+)\.', r'blocks.\1.'),
    (r'\.attention\.attention\.(query|key|value)\.', r'.attn.\1.'),
    (r'\.attention\.output\.dense\.', '.attn.proj.'),
    (r'\.layernorm_before\.', '.norm1.'),
    (r'\.layernorm_after\.', '.norm2.'),
    (r'\.intermediate\.dense\.', '.mlp.fc1.'),
    (r'\.output\.dense\.', '.mlp.fc2.'),
)


def _rename(state: Mapping[str, Tensor], rules: tuple[tuple[str, str], ...]) -> dict[str, Tensor]:
    renamed = {}
    for name, value in state.items():
        ours = name
        for pattern, new in rules:
            ours = re.sub(pattern, new, ours)
        renamed[ours] = value
    return renamed


def to_timm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a ViT under timm's names, whichever of the three libraries wrote them."""
    if 'class_token' in state:
        return _rename(state, _TORCHVISION)
    if not any(name.endswith('embeddings.cls_token') for name in state):
        return dict(state)
    renamed = _rename(state, _HUGGING_FACE)
    joined: dict[str, Tensor] = {}
    for name, value in renamed.items():
        match = re.fullmatch(r'(blocks\.\d+\.attn\.)(query|key|value)(\.\w+)', name)
        if match is None:
            joined[name] = value
        elif match[2] == 'query':
            parts = [renamed.get(f'{match[1]}{part}{match[3]}') for part in ('query', 'key',
                                                                             'value')]
            joined[f'{match[1]}qkv{match[3]}'] = torch.cat([p for p in parts if p is not None])
    return joined


class ViTB16(VisionTransformer):
    """768 channels at stride 16.

    Args:
        name: in the table.
        side: of the trained grid: 14 for 224 pixels, 24 for 384.
        blocks: kept of the twelve.
        epsilon: of the normalisations; the Hugging Face library has 1e-12.
        normalisation: of torchvision's weights by default; timm's ``augreg`` and the Hugging
            Face weights expect a mean and deviation of 0.5.
    """

    def __init__(self, name: str = 'vit_b16', side: int = 14, blocks: int = 12,
                 epsilon: float = 1e-6, normalisation: Normalisation = IMAGENET) -> None:
        super().__init__(name, 768, 12, 16, side, blocks=blocks, epsilon=epsilon,
                         cropped=('head.', 'heads.', 'fc_norm.', 'pooler.', 'classifier.'),
                         normalisation=normalisation)

    def translate(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See :func:`to_timm`."""
        return to_timm(state)
