# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hands an imported checkpoint to the robot: one ONNX file with card, compared with torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

from torch import nn

from training.aggregators import NetVLAD
from training.card import write_card
from training.checkpoints.importer import Imported
from training.export import export, Parity
from training.model import PlaceNetwork
from training.patch_network import add_patches, PatchNetwork
from vpr_ros.errors import ConfigError
from vpr_ros.model.card import ModelCard
from vpr_ros.types import ImageArray


def hand_over(imported: Imported, path: Path, *, name: str, licence: str,
              images: Sequence[ImageArray], patch_sizes: Mapping[int, int] | None = None,
              storage: str = 'float16') -> tuple[ModelCard, Mapping[str, Parity]]:
    """Write ``NAME.onnx`` and ``NAME.json``; a file that computes anything else is removed.

    Args:
        imported: the checkpoint.
        path: of the ``.onnx``.
        name: by which users select the model.
        licence: of the weights, as their authors say.
        images: real images, uint8 (height, width, 3) RGB of the input's size, for the comparison.
        patch_sizes: side -> stride of patches to describe too, in feature cells, as Patch-NetVLAD
            does with the projection of the global descriptor; its own choice is 2, 5, 8.
        storage: of the weights, one of :data:`training.storage.SCHEMES`.

    Returns:
        The card as the robot reads it, and parity by output.

    Raises:
        ConfigError: patches of a network that has no NetVLAD with a projection, or no images.
        ModelError: the graph is not valid, or disagrees with torch.
    """
    network = _with_patches(imported, patch_sizes or {})
    parity = export(network, imported.height, imported.width, path, images, storage)
    patches = (network.card_entries(imported.height, imported.width)
               if isinstance(network, PatchNetwork) else {})
    return write_card(
        path, name=name, height=imported.height, width=imported.width, dim=imported.dim,
        interpolation=imported.interpolation, licence=licence, patches=patches,
        description=imported.description,
        initialised_from=[{'what': imported.description, 'licence': licence,
                           'source': imported.origin}],
        training_data=[], training={'notes': list(imported.notes)},
        results={'export': {output: asdict(found) for output, found in parity.items()}},
    ), parity


def _with_patches(imported: Imported, sizes: Mapping[int, int]) -> nn.Module:
    network = imported.network
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
                       width=imported.width, sizes=sizes)
