# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An imported network: RGB bytes in, the whole descriptor out."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn, Tensor
from torch.nn import functional

from training.architectures.base import Architecture
from training.normalisation import Normalisation, Normalise
from vpr_ros.errors import ConfigError
from vpr_ros.types import FloatArray


def antialiased_cubic(source: int, target: int) -> FloatArray:
    """Shrinking along one axis as Pillow's bicubic filter does: float32 (target, source).

    The cubic, of slope -0.5, is as wide as two output pixels; rows sum to 1.
    """
    step = source / target
    width = max(step, 1.0)
    centres = (np.arange(target)[:, None] + 0.5) * step
    d = np.abs(np.arange(source)[None] + 0.5 - centres) / width
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    weights = np.where(d < 1, near, np.where(d < 2, far, 0.0))
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


class CenterCrop(nn.Module):
    """Cuts the middle square of an image and shrinks it, inside the graph.

    Args:
        height: of the image in pixels.
        width: of the image in pixels.
        crop: side of the square; no more than the image has.
        size: side of what comes out.
    """

    def __init__(self, height: int, width: int, crop: int, size: int) -> None:
        super().__init__()
        if crop > min(height, width):
            raise ConfigError(f'a square of {crop} pixels is cut from the middle, but the image '
                              f"has {height}x{width}; give the size of the camera's images")
        self.top, self.left = round((height - crop) / 2), round((width - crop) / 2)
        self.crop = crop
        # files store large constants in half precision: two of them hold what one cannot
        matrix = torch.from_numpy(antialiased_cubic(crop, size))
        self.register_buffer('coarse', matrix.half().float(), False)
        self.register_buffer('fine', (matrix - matrix.half().float()).half().float(), False)

    def forward(self, image: Tensor) -> Tensor:
        """(N, H, W, 3), 0..255 -> float32 (N, size, size, 3), rounded as pixels are."""
        square = image[:, self.top:self.top + self.crop, self.left:self.left + self.crop]
        planes = square.to(torch.float32).permute(0, 3, 1, 2)
        coarse, fine = self.get_buffer('coarse'), self.get_buffer('fine')
        rows = coarse @ planes + fine @ planes
        shrunk = rows @ coarse.transpose(0, 1) + rows @ fine.transpose(0, 1)
        return shrunk.round().clamp(0, 255).permute(0, 2, 3, 1)


class DescriptorNetwork(nn.Module):
    """crop -> normalise -> backbone -> aggregate -> project -> L2.

    It has the parts that patch outputs need too: ``backbone_features``, ``reduce``,
    ``local_features``, ``aggregation`` and ``projection``.

    Args:
        backbone: with its weights.
        aggregation: of its map, or of its tokens.
        normalisation: that the weights expect.
        takes: ``grid`` or ``tokens``, what the aggregation wants.
        projection: whitening or a learned layer, or None.
        crop: a cut before everything else, or None.
    """

    def __init__(self, backbone: Architecture, aggregation: nn.Module,
                 normalisation: Normalisation, *, takes: str = 'grid',
                 projection: nn.Linear | None = None, crop: CenterCrop | None = None) -> None:
        super().__init__()
        self.crop, self.takes = crop, takes
        self.normalise = Normalise(normalisation)
        self.backbone, self.aggregation, self.projection = backbone, aggregation, projection
        self.reduce = nn.Identity()  # no family reduces the backbone's channels
        self.eval()

    def pixels(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> the backbone's input (N, 3, H', W')."""
        return self.normalise(image if self.crop is None else self.crop(image))

    def backbone_features(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> (N, C, H', W')."""
        return self.backbone(self.pixels(image))

    def local_features(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> (N, D, H', W')."""
        return self.reduce(self.backbone_features(image))

    def raw(self, image: Tensor) -> Tensor:
        """Return the descriptor as the released code compares it; not always of unit length."""
        if self.takes == 'tokens':
            tokens = self.backbone.tokens(self.pixels(image))  # type: ignore[operator]
            vector = self.aggregation(tokens)
        else:
            vector = self.aggregation(self.local_features(image))
        if self.projection is None:
            return vector
        return functional.normalize(self.projection(vector), dim=1)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> float32 (N, dim), L2-normalised."""
        return functional.normalize(self.raw(image), dim=1)
