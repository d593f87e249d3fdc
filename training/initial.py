# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The weights that a run begins with: of a public backbone, or of an earlier run."""

from __future__ import annotations

from pathlib import Path
import re

from torch import Tensor

from training import checkpoint
from training.aggregations.crn import CRN
from training.architectures.base import Architecture as Backbone
from training.architectures.files import read_weights
from training.model import entry_of, NORMALISATIONS, PlaceNetwork
from training.onnx_weights import load_backbone, read_initializers
from training.recipe import Recipe
from vpr_ros.errors import ConfigError, ModelError

LIBRARIES = ('torchvision', 'timm')
_CROP = re.compile(r'conv\d$')
TORCHVISION = {'mobilenetv3': 'mobilenet_v3_large', 'vit_b16': 'vit_b_16'}
TIMM = {
    'vit_b16': 'vit_base_patch16_224.augreg_in21k_ft_in1k',
    'vit_b16_384': 'vit_base_patch16_384.augreg_in21k_ft_in1k',
    'dinov2_vits14': 'vit_small_patch14_dinov2.lvd142m',
    'dinov2_vitb14': 'vit_base_patch14_dinov2.lvd142m',
}


def load_initial_weights(network: PlaceNetwork, source: str) -> None:
    """Fill a network's backbone.

    Args:
        network: whose backbone it is.
        source: a file of public weights, a model exported here (``.onnx``), ``torchvision`` or
            ``timm``.

    Raises:
        ConfigError: the library is not installed, or has no weights of this backbone.
        ModelError: the weights cannot be had, or do not fit.
    """
    backbone, name = network.backbone, network.architecture.backbone
    if source not in LIBRARIES and Path(source).suffix == '.onnx':
        exported = _backbone_of_export(Path(source))
        if exported and isinstance(backbone, Backbone):
            backbone.load_weights(exported, source)
        else:
            load_backbone(backbone, Path(source))
        return
    if not isinstance(backbone, Backbone):
        raise ModelError(f'{name} takes its weights from an .onnx file, not from {source}')
    if source not in LIBRARIES:
        backbone.load_weights(read_weights(Path(source)), source)
        return
    expected = 'half' if source == 'timm' and name.startswith('vit') else 'imagenet'
    given = network.architecture.normalisation
    own = entry_of(name).normalisation
    if (NORMALISATIONS[given] if given else own) != NORMALISATIONS[expected]:
        raise ConfigError(f'the weights of {name} in {source} expect another input; set '
                          f'normalisation: {expected} in the architecture')
    read = _from_torchvision if source == 'torchvision' else _from_timm
    backbone.load_weights(read(name), source)


def _backbone_of_export(path: Path) -> dict[str, Tensor]:
    """Read the backbone of a model that this project exported, as the bundled ones; else empty."""
    mark = 'backbone.'
    return {name.partition(mark)[2].removesuffix('.float16'): value
            for name, value in read_initializers(path).items()
            if name.removeprefix('network.').startswith(mark)}


def _from_torchvision(name: str) -> dict[str, Tensor]:
    try:
        from torchvision import models  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigError('initial_weights: torchvision is not installed; pip install '
                          "'.[backbones]', or give a file of its weights") from error
    public = _CROP.sub('', name)
    public = TORCHVISION.get(public, public)
    if public not in models.list_models():
        raise ConfigError(f'torchvision has no {name}; give a file of its weights, or timm')
    try:
        return dict(models.get_model_weights(public)['IMAGENET1K_V1'].get_state_dict())
    except OSError as error:
        raise ModelError(f'the weights of {public} cannot be fetched ({error}); fetch the file on '
                         f'another machine and give its path as initial_weights') from error


def _from_timm(name: str) -> dict[str, Tensor]:
    try:
        import timm  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigError('initial_weights: timm is not installed; pip install timm, or give a '
                          'file of its weights') from error
    if name not in TIMM:
        raise ConfigError(f'no weights of timm are known for {name}; known: {", ".join(TIMM)}')
    try:
        return dict(timm.create_model(TIMM[name], pretrained=True).state_dict())
    except (OSError, RuntimeError) as error:
        raise ModelError(f'the weights of {TIMM[name]} cannot be fetched ({error}); fetch the '
                         f'file on another machine and give its path as initial_weights'
                         ) from error


def take_over(network: PlaceNetwork, path: Path) -> str:
    """Begin with the weights of an earlier run's checkpoint.

    The second stage of CRN takes a whole NetVLAD network; its mask is new.

    Returns:
        What was done, for the report.

    Raises:
        ModelError: the checkpoint is of another architecture.
    """
    source = checkpoint.load_network(path)
    state = source.state_dict()
    own, theirs = network.architecture, source.architecture
    second_stage = isinstance(network.aggregation, CRN) and theirs.aggregation == 'netvlad'
    if second_stage:
        mask = {name: value for name, value in network.state_dict().items()
                if name.startswith('aggregation.crn.')}
        state = state | mask
    if theirs != own and not second_stage:
        differing = next(name for name in vars(own)
                         if getattr(own, name) != getattr(theirs, name))
        raise ModelError(
            f'initial_checkpoint {path} has {differing}: {getattr(theirs, differing)!r}, the '
            f"recipe's architecture {getattr(own, differing)!r}; give both the same")
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(f'initial_checkpoint {path} does not fit: {error}') from error
    return f'goes on from {path}' + (', the mask of CRN is new' if second_stage else '')


def initial_network(recipe: Recipe) -> tuple[PlaceNetwork, bool]:
    """Make the network of a recipe with its first weights.

    Returns:
        The network, and whether its head is still to be initialised from images.
    """
    network = PlaceNetwork(recipe.architecture)
    if recipe.initial_checkpoint:
        take_over(network, Path(recipe.initial_checkpoint))
        return network, False
    if recipe.initial_weights:
        load_initial_weights(network, recipe.initial_weights)
    return network, True
