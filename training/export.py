# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hands a trained network to the robot: one ONNX file, checked against torch on real images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
import warnings

import numpy as np
import torch
from torch import nn

from training.architectures.fold import fold_normalisation
from training.evaluate import onnx_describer
from training.onnx_session import open_session
from training.optional_outputs import make_patches_optional
from training.patch_network import PatchNetwork
from training.storage import compress, stored_value
from vpr_ros.errors import ConfigError, ModelError
from vpr_ros.types import FloatArray, ImageArray

OPSET = 17
MIN_COSINE = 0.9999
MAX_DIFFERENCE = 1e-4

AnyNetwork = TypeVar('AnyNetwork', bound=nn.Module)


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


def rounded(network: AnyNetwork, storage: str = 'compact') -> AnyNetwork:
    """Return a copy with the weights that the file will hold, batch normalisations folded in.

    They are folded first because the exporter folds them anyway: what it makes of rounded weights
    and rounded statistics would be rounded a second time.
    """
    network = fold_normalisation(network)
    with torch.no_grad():
        for weight in (*network.parameters(), *network.buffers()):
            value = weight.detach().contiguous().numpy()
            weight.copy_(torch.from_numpy(stored_value(value, storage)))
    return network


def to_onnx(network: nn.Module, height: int, width: int, path: Path, storage: str = 'compact',
            edit: Callable[[Path], None] | None = None) -> None:
    """Write a network as ONNX: ``image`` uint8 (1, H, W, 3) RGB -> ``global`` (1, D).

    A :class:`PatchNetwork` has its further outputs too, which can be switched off.

    Args:
        network: rounded.
        height: of the model's input.
        width: of the model's input.
        path: of the ``.onnx``.
        storage: of the weights, one of :data:`training.storage.SCHEMES`.
        edit: changes the file while its weights are still float32.

    Raises:
        ModelError: the file that came out is not valid.
    """
    import onnx  # noqa: PLC0415 - only export needs it

    names = network.output_names if isinstance(network, PatchNetwork) else ['global']
    image = torch.zeros((1, height, width, 3), dtype=torch.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the exporter announces its own successor
        torch.onnx.export(network.eval(), (image,), str(path), input_names=['image'],
                          output_names=names, opset_version=OPSET, dynamo=False)
    if edit is not None:
        edit(path)
    model = onnx.load(str(path))
    make_patches_optional(model)
    compress(model, storage)
    model.producer_name = 'vpr_ros training'
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ModelError(f'the exported graph is not valid: {error}') from error
    onnx.save(model, str(path))


def check_parity(network: nn.Module, path: Path, images: Sequence[ImageArray],
                 storage: str = 'compact') -> Parity:
    """Compare the global descriptor of an exported file with torch.

    Args:
        network: before rounding.
        path: of the ``.onnx``.
        images: of the model's size, uint8 (H, W, 3) RGB.
        storage: of the file's weights.

    Raises:
        ModelError: it differs by more than rounding; such a file must not reach a robot.
    """
    return _compare_global(network, rounded(network, storage), path, images)


def _compare_global(network: nn.Module, stored: nn.Module, path: Path,
                    images: Sequence[ImageArray]) -> Parity:
    @torch.no_grad()
    def describe(from_network: nn.Module) -> FloatArray:  # one by one, as the file does
        return np.concatenate([from_network(torch.from_numpy(image[None])).numpy()
                               for image in images])

    return _compare(f'{path.name}, output global', describe(stored), describe(network),
                    onnx_describer(path)(np.stack(list(images))))


def check_patches(network: PatchNetwork, path: Path, images: Sequence[ImageArray],
                  storage: str = 'compact') -> dict[str, Parity]:
    """Compare each patch output of an exported file with torch; as :func:`check_parity`."""
    return _compare_patches(network, rounded(network, storage), path, images)


def _compare_patches(network: PatchNetwork, stored: PatchNetwork, path: Path,
                     images: Sequence[ImageArray]) -> dict[str, Parity]:
    session, parities = open_session(path), {}
    names = network.output_names[1:]
    with torch.no_grad():
        theirs = [session.run(names, {'image': image[None]}) for image in images]
        tensors = [torch.from_numpy(image[None]) for image in images]
        ours = [[rows.numpy() for rows in stored(image)[1:]] for image in tensors]
        whole = [[rows.numpy() for rows in network(image)[1:]] for image in tensors]
    for index, name in enumerate(names):
        parities[name] = _compare(
            f'{path.name}, output {name}',
            *(np.concatenate([outputs[index] for outputs in of]) for of in (ours, whole, theirs)))
    return parities


def _compare(what: str, ours: FloatArray, whole: FloatArray, theirs: FloatArray) -> Parity:
    """Compare unit rows: stored weights in torch, whole weights in torch, the file; all (n, d)."""
    def rows_cosine(a: FloatArray, b: FloatArray) -> float:
        return float((a * b).sum(1).min())

    parity = Parity(rows_cosine(ours, theirs), float(np.abs(ours - theirs).max()),
                    rows_cosine(whole, theirs))
    if not (parity.cosine > MIN_COSINE and parity.difference < MAX_DIFFERENCE):
        raise ModelError(
            f'{what} disagrees with torch: cosine {parity.cosine:.6f}, largest difference '
            f'{parity.difference:.2e}; expected more than {MIN_COSINE} and less than '
            f'{MAX_DIFFERENCE}: the export does not compute what was trained'
        )
    return parity


def export(network: nn.Module, height: int, width: int, path: Path,
           images: Sequence[ImageArray], storage: str = 'compact') -> Mapping[str, Parity]:
    """Write the file and check it; a file that fails the check is removed.

    Args:
        network: in evaluation mode; uint8 (n, H, W, 3) RGB -> unit rows (n, D), or a
            :class:`PatchNetwork`.
        height: of the model's input.
        width: of the model's input.
        path: of the ``.onnx``.
        images: real images, uint8 (height, width, 3) RGB, for the check.
        storage: of the weights, one of :data:`training.storage.SCHEMES`.

    Returns:
        Parity by output.

    Raises:
        ConfigError: no images, or no such storage.
        ModelError: the file computes something else than torch.
    """
    if not len(images):
        raise ConfigError('no image was given to compare the exported model with torch; give some')
    # rounded first: the exporter cuts weights into pieces, too small to be rounded by themselves
    stored = rounded(network, storage)
    try:
        to_onnx(stored, height, width, path, storage)
        if isinstance(network, PatchNetwork) and isinstance(stored, PatchNetwork):
            return {'global': _compare_global(network.network, stored.network, path, images),
                    **_compare_patches(network, stored, path, images)}
        return {'global': _compare_global(network, stored, path, images)}
    except ModelError:
        path.unlink(missing_ok=True)
        raise
