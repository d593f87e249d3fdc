# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Imports a public checkpoint: a network whose forward is the whole descriptor, and its input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from training.aggregators import NetVLAD
from training.architectures.files import read_weights
from training.checkpoints.families import Parts, read_parts
from training.checkpoints.matconvnet import read_matconvnet
from training.checkpoints.network import CenterCrop, DescriptorNetwork
from training.checkpoints.projections import read_projection
from training.checkpoints.recognise import linear_from
from training.normalisation import IMAGENET
from vpr_ros.errors import ConfigError

DEFAULT_SIZE = (480, 640)
SWARM_SLAM = 'Swarm-SLAM'
_CROP, _SHRUNK = 376, 224  # Swarm-SLAM's image_crop_size, and the size it shrinks to


@dataclass(frozen=True)
class Imported:
    """A checkpoint ready for export.

    Attributes:
        network: uint8 (N, H, W, 3) RGB -> (N, dim), L2-normalised, in evaluation mode.
        origin: project whose code wrote the checkpoint.
        height, width: to which images are resized, aspect not kept.
        interpolation: of that resizing, as a model card names it.
        dim: length of the descriptor.
        description: one sentence for the card.
        notes: what differs from the released code.
    """

    network: DescriptorNetwork
    origin: str
    height: int
    width: int
    interpolation: str
    dim: int
    description: str
    notes: tuple[str, ...] = ()

    def card_input(self) -> dict[str, Any]:
        """Return the field ``input`` of the model card."""
        return {'height': self.height, 'width': self.width, 'interpolation': self.interpolation,
                'color': 'rgb'}


def import_checkpoint(path: Path, *, pca: Path | None = None, swarm_slam: bool = False,
                      size: tuple[int, int] | None = None, aggregation: str = '', l2: str = ''
                      ) -> Imported:
    """Import a checkpoint of another project.

    Known are those of Patch-NetVLAD, pytorch-NetVlad, deep-vg-benchmark, OpenIBL, CosPlace and
    Swarm-SLAM, and NetVLAD's own .mat.

    The family, the backbone, K, D and the whitening follow from names and shapes.

    Args:
        path: the file.
        pca: principal components in a file of their own, see :func:`read_projection`.
        swarm_slam: the checkpoint is used as Swarm-SLAM does: the middle 376 pixels of the
            camera's image, shrunk to 224, which happens inside the graph.
        size: height and width of the input; the project's own by default. With ``swarm_slam`` it
            is that of the camera's images.
        aggregation: where the checkpoint cannot tell: mac, spoc, rmac, cls or seqpool.
        l2: ``after_pool`` or ``none`` where deep-vg-benchmark was run so.

    Raises:
        ModelError: the file cannot be read, or is of no known family.
        ConfigError: a choice is missing, or does not fit.
    """
    if path.suffix == '.mat':
        parts = read_matconvnet(path)
    else:
        parts = read_parts(read_weights(path), str(path), aggregation=aggregation, l2=l2)
    if pca is not None:
        parts = replace(parts, projection=_separate_projection(parts, pca))
    height, width = size or _usual_size(parts)
    crop = CenterCrop(height, width, _CROP, _SHRUNK) if swarm_slam else None
    if crop is None:
        parts.backbone.grid(height, width)
    network = DescriptorNetwork(parts.backbone, parts.aggregation, parts.normalisation,
                                takes=parts.takes, projection=parts.projection, crop=crop)
    origin = SWARM_SLAM if swarm_slam else parts.origin
    interpolation = 'linear' if origin == 'deep-vg-benchmark' else 'area'
    return Imported(network, origin, height, width, interpolation, _dim(parts),
                    _describe(parts, origin), parts.notes)


def _separate_projection(parts: Parts, pca: Path) -> nn.Linear:
    if parts.projection is not None:
        raise ConfigError(f'the checkpoint brings its own projection to '
                          f'{parts.projection.out_features} numbers; leave {pca} out')
    weight, bias = read_projection(pca)
    return linear_from(weight, bias, _dim(parts), str(pca))


def _dim(parts: Parts) -> int:
    if parts.projection is not None:
        return parts.projection.out_features
    if isinstance(parts.aggregation, NetVLAD):
        return parts.aggregation.clusters * parts.aggregation.channels
    return parts.backbone.channels


def _usual_size(parts: Parts) -> tuple[int, int]:
    """480x640, which convolutional networks of this field were trained at; else square."""
    for name, leading in (('pos_embed', 1), ('classifier.positional_emb', 0)):
        positions = dict(parts.backbone.named_parameters()).get(name)
        if positions is not None:
            side = round((int(positions.shape[1]) - leading) ** 0.5) * parts.backbone.stride
            return side, side
    return DEFAULT_SIZE


def _describe(parts: Parts, origin: str) -> str:
    layer = parts.aggregation
    what = getattr(layer, 'pool', layer)
    name = type(what).__name__
    if isinstance(layer, NetVLAD):
        name += f' with {layer.clusters} clusters'
    if parts.projection is not None:
        name += f', projected to {parts.projection.out_features}'
    channels = 'ImageNet' if parts.normalisation == IMAGENET else 'MatConvNet'
    return f'{parts.backbone.name} and {name} of {origin}, {channels} normalisation'
