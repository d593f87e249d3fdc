# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where in the image a feature looks: centres of receptive fields of any stack of layers.

Pixels are counted at their centres: the middle of the first pixel is 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import math

import torch
from torch import nn, Tensor

from training.patches import patch_grid
from vpr_ros.errors import ConfigError

_SEES_ONE_LOCATION = (
    nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Hardswish, nn.BatchNorm2d, nn.Identity, nn.Dropout,
    nn.Dropout2d,
)


@dataclass(frozen=True)
class Window:
    """One layer that looks at a window: a convolution or a pooling, in y and x.

    Attributes:
        kernel, stride, padding, dilation: in y and x.
        ceil_mode: the last window may hang over the padded edge.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    ceil_mode: bool = False


@dataclass(frozen=True)
class Axis:
    """Receptive fields along one axis of the image.

    Attributes:
        first: centre of the first feature's field, pixels.
        step: distance to the next feature's, pixels.
        extent: length of a field, pixels.
        count: number of features.
    """

    first: float
    step: int
    extent: int
    count: int

    def centers(self) -> list[float]:
        """Centre of every feature's field, pixels; at the border the field hangs over it."""
        return [self.first + self.step * index for index in range(self.count)]


def windows_of(module: nn.Module) -> list[Window]:
    """Return the layers of a network that look at windows, in order.

    A network of another shape, such as one with branches side by side, says so itself, by a
    method ``windows() -> list[Window]``.

    Raises:
        ConfigError: a layer whose window is not known.
    """
    own = getattr(module, 'windows', None)
    if callable(own):
        return list(own())
    if isinstance(module, nn.Conv2d):
        if isinstance(module.padding, str):
            raise ConfigError(
                f'a convolution with padding {module.padding!r} has no fixed window; give its '
                f'padding in numbers'
            )
        return [Window(_pair(module.kernel_size), _pair(module.stride), _pair(module.padding),
                       _pair(module.dilation))]
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        dilation = _pair(getattr(module, 'dilation', 1))
        return [Window(_pair(module.kernel_size), _pair(module.stride), _pair(module.padding),
                       dilation, module.ceil_mode)]
    if isinstance(module, _SEES_ONE_LOCATION):
        return []
    if isinstance(module, nn.Sequential):
        return [window for layer in module for window in windows_of(layer)]
    layers = getattr(module, 'features', None)
    if isinstance(layers, nn.Module):
        return windows_of(layers)
    raise ConfigError(
        f'the receptive field of {type(module).__name__} is not known; give it a method '
        f'windows() that lists its convolutions and poolings'
    )


def receptive_fields(windows: Iterable[Window], height: int, width: int) -> tuple[Axis, Axis]:
    """Receptive fields of the last layer's features along y and x of an image."""
    windows = list(windows)
    return _axis(windows, 0, height), _axis(windows, 1, width)


def feature_centers_px(
    network: nn.Module, height: int, width: int
) -> tuple[list[float], list[float]]:
    """Return y of every feature row and x of every feature column of a backbone, pixels."""
    rows, columns = receptive_fields(windows_of(network), height, width)
    return rows.centers(), columns.centers()


def patch_centers_px(feature_centers: tuple[list[float], list[float]], size: int,
                     stride: int = 1) -> Tensor:
    """Patch centres in the input image from the centres of the features.

    Args:
        feature_centers: y of every feature row and x of every feature column, pixels.
        size, stride: of the patches, in feature cells.

    Returns:
        float32 (n, 2), x and y, row-major: the middle of the patch's first and last feature.

    Raises:
        ConfigError: the patch does not fit into the feature grid.
    """
    rows_px, columns_px = (torch.tensor(axis, dtype=torch.float64) for axis in feature_centers)
    rows, columns = patch_grid((len(rows_px), len(columns_px)), size, stride)
    first_row, first_column = torch.arange(rows) * stride, torch.arange(columns) * stride
    y = (rows_px[first_row] + rows_px[first_row + size - 1]) / 2
    x = (columns_px[first_column] + columns_px[first_column + size - 1]) / 2
    grid_y, grid_x = torch.meshgrid(y, x, indexing='ij')
    return torch.stack([grid_x, grid_y], -1).reshape(-1, 2).float()


def _axis(windows: list[Window], axis: int, length: int) -> Axis:
    first, step, extent, count = 0.0, 1, 1, length
    for window in windows:
        kernel, stride = window.kernel[axis], window.stride[axis]
        padding, reach = window.padding[axis], window.dilation[axis] * (kernel - 1)
        first += step * (reach / 2 - padding)
        extent += step * reach
        step *= stride
        count = _count(count, reach + 1, stride, padding, window.ceil_mode)
    return Axis(first, step, extent, count)


def _count(length: int, reach: int, stride: int, padding: int, ceil_mode: bool) -> int:
    """Windows that fit; with ``ceil_mode`` also one that begins inside and hangs over."""
    whole = (length + 2 * padding - reach) / stride
    if not ceil_mode:
        return math.floor(whole) + 1
    count = math.ceil(whole) + 1
    return count - 1 if (count - 1) * stride >= length + padding else count


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
