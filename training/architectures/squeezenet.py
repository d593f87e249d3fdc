# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SqueezeNet 1.1 (Iandola et al. 2016) up to fire9, with the choices of an architecture."""

from __future__ import annotations

from training.architectures.plain import PlainArchitecture
from training.backbones import SqueezeNet


class SqueezeNet11(PlainArchitecture):
    """512 channels at stride 16, after the last ReLU.

    Args:
        name: in the table.
        ceil_mode: of the poolings; torchvision's weights were trained with True.
    """

    def __init__(self, name: str = 'squeezenet1_1', ceil_mode: bool = True) -> None:
        layers = list(SqueezeNet(ceil_mode).features)
        stages = {'conv1': (0,), 'fire2': (3,), 'fire3': (4,), 'fire4': (6,), 'fire5': (7,),
                  'fire6': (9,), 'fire7': (10,), 'fire8': (11,), 'fire9': (12,)}
        super().__init__(name, layers, 512, 16, stages=stages, full=13)
