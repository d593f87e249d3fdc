# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: plain tensors and numbers, written whole or not at all, read without pickles."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch

from training.model import Architecture, PlaceNetwork
from vpr_ros.errors import ModelError
from vpr_ros.whole_files import replacing


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; a kill at any moment leaves the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        torch.save(state, draft)


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint.

    Raises:
        ModelError: it is missing, damaged, or holds more than tensors and plain values.
    """
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch raises many families here
        raise ModelError(f'checkpoint {path} cannot be read ({type(error).__name__}: '
                         f'{str(error).splitlines()[0] if str(error) else ""})') from error
    if not isinstance(state, dict):
        raise ModelError(f'checkpoint {path} holds a {type(state).__name__}, expected a mapping')
    return state


def network_state(network: PlaceNetwork) -> dict[str, Any]:
    """Return what :func:`load_network` needs: the architecture and the weights."""
    return {
        'architecture': dataclasses.asdict(network.architecture),
        'network': network.state_dict(),
    }


def load_network(path: Path, *, averaged: bool = True) -> PlaceNetwork:
    """Rebuild the network of a checkpoint, in evaluation mode.

    Args:
        path: written by training or by ``cluster``.
        averaged: take the running average of the weights where the checkpoint has one.

    Raises:
        ModelError: it is no checkpoint of a whole network.
    """
    state = load(path)
    if 'architecture' not in state or 'network' not in state:
        raise ModelError(f'checkpoint {path} has no architecture and network; expected one that '
                         f'`python -m training train` or `cluster` wrote')
    network = PlaceNetwork(Architecture(**state['architecture']))
    weights = state['average'] if averaged and 'average' in state else state['network']
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(f'checkpoint {path} does not fit its architecture: {error}') from error
    return network.eval()
