# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vision transformers with pre-normalisation, as ViT and DINOv2 share them; timm's names."""

from __future__ import annotations

from collections.abc import Mapping
import math

import torch
from torch import nn, Tensor
from torch.nn import functional

from training.architectures.base import Architecture
from training.architectures.positions import resize_positions
from training.normalisation import IMAGENET, Normalisation
from vpr_ros.errors import ConfigError


class Attention(nn.Module):
    """Self-attention with several heads (Vaswani et al. 2017)."""

    def __init__(self, channels: int, heads: int, bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels, bias=bias)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, C) -> the same."""
        count, length, channels = (int(n) for n in x.shape)
        split = self.qkv(x).reshape(count, length, 3, self.heads, channels // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(count, length, channels))


class Mlp(nn.Module):
    """Two layers with a GELU between."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, C) -> the same."""
        return self.fc2(functional.gelu(self.fc1(x)))


class LayerScale(nn.Module):
    """A learned factor for each channel of a residual branch (Touvron et al. 2021)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels,), 1e-5))

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, C) -> the same."""
        return x * self.gamma


class Block(nn.Module):
    """Attention and two layers, each normalised before and added to what came in."""

    def __init__(self, channels: int, heads: int, epsilon: float, scaled: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=epsilon)
        self.attn = Attention(channels, heads)
        self.ls1 = LayerScale(channels) if scaled else nn.Identity()
        self.norm2 = nn.LayerNorm(channels, eps=epsilon)
        self.mlp = Mlp(channels, 4 * channels)
        self.ls2 = LayerScale(channels) if scaled else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, C) -> the same."""
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class PatchEmbedding(nn.Module):
    """One token for each square of pixels."""

    def __init__(self, channels: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, patch, patch)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, T, C), row-major."""
        return self.proj(x).flatten(2).transpose(1, 2)


class VisionTransformer(Architecture):
    """Patch embedding, class token, positions, blocks, a last normalisation.

    Its features are the patch tokens as a map, so that every aggregation and patch descriptors
    take them; :meth:`tokens` gives all of them. Any size that is a multiple of the patch is taken:
    positions are resized.

    Args:
        name: in the table.
        channels: C.
        heads: of the attention.
        patch: side of a patch in pixels.
        side: of the trained grid of positions; weights may bring another.
        blocks: kept of the twelve, from the input; fewer truncate the encoder.
        epsilon: of the normalisations.
        scaled: with layer scale.
        offset: of the resizing of positions, see :func:`resize_positions`.
        cropped: names in public weights that are not needed.
        normalisation: that its public weights expect.
    """

    def __init__(self, name: str, channels: int, heads: int, patch: int, side: int, *,
                 blocks: int = 12, epsilon: float = 1e-6, scaled: bool = False,
                 offset: float = 0.0, cropped: tuple[str, ...] = (),
                 normalisation: Normalisation = IMAGENET) -> None:
        if not 1 <= blocks <= 12:
            raise ConfigError(f'{name} was asked to keep {blocks} blocks, expected 1 to 12')
        stages: dict[str, tuple[str, ...]] = {
            'embedding': ('cls_token', 'pos_embed', 'patch_embed.'),
        }
        stages |= {f'block{n + 1}': (f'blocks.{n}.',) for n in range(blocks)}
        stages[f'block{blocks}'] += ('norm.',)
        behind = tuple(f'blocks.{n}.' for n in range(blocks, 12))
        super().__init__(name, channels, patch, stages=stages, cropped=(*cropped, *behind),
                         normalisation=normalisation)
        self.patch, self.offset = patch, offset
        self.cls_token = nn.Parameter(torch.zeros(1, 1, channels))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + side * side, channels))
        self.patch_embed = PatchEmbedding(channels, patch)
        self.blocks = nn.Sequential(*(Block(channels, heads, epsilon, scaled)
                                      for _ in range(blocks)))
        self.norm = nn.LayerNorm(channels, eps=epsilon)
        initialise_tokens(self)

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the patches.

        Raises:
            ConfigError: a side is no multiple of the patch.
        """
        return patch_rows_and_columns(self.name, self.patch, height, width)

    def tokens(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 1 + T, C), the class token first."""
        grid = self.grid(int(x.shape[2]), int(x.shape[3]))
        embedded = self.patch_embed(x)
        first = self.cls_token.expand(int(x.shape[0]), -1, -1)
        positions = resize_positions(self.pos_embed, grid, leading=1, offset=self.offset)
        return self.norm(self.blocks(torch.cat([first, embedded], 1) + positions))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, C, H / patch, W / patch), the patch tokens."""
        rows, columns = self.grid(int(x.shape[2]), int(x.shape[3]))
        patches = self.tokens(x)[:, 1:]
        return patches.transpose(1, 2).reshape(int(x.shape[0]), self.channels, rows, columns)

    def load_weights(self, state: Mapping[str, Tensor], source: str = 'the weights') -> None:
        """Take public weights, with the grid of positions that they were trained on."""
        given = self.translate(state)
        adopt_positions(self, 'pos_embed', given, leading=1)
        super().load_weights(state, source)


def patch_rows_and_columns(name: str, patch: int, height: int, width: int) -> tuple[int, int]:
    """Rows and columns of whole patches.

    Raises:
        ConfigError: a side is no multiple of the patch.
    """
    if min(height, width) < patch or height % patch or width % patch:
        best = [max(patch, round(side / patch) * patch) for side in (height, width)]
        raise ConfigError(f'{name} takes images whose sides are multiples of {patch}; '
                          f'{height}x{width} is not, take {best[0]}x{best[1]}')
    return height // patch, width // patch


def adopt_positions(network: nn.Module, path: str, state: Mapping[str, Tensor],
                    leading: int) -> None:
    """Give a network's positions the size that a state has, if that is of a square grid."""
    owner, _, name = path.rpartition('.')
    module = network.get_submodule(owner)
    own, given = getattr(module, name), state.get(path)
    if given is None or given.ndim != 3 or given.shape[2] != own.shape[2]:
        return
    count = int(given.shape[1]) - leading
    if count > 0 and math.isqrt(count) ** 2 == count and given.shape != own.shape:
        fresh = torch.zeros(given.shape, dtype=own.dtype, device=own.device)
        setattr(module, name, nn.Parameter(fresh, own.requires_grad))


def initialise_tokens(network: nn.Module) -> None:
    """Random weights as transformers begin: normal with deviation 0.02, no offsets."""
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            nn.init.trunc_normal_(parameter, std=0.02)
        elif name.endswith('bias'):
            nn.init.zeros_(parameter)
