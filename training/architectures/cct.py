# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CCT-14/7x2 (Hassani et al. 2021): convolutions make the tokens, no class token; official names.

The published network learns positions for 384 x 384 pixels; here they are resized for others.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn, Tensor
from torch.nn import functional

from training.architectures.base import Architecture
from training.architectures.positions import resize_positions
from training.architectures.transformer import adopt_positions, Attention, initialise_tokens
from training.receptive_field import receptive_fields, windows_of
from vpr_ros.errors import ConfigError

CHANNELS = 384


class CompactBlock(nn.Module):
    """Attention, then two layers; its second normalisation acts on the sum itself."""

    def __init__(self, channels: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.pre_norm = nn.LayerNorm(channels)
        self.self_attn = Attention(channels, heads, bias=False)
        self.linear1 = nn.Linear(channels, hidden)
        self.norm1 = nn.LayerNorm(channels)
        self.linear2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, C) -> the same."""
        x = self.norm1(x + self.self_attn(self.pre_norm(x)))
        return x + self.linear2(functional.gelu(self.linear1(x)))


class Tokenizer(nn.Module):
    """Two 7x7 convolutions, each halving and followed by a pooling that halves: stride 16."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_layers = nn.Sequential(*(
            nn.Sequential(nn.Conv2d(inputs, outputs, 7, 2, 3, bias=False), nn.ReLU(),
                          nn.MaxPool2d(3, 2, 1))
            for inputs, outputs in ((3, 64), (64, channels))
        ))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, C, H / 16, W / 16), rounded up."""
        return self.conv_layers(x)


class CompactEncoder(nn.Module):
    """Positions, blocks, a last normalisation; the release calls it ``classifier``."""

    def __init__(self, channels: int, side: int, blocks: int) -> None:
        super().__init__()
        self.positional_emb = nn.Parameter(torch.zeros(1, side * side, channels))
        self.blocks = nn.ModuleList(CompactBlock(channels, 6, 3 * channels)
                                    for _ in range(blocks))
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """(N, T, C) and its grid -> (N, T, C)."""
        x = x + resize_positions(self.positional_emb, grid)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class CCT14(Architecture):
    """384 channels at stride 16.

    Args:
        name: in the table.
        side: of the trained grid; 24 for 384 pixels.
        blocks: kept of the fourteen; the benchmark truncates at 8.
    """

    def __init__(self, name: str = 'cct14_384', side: int = 24, blocks: int = 14) -> None:
        if not 1 <= blocks <= 14:
            raise ConfigError(f'{name} was asked to keep {blocks} blocks, expected 1 to 14')
        stages: dict[str, tuple[str, ...]] = {
            'embedding': ('tokenizer.', 'classifier.positional_emb'),
        }
        stages |= {f'block{n + 1}': (f'classifier.blocks.{n}.',) for n in range(blocks)}
        stages[f'block{blocks}'] += ('classifier.norm.',)
        behind = tuple(f'classifier.blocks.{n}.' for n in range(blocks, 14))
        super().__init__(name, CHANNELS, 16, stages=stages, cropped=(
            'classifier.attention_pool.', 'classifier.fc.', *behind))
        self.tokenizer = Tokenizer(CHANNELS)
        self.classifier = CompactEncoder(CHANNELS, side, blocks)
        initialise_tokens(self)

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the tokens: a sixteenth, rounded up."""
        if min(height, width) < 1:
            raise ConfigError(f'{self.name} was given an image of {height}x{width} pixels')
        rows, columns = receptive_fields(windows_of(self.tokenizer.conv_layers), height, width)
        return rows.count, columns.count

    def tokens(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, T, C), row-major."""
        made = self.tokenizer(x)
        grid = (int(made.shape[2]), int(made.shape[3]))
        return self.classifier(made.flatten(2).transpose(1, 2), grid)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, C, H / 16, W / 16)."""
        rows, columns = self.grid(int(x.shape[2]), int(x.shape[3]))
        tokens = self.tokens(x)
        return tokens.transpose(1, 2).reshape(int(x.shape[0]), self.channels, rows, columns)

    def load_weights(self, state: Mapping[str, Tensor], source: str = 'the weights') -> None:
        """Take public weights, with the grid of positions that they were trained on."""
        adopt_positions(self, 'classifier.positional_emb', state, leading=0)
        super().load_weights(state, source)
