# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DINOv2 (Oquab et al. 2024), ViT-S/14 and ViT-B/14, under the official names."""

from __future__ import annotations

from training.architectures.transformer import VisionTransformer
from vpr_ros.errors import ConfigError

# variant -> channels and heads
VARIANTS = {'vits14': (384, 6), 'vitb14': (768, 12)}
TRAINED_SIDE = 37  # patches of the 518 pixels at which the release was trained last
POSITION_OFFSET = 0.1


class DinoV2(VisionTransformer):
    """384 or 768 channels at stride 14; sides of the image are multiples of 14.

    Args:
        name: in the table.
        variant: ``vits14`` or ``vitb14``.
        blocks: kept of the twelve.
    """

    def __init__(self, name: str, variant: str = 'vits14', blocks: int = 12) -> None:
        if variant not in VARIANTS:
            raise ConfigError(f'no DINOv2 named {variant!r}; known: {", ".join(VARIANTS)}')
        channels, heads = VARIANTS[variant]
        super().__init__(name, channels, heads, 14, TRAINED_SIDE, blocks=blocks, scaled=True,
                         offset=POSITION_OFFSET, cropped=('mask_token', 'head.'))
