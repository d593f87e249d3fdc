# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hands a trained network to the robot: one ONNX file, checked against torch on real images."""

from __future__ import annotations

from collections.abc import Sequence
import copy
from dataclasses import dataclass
from pathlib import Path
import warnings

import numpy as np
import torch
from torch import nn

from training.evaluate import onnx_describer, torch_describer
from training.model import PlaceNetwork
from training.storage import compress, stored_value
from vpr_ros.errors import ModelError
from vpr_ros.types import FloatArray, ImageArray

OPSET = 17
MIN_COSINE = 0.9999
MAX_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class Parity:
    """How an exported file agrees with torch.

    Attributes:
        cosine: smallest cosine to the torch network holding the stored weights.
        difference: largest absolute difference to it.
        cosine_float32: smallest cosine to the network before its weights were rounded.
    """

    cosine: float
    difference: float
    cosine_float32: float


def rounded(network: PlaceNetwork) -> PlaceNetwork:
    """A copy whose weights are what the file will hold."""
    network = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.parameters():
            value = parameter.detach().contiguous().numpy()
            parameter.copy_(torch.from_numpy(stored_value(value)))
    return network


def to_onnx(network: nn.Module, height: int, width: int, path: Path) -> None:
    """Write a network as ONNX: ``image`` uint8 (1, H, W, 3) RGB -> ``global`` (1, D).

    Raises:
        ModelError: the file that came out is not valid.
    """
    import onnx  # noqa: PLC0415 - only export needs it

    image = torch.zeros((1, height, width, 3), dtype=torch.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the exporter announces its own successor
        torch.onnx.export(network.eval(), (image,), str(path), input_names=['image'],
                          output_names=['global'], opset_version=OPSET, dynamo=False)
    model = onnx.load(str(path))
    compress(model)
    model.producer_name = 'vpr_ros training'
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ModelError(f'the exported graph is not valid: {error}') from error
    onnx.save(model, str(path))


def check_parity(network: PlaceNetwork, path: Path, images: Sequence[ImageArray]) -> Parity:
    """Compare an exported file with torch on images of the model's size.

    Raises:
        ModelError: it differs by more than rounding; such a file must not reach a robot.
    """
    def rows_cosine(a: FloatArray, b: FloatArray) -> float:
        return float((a * b).sum(1).min())

    batch = np.stack(list(images))
    ours, whole = torch_describer(rounded(network))(batch), torch_describer(network)(batch)
    theirs = onnx_describer(path)(batch)
    parity = Parity(rows_cosine(ours, theirs), float(np.abs(ours - theirs).max()),
                    rows_cosine(whole, theirs))
    if not (parity.cosine > MIN_COSINE and parity.difference < MAX_DIFFERENCE):
        raise ModelError(
            f'{path.name} disagrees with torch: cosine {parity.cosine:.6f}, largest difference '
            f'{parity.difference:.2e}; expected more than {MIN_COSINE} and less than '
            f'{MAX_DIFFERENCE}: the export does not compute what was trained'
        )
    return parity


def export(network: PlaceNetwork, height: int, width: int, path: Path,
           images: Sequence[ImageArray]) -> Parity:
    """Write the file and check it; a file that fails the check is removed.

    Args:
        network: in evaluation mode.
        height: of the model's input.
        width: of the model's input.
        path: of the ``.onnx``.
        images: real images, uint8 (height, width, 3) RGB, for the check.
    """
    to_onnx(network, height, width, path)
    try:
        return check_parity(network, path, images)
    except ModelError:
        path.unlink()
        raise
