# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a foreign network wants to see instead of pixels: range, colour order, mean and std."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Any

import numpy as np

from vpr_ros.errors import ConfigError
from vpr_ros.types import FloatArray, ImageArray

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # red, green, blue
COLORS = ('rgb', 'bgr')
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Preprocessing:
    """From a pixel p of 0..255 to the network's (p * scale / 255 - mean) / std.

    Attributes:
        mean, std: one number a channel, in the order of ``color`` and the unit of ``scale``.
        scale: what white is before the mean is taken off, such as 1 or 255.
        color: the order of the channels, ``rgb`` or ``bgr``.
    """

    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    scale: float = 1.0
    color: str = 'rgb'

    @property
    def offset(self) -> FloatArray:
        """What is taken off each pixel, float32 (3,), in the unit of the pixels."""
        return (np.asarray(self.mean, np.float64) * (255.0 / self.scale)).astype(np.float32)

    @property
    def factor(self) -> FloatArray:
        """What the difference is multiplied by, float32 (3,)."""
        return (self.scale / 255.0 / np.asarray(self.std, np.float64)).astype(np.float32)

    def apply(self, image: ImageArray) -> FloatArray:
        """Do to an image by NumPy what the stated preprocessing is.

        Args:
            image: uint8 (H, W, 3) RGB.

        Returns:
            float32 (H, W, 3), channels in the order of ``color``.
        """
        ordered = image[..., ::-1] if self.color == 'bgr' else image
        scaled = ordered.astype(np.float64) * (self.scale / 255.0)
        return ((scaled - self.mean) / self.std).astype(np.float32)

    def as_json(self) -> dict[str, Any]:
        """Return the fields for the card."""
        return {'scale': self.scale, 'mean': list(self.mean), 'std': list(self.std),
                'color': self.color}


def stated_preprocessing(
    mean: Sequence[float] | None, std: Sequence[float] | None, scale: float | None, color: str,
) -> Preprocessing:
    """Fill in what was not stated.

    Without mean and std they are ImageNet's, or 0 and 1 where a scale was stated.

    Raises:
        ConfigError: a number is not usable, or one of mean and std is missing.
    """
    if color not in COLORS:
        raise ConfigError(f'color {color!r} is not one of {", ".join(COLORS)}')
    if (mean is None) != (std is None):
        given, missing = ('mean', 'std') if std is None else ('std', 'mean')
        neutral = '1 1 1' if missing == 'std' else '0 0 0'
        raise ConfigError(
            f'--{given} was given without --{missing}; give both, --{missing} {neutral} for none'
        )
    if scale is not None and not (math.isfinite(scale) and scale > 0):
        raise ConfigError(f'--scale {scale:g} was given, expected a number above 0, 1 or 255 '
                          f'for nearly all networks')
    if mean is not None and std is not None:
        stated = Preprocessing(_triple('mean', mean), _triple('std', std), scale or 1.0, color)
    elif scale is not None:
        stated = Preprocessing((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), scale, color)
    else:
        step = -1 if color == 'bgr' else 1
        stated = Preprocessing(_triple('mean', IMAGENET_MEAN[::step]),
                               _triple('std', IMAGENET_STD[::step]), 1.0, color)
    with np.errstate(over='ignore', under='ignore', divide='ignore'):
        usable = np.isfinite(stated.offset).all() and np.isfinite(stated.factor).all()
    if min(stated.std) <= 0 or not usable or not stated.factor.all():
        raise ConfigError(
            f'--mean {_words(stated.mean)} --std {_words(stated.std)} cannot be computed with; '
            f'expected finite numbers, those of --std above 0'
        )
    return stated


def _triple(name: str, values: Sequence[float]) -> Triple:
    if len(values) != 3:
        raise ConfigError(f'--{name} has {len(values)} numbers, expected three, one a channel')
    return float(values[0]), float(values[1]), float(values[2])


def _words(values: Triple) -> str:
    return ' '.join(f'{value:g}' for value in values)
