# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NetVLAD whose features are weighted by their context: CRN (Kim et al. 2017).

It is trained in two stages: first a NetVLAD by itself, then :meth:`CRN.from_netvlad` and, with
:meth:`CRN.parameter_groups`, a ten times larger rate for the new layers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn, Tensor
from torch.nn import functional

from training.aggregators import NetVLAD

MASK_RATE, NETWORK_RATE = 5e-3, 5e-4  # the benchmark's, for SGD


class ContextualMask(nn.Module):
    """Weight of every local feature from its surroundings at three scales.

    The map is halved, filtered by 3x3, 5x5 and 7x7 windows, and the sum of the positive answers is
    enlarged to the map's size. On even sizes that doubles the mask, as the released code does;
    odd sizes, at which that code fails, get a mask of their own size.

    Args:
        channels: D of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.filter_3_3 = nn.Conv2d(channels, 32, 3, padding=1)
        self.filter_5_5 = nn.Conv2d(channels, 32, 5, padding=2)
        self.filter_7_7 = nn.Conv2d(channels, 20, 7, padding=3)
        self.acc_w = nn.Conv2d(84, 1, 1)
        for layer in (self.filter_3_3, self.filter_5_5, self.filter_7_7):
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        nn.init.ones_(self.acc_w.weight)
        nn.init.zeros_(self.acc_w.bias)  # type: ignore[arg-type]
        self.acc_w.requires_grad_(False)  # a plain sum

    def forward(self, x: Tensor) -> Tensor:
        """L2-normalised features (N, D, H, W) -> (N, 1, H, W), not negative."""
        size = (int(x.shape[2]), int(x.shape[3]))
        halved = functional.avg_pool2d(x, 3, 2, ceil_mode=True)
        filters = (self.filter_3_3, self.filter_5_5, self.filter_7_7)
        context = torch.relu(torch.cat([layer(halved) for layer in filters], 1))
        weights = torch.relu(self.acc_w(context))
        return functional.interpolate(weights, size, mode='bilinear')


class CRN(NetVLAD):
    """NetVLAD with soft assignments multiplied by a :class:`ContextualMask`.

    Args: see :class:`NetVLAD`.
    """

    def __init__(self, clusters: int, channels: int, bias: bool = False,
                 normalise_input: bool = True) -> None:
        super().__init__(clusters, channels, bias, normalise_input)
        self.crn = ContextualMask(channels)

    def assign(self, x: Tensor) -> Tensor:
        """Weighted soft assignment of local features (N, D, H, W): (N, K, H * W)."""
        return super().assign(x) * self.crn(x).flatten(2)

    @classmethod
    def from_netvlad(cls, netvlad: NetVLAD) -> CRN:
        """Begin the second stage with what the first has learnt; the mask is new."""
        made = cls(netvlad.clusters, netvlad.channels, netvlad.conv.bias is not None,
                   netvlad.normalise_input)
        made.load_state_dict({**made.state_dict(), **netvlad.state_dict()})
        return made

    def parameter_groups(self, rest: list[nn.Parameter], *, mask_rate: float = MASK_RATE,
                         network_rate: float = NETWORK_RATE) -> list[dict[str, Any]]:
        """Return groups for an optimizer in the second stage.

        Args:
            rest: parameters of the other parts of the network.
            mask_rate: learning rate of the mask.
            network_rate: of everything else.
        """
        mask = [p for p in self.crn.parameters() if p.requires_grad]
        others = [p for name, p in self.named_parameters() if not name.startswith('crn.')]
        trained = [p for p in others + rest if p.requires_grad]
        return [{'params': mask, 'lr': mask_rate}, {'params': trained, 'lr': network_rate}]
