# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The original NetVLAD networks of MatConvNet: a VGG-16 in a MATLAB file.

Its descriptor is ordered D x K, and so is its whitening; here both become K x D. Its layer holds
minus the centres.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.aggregators import NetVLAD
from training.architectures.vgg import VGG16
from training.checkpoints.families import Parts
from training.checkpoints.recognise import linear_from
from training.normalisation import Normalisation
from vpr_ros.errors import ModelError

LAST_CONVOLUTION = 28


def read_matconvnet(path: Path) -> Parts:
    """Take a NetVLAD ``.mat`` apart.

    Raises:
        ModelError: it cannot be read, or is no VGG-16 with NetVLAD.
    """
    from scipy.io import loadmat  # noqa: PLC0415 - only this reader needs it
    from scipy.io.matlab import MatReadError  # noqa: PLC0415

    if not path.is_file():
        raise ModelError(f'there is no file {path} to read weights from; check the path')
    try:
        net = loadmat(path, struct_as_record=False, squeeze_me=True)['net']
        layers = list(net.layers)
    except NotImplementedError as error:
        raise ModelError(f'{path} is a MATLAB 7.3 file, which is not read here; load it in MATLAB '
                         f'and save it with -v7') from error
    except (OSError, MatReadError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(f'{path} cannot be read as a MatConvNet network ({error}); give one of '
                         f'the files VGG16-NetVLAD-*.mat') from error
    try:
        return _parts(net, layers, str(path))
    except (AttributeError, IndexError, ValueError, TypeError) as error:
        raise ModelError(f'{path} is no VGG-16 with NetVLAD ({error}); give one of the files '
                         f'VGG16-NetVLAD-*.mat') from error


def _parts(net: Any, layers: list[Any], source: str) -> Parts:
    backbone = VGG16()
    state: dict[str, Tensor] = {}
    for index in range(LAST_CONVOLUTION + 1):
        if f'features.{index}.weight' in backbone.state_dict():
            kernel, bias = layers[index].weights
            state[f'features.{index}.weight'] = _tensor(kernel).permute(3, 2, 0, 1).contiguous()
            state[f'features.{index}.bias'] = _tensor(bias).reshape(-1)
    backbone.load_weights(state, source)
    rest = layers[LAST_CONVOLUTION + 1:]
    held = [_weights(layer) for layer in rest]
    pairs = [pair for pair in held if len(pair) == 2]
    scores, minus_centres = (_tensor(array).reshape(array.shape[-2:]) for array in pairs[0])
    channels, clusters = (int(n) for n in scores.shape)
    layer = NetVLAD(clusters, channels)
    layer.load_state_dict({'conv.weight': scores.T.reshape(clusters, channels, 1, 1),
                           'centroids': -minus_centres.T})
    projection = None
    if len(pairs) > 1:
        whitening, bias = _tensor(pairs[1][0]), _tensor(pairs[1][1]).reshape(-1)
        matrix = whitening.reshape(-1, bias.numel()).T  # (dim, D * K)
        matrix = matrix.reshape(-1, channels, clusters).transpose(1, 2)
        projection = linear_from(matrix.reshape(bias.numel(), -1), bias, clusters * channels,
                                 source)
    average = np.asarray(net.meta.normalization.averageImage, np.float64)
    red, green, blue = (float(value) for value in average.reshape(-1, 3).mean(0))
    convention = Normalisation('rgb', (red, green, blue), (1.0, 1.0, 1.0))
    notes = () if projection is not None else (
        'the vector is ordered cluster by cluster, the original channel by channel',)
    return Parts('NetVLAD', backbone, layer, convention, projection=projection, notes=notes)


def _weights(layer: Any) -> list[Any]:
    weights = getattr(layer, 'weights', None)
    return list(weights) if isinstance(weights, np.ndarray) and weights.dtype == object else []


def _tensor(array: Any) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
