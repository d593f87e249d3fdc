# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Importance heat maps: which pixels a descriptor would change with, by guided backpropagation.

SARE's figure 7 names a library for its heat maps (Gruen et al. 2016) and no formula. That
library's default is meant here: the gradient of one output by the pixels, where every rectifier
passes back only what is positive and was active (Springenberg et al. 2015). The output is the
similarity to a match where there is one, else the strongest component of the descriptor.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from torch import nn, Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from vpr_ros.types import FloatArray, ImageArray

BLUR = 0.02  # standard deviation of the smoothing, as a share of the shorter side
_RECTIFIERS = (torch.relu, torch.relu_, functional.relu, torch.Tensor.relu, torch.Tensor.relu_)


class _GuidedRectifier(torch.autograd.Function):
    """max(x, 0) forwards; backwards only positive gradients, only where x was positive."""

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:  # type: ignore[override]
        y = x.clamp(min=0)
        context.save_for_backward(y)
        return y

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        (y,) = context.saved_tensors
        return gradient.clamp(min=0) * (y > 0)


class GuidedRectifiers(TorchFunctionMode):
    """While it is entered, every rectifier of any network is a guided one."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None
                           ) -> Any:
        if function in _RECTIFIERS:
            return _GuidedRectifier.apply(args[0])
        return function(*args, **(kwargs or {}))


def guided_gradient(network: nn.Module, image: ImageArray, match: FloatArray | None = None
                    ) -> FloatArray:
    """Compute the guided gradient of one output by the pixels.

    Args:
        network: in evaluation mode; (1, H, W, 3) RGB, 0..255 -> (1, D).
        image: uint8 (H, W, 3) RGB.
        match: float32 (D,), descriptor of the image that it was matched with, or None for the
            strongest component.

    Returns:
        float32 (H, W, 3).
    """
    pixels = torch.from_numpy(image[None]).float().requires_grad_()
    with torch.enable_grad(), GuidedRectifiers():
        described = network(pixels)[0]
    if match is None:
        output = described.abs().max()
    else:
        output = (described * torch.from_numpy(match)).sum()
    (gradient,) = torch.autograd.grad(output, pixels)
    return gradient[0].numpy()


def importance_map(network: nn.Module, image: ImageArray, match: FloatArray | None = None
                   ) -> FloatArray:
    """Size of the guided gradient, smoothed: float32 (H, W), 0 to 1.

    Args are those of :func:`guided_gradient`.
    """
    size = np.abs(guided_gradient(network, image, match)).max(2)
    smooth = cv2.GaussianBlur(size, (0, 0), BLUR * min(image.shape[:2]))
    return np.asarray(smooth / max(float(smooth.max()), np.finfo(np.float32).tiny), np.float32)
