# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of backbones whose weights want another input than their architecture's.

A backbone maps float32 (N, 3, H, W), normalised as its weights want it, to features
(N, channels, H', W'). How its input is normalised belongs to its weights, so every backbone
carries a :class:`training.normalisation.Normalisation`.
"""

from __future__ import annotations

from functools import partial

from training.architectures.base import BackboneEntry
from training.architectures.squeezenet import SqueezeNet11
from training.normalisation import CAFFE
from vpr_ros.errors import ConfigError

# Their weights come from elsewhere than torchvision.
BACKBONES = {'squeezenet1_1': BackboneEntry(partial(SqueezeNet11, ceil_mode=False), 512, CAFFE)}


def backbone_entry(name: str) -> BackboneEntry:
    """Return the table row of a backbone.

    Raises:
        ConfigError: there is no such backbone.
    """
    if name not in BACKBONES:
        raise ConfigError(f'no backbone named {name!r}; known: {", ".join(sorted(BACKBONES))}')
    return BACKBONES[name]
