# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hands an imported checkpoint to the robot: one ONNX file with its card, compared with torch.

Large weights are stored in half precision and computed with in single precision.
"""

from __future__ import annotations

from collections.abc import Sequence
import copy
import hashlib
import json
from pathlib import Path
from typing import Any, cast
import warnings

import numpy as np
import torch
from torch import nn

from training.aggregators import NetVLAD
from training.architectures.fold import fold_normalisation
from training.checkpoints.importer import Imported
from training.checkpoints.network import DescriptorNetwork
from training.export import MAX_DIFFERENCE, MIN_COSINE, OPSET
from training.model import PlaceNetwork
from training.patch_network import PatchNetwork, add_patches
from vpr_ros.errors import ConfigError, ModelError
from vpr_ros.model.card import FORMAT, ModelCard, load_card
from vpr_ros.types import ImageArray

SMALLEST = 1024  # tensors with fewer numbers stay as they are
LARGEST_HALF = 65504.0


def hand_over(imported: Imported, path: Path, *, name: str, licence: str,
              images: Sequence[ImageArray], patch_sizes: Sequence[int] = ()) -> ModelCard:
    """Write ``NAME.onnx`` and ``NAME.json``; a file that computes anything else is removed.

    Args:
        imported: the checkpoint.
        path: of the ``.onnx``.
        name: by which users select the model.
        licence: of the weights, as their authors say.
        images: real images, uint8 (height, width, 3) RGB of the input's size, for the comparison.
        patch_sizes: sides of patches to describe too, in feature cells, as Patch-NetVLAD does with
            the projection of the global descriptor; its own choice is 2, 5, 8.

    Raises:
        ConfigError: patches of a network that has no NetVLAD with a projection, or no images.
        ModelError: the graph is not valid, or disagrees with torch.
    """
    if not images:
        raise ConfigError('no image was given to compare the exported model with torch; give some')
    network = _with_patches(imported, fold_normalisation(imported.network), patch_sizes)
    names = network.output_names if isinstance(network, PatchNetwork) else ['global']
    stored = as_stored(network)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write_graph(network, names, imported.height, imported.width, path)
        _compare(stored, names, path, images)
    except ModelError:
        path.unlink(missing_ok=True)
        raise
    patches = (network.card_entries(imported.height, imported.width)
               if isinstance(network, PatchNetwork) else {})
    card = {
        'format': FORMAT, 'name': name,
        'sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
        'input': imported.card_input(), 'global_dim': imported.dim, 'patches': patches,
        'licence': licence, 'description': imported.description,
        'initialised_from': [{'what': imported.description, 'licence': licence,
                              'source': imported.origin}],
        'training_data': [], 'training': {'notes': list(imported.notes)}, 'results': {},
        'calibration': None,
    }
    card_path = path.with_suffix('.json')
    card_path.write_text(json.dumps(card, indent=2) + '\n', encoding='utf-8')
    return load_card(card_path)


def as_stored(network: nn.Module) -> nn.Module:
    """A copy of a network whose numbers are what its file will hold."""
    network = copy.deepcopy(network)
    with torch.no_grad():
        for value in (*network.parameters(), *network.buffers()):
            if value.dtype == torch.float32 and _stored_in_half(value.numpy()):
                value.copy_(value.half())
    return network


def _stored_in_half(weight: np.ndarray[Any, Any]) -> bool:
    return weight.size >= SMALLEST and float(np.abs(weight).max()) <= LARGEST_HALF


def _halve(model: Any) -> None:
    """Store the large constants of an ONNX ModelProto in half precision, in place."""
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - only export needs it

    graph, casts = model.graph, []
    for tensor in graph.initializer:
        weight = numpy_helper.to_array(tensor)
        if weight.dtype == np.float32 and _stored_in_half(weight):
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(weight.astype(np.float16), f'{name}.half'))
            casts.append(helper.make_node('Cast', [f'{name}.half'], [name], name=f'{name}.restore',
                                          to=TensorProto.FLOAT))
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + rest)


def _with_patches(imported: Imported, network: DescriptorNetwork, sizes: Sequence[int]
                  ) -> nn.Module:
    if not sizes:
        return network
    if network.projection is None or not isinstance(network.aggregation, NetVLAD):
        raise ConfigError(f'patches were asked of {imported.description}; they need a NetVLAD '
                          f"layer and its whitening, as Patch-NetVLAD's checkpoints have")
    if network.crop is not None:
        raise ConfigError('patches of an image that is cut inside the graph have no place in it; '
                          'leave the patches or the cut out')
    return add_patches(cast(PlaceNetwork, network), network.projection.weight.detach(),
                       network.projection.bias.detach(), height=imported.height,
                       width=imported.width, sizes=dict.fromkeys(sizes, 1))


def _write_graph(network: nn.Module, names: list[str], height: int, width: int, path: Path
                 ) -> None:
    import onnx  # noqa: PLC0415 - only export needs it

    image = torch.zeros((1, height, width, 3), dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # sizes are meant to be constants of the graph
        torch.onnx.export(network.eval(), (image,), str(path), input_names=['image'],
                          output_names=names, opset_version=OPSET, dynamo=False)
    model = onnx.load(str(path))
    _halve(model)
    model.producer_name = 'vpr_ros training'
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ModelError(f'the exported graph is not valid: {error}') from error
    onnx.save(model, str(path))


@torch.no_grad()
def _compare(network: nn.Module, names: list[str], path: Path, images: Sequence[ImageArray]
             ) -> None:
    import onnxruntime  # noqa: PLC0415 - only export needs it

    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    for image in images:
        found = session.run(names, {'image': image[None]})
        made = network(torch.from_numpy(image[None]))
        expected = made if isinstance(made, tuple) else (made,)
        for name, ours, theirs in zip(names, expected, found, strict=True):
            difference = float(np.abs(ours.numpy() - theirs).max())
            cosine = float((ours.numpy() * theirs).sum(1).min())
            if not (cosine > MIN_COSINE and difference < MAX_DIFFERENCE):
                raise ModelError(
                    f'{path.name} disagrees with torch in {name}: cosine {cosine:.6f}, largest '
                    f'difference {difference:.2e}; expected more than {MIN_COSINE} and less than '
                    f'{MAX_DIFFERENCE}: the export does not compute what the checkpoint does'
                )
