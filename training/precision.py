# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mixed precision: convolutions in half the bits, sums and weights in float32."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vpr_ros.errors import ConfigError

_TYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}


class Precision:
    """How a network is run and its gradients are scaled.

    Gradients of float16 fall below its smallest number unless the loss is scaled up.

    Args:
        name: ``float32``, ``bfloat16`` or ``float16``.
        device: of the network.

    Raises:
        ConfigError: float16 on a CPU, whose small numbers vanish there unscaled.
    """

    def __init__(self, name: str, device: torch.device) -> None:
        if name == 'float16' and device.type != 'cuda':
            raise ConfigError('precision float16 needs a GPU; take bfloat16 or float32')
        self.name, self.device = name, device
        self._scaler = torch.amp.GradScaler(device.type, enabled=name == 'float16')

    def context(self) -> torch.autocast:
        """Run a network inside of it."""
        return torch.autocast(self.device.type, _TYPES.get(self.name, torch.bfloat16),
                              enabled=self.name in _TYPES)

    def backward(self, loss: Tensor) -> None:
        """Compute gradients, scaled."""
        self._scaler.scale(loss).backward()

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Scale the gradients back, before they are clipped."""
        self._scaler.unscale_(optimizer)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Take a step; one whose gradients overflowed is left out."""
        self._scaler.step(optimizer)
        self._scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """For an exact resumption."""
        return self._scaler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the scale that the state had."""
        if state:
            self._scaler.load_state_dict(state)
