# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How networks want their input: a convention that belongs to a set of weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn, Tensor


@dataclass(frozen=True)
class Normalisation:
    """Input convention of a set of weights: (pixel - mean) / std, pixels 0..255.

    Attributes:
        order: ``rgb`` or ``bgr``, the channel order of the network's input.
        mean: per channel in that order.
        std: per channel in that order.
    """

    order: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


CAFFE = Normalisation('bgr', (103.94, 116.78, 123.68), (1.0, 1.0, 1.0))
IMAGENET = Normalisation(
    'rgb', (0.485 * 255, 0.456 * 255, 0.406 * 255), (0.229 * 255, 0.224 * 255, 0.225 * 255)
)
HALF = Normalisation('rgb', (127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
NORMALISATIONS = {'imagenet': IMAGENET, 'caffe': CAFFE, 'half': HALF}


class Normalise(nn.Module):
    """RGB pixels (N, H, W, 3), 0..255 -> float32 (N, 3, H, W) in a network's convention."""

    mean: Tensor
    scale: Tensor

    def __init__(self, convention: Normalisation) -> None:
        super().__init__()
        self.flip = convention.order == 'bgr'
        self.register_buffer('mean', torch.tensor(convention.mean).view(1, 3, 1, 1), False)
        self.register_buffer('scale', 1 / torch.tensor(convention.std).view(1, 3, 1, 1), False)

    def forward(self, image: Tensor) -> Tensor:
        """Return the network's input."""
        pixels = image.to(torch.float32).permute(0, 3, 1, 2)
        if self.flip:
            pixels = pixels[:, [2, 1, 0]]
        return (pixels - self.mean) * self.scale
