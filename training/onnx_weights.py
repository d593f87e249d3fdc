# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a backbone's initial weights from an ONNX file: plain arrays, no code is run."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn, Tensor

from training.architectures.squeezenet import SqueezeNet, SqueezeNet11
from vpr_ros.errors import ModelError

# index in torchvision's ``features`` -> name of the Caffe layer
_SQUEEZENET_LAYERS = {
    0: 'conv1', 3: 'fire2', 4: 'fire3', 6: 'fire4', 7: 'fire5',
    9: 'fire6', 10: 'fire7', 11: 'fire8', 12: 'fire9',
}


def read_initializers(path: Path) -> dict[str, Tensor]:
    """Return the named constants of an ONNX file as float32 tensors.

    Raises:
        ModelError: the file is missing or is no ONNX model.
    """
    import onnx  # noqa: PLC0415 - heavy, and only this reader needs it
    from onnx import numpy_helper  # noqa: PLC0415

    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf has its own exception families
        raise ModelError(f'initial weights {path} cannot be read as ONNX ({error})') from error
    return {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()).float()
        for tensor in graph.initializer
    }


def load_squeezenet(network: SqueezeNet | SqueezeNet11, path: Path) -> None:
    """Fill a SqueezeNet 1.1 from the ONNX conversion of its Caffe weights.

    Raises:
        ModelError: a layer is missing or has another shape.
    """
    tensors = read_initializers(path)
    state = {}
    for index, layer in _SQUEEZENET_LAYERS.items():
        parts = [''] if layer == 'conv1' else ['squeeze1x1', 'expand1x1', 'expand3x3']
        for part in parts:
            source = f'{layer}/{part}' if part else layer
            module = {'': '', 'squeeze1x1': 'squeeze.'}.get(part, f'{part}.')
            for kind, suffix in (('weight', 'w'), ('bias', 'b')):
                name = f'{source}_{suffix}_0'
                if name not in tensors:
                    raise ModelError(f'initial weights {path}: no tensor {name!r}; expected the '
                                     f'SqueezeNet 1.1 of SOURCE.md')
                state[f'features.{index}.{module}{kind}'] = tensors[name]
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(f'initial weights {path} do not fit SqueezeNet 1.1: {error}') from error


def load_backbone(network: nn.Module, path: Path) -> None:
    """Fill a backbone from an ONNX file of known layout.

    Raises:
        ModelError: no reader for this kind of backbone, or the file does not fit it.
    """
    if not isinstance(network, (SqueezeNet, SqueezeNet11)):
        raise ModelError(f'no ONNX reader for {type(network).__name__}; expected SqueezeNet')
    load_squeezenet(network, path)
