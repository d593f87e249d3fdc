# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes that train one network, as ``torchrun`` starts them.

Every process describes its part of the batch, all descriptors are put together, and each computes
the loss of the whole batch; its gradients, through its own part, add up to those of one process.
So losses that compare all images of a batch do not change with the number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import torch
from torch import distributed, nn, Tensor

from vpr_ros.errors import ConfigError
from vpr_ros.types import FloatArray

Describe = Callable[[Sequence[Path]], FloatArray]


class Team:
    """The processes of a run; one alone without torchrun.

    Attributes:
        rank: number of this process, from 0.
        size: number of processes.
        device: where this process computes.
    """

    def __init__(self, rank: int, size: int, device: torch.device) -> None:
        self.rank, self.size, self.device = rank, size, device

    @property
    def first(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def part(self, count: int) -> NDArray[np.integer]:
        """Which of ``count`` images this process describes, in order."""
        return np.array_split(np.arange(count), self.size)[self.rank]

    def join_rows(self, rows: Tensor, count: int) -> Tensor:
        """Put the rows (own, D) of all processes together: (count, D).

        Gradients flow to the own rows alone.
        """
        if self.size == 1:
            return rows
        together = torch.zeros(count, rows.shape[1], device=rows.device, dtype=rows.dtype)
        own = torch.from_numpy(self.part(count)).to(rows.device)
        together[own] = rows.detach()
        distributed.all_reduce(together)  # zeros elsewhere: the sum is exact
        return together.index_copy(0, own, rows)

    @torch.no_grad()
    def copy_from_first(self, module: nn.Module) -> None:
        """Give all processes the first one's weights."""
        if self.size > 1:
            for value in module.state_dict().values():
                held = value.contiguous()
                distributed.broadcast(held, 0)
                value.copy_(held)

    def add_gradients(self, network: nn.Module, whole: nn.Module | None = None) -> None:
        """Sum the gradients of all processes.

        Args:
            network: each process has the gradient through its own images.
            whole: each process has the gradient of the whole batch already.
        """
        if self.size == 1:
            return
        for module, share in ((network, 1.0), (whole, 1 / self.size)):
            parameters = [] if module is None else [
                p for p in module.parameters() if p.requires_grad]
            if not parameters:
                continue
            # a process without images of its own has no gradients, and adds zeros
            flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten()
                              for p in parameters])
            distributed.all_reduce(flat)
            sizes = [p.numel() for p in parameters]
            for parameter, grad in zip(parameters, flat.mul_(share).split(sizes), strict=True):
                if parameter.grad is None:
                    parameter.grad = torch.empty_like(parameter)
                parameter.grad.copy_(grad.view_as(parameter))  # keeps the order in memory

    def share(self, value: Any) -> Any:
        """Give all what the first process holds: numbers, text, lists and mappings."""
        if self.size == 1:
            return value
        text = json.dumps(value).encode() if self.first else b''
        length = torch.tensor([len(text)], device=self.device)
        distributed.broadcast(length, 0)
        content = torch.zeros(int(length), dtype=torch.uint8, device=self.device)
        if self.first:
            content.copy_(torch.frombuffer(bytearray(text), dtype=torch.uint8))
        distributed.broadcast(content, 0)
        return value if self.first else json.loads(content.cpu().numpy().tobytes())

    def describe_together(self, describe: Describe, paths: Sequence[Path]) -> FloatArray:
        """Describe files, each process its part: float32 (len(paths), D) on all of them."""
        if self.size == 1:
            return describe(paths)
        own = self.part(len(paths))
        found = describe([paths[i] for i in own]) if len(own) else np.zeros((0, 0), np.float32)
        width = torch.tensor([found.shape[1]], device=self.device)
        distributed.all_reduce(width, distributed.ReduceOp.MAX)
        rows = torch.from_numpy(found.reshape(len(own), int(width))).to(self.device)
        return self.join_rows(rows, len(paths)).cpu().numpy()

    def lead(self, work: Callable[[Describe], Any], describe: Describe) -> Any:
        """Let the first process do some work for which all of them describe images.

        Args:
            work: is called in the first process, with a function to describe files.
            describe: describes files with this process's network.

        Returns:
            What ``work`` gave, in all processes.
        """
        if self.size == 1:
            return work(describe)
        if not self.first:
            while paths := self.share(None):
                self.describe_together(describe, [Path(path) for path in paths])
            return self.share(None)

        def ask(paths: Sequence[Path]) -> FloatArray:
            self.share([str(path) for path in paths])
            return self.describe_together(describe, paths)

        result = work(ask)
        self.share([])
        return self.share(result)


def join_team(device: str) -> Team:
    """Become one of the processes that torchrun started, or one alone.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; ``cuda`` takes one GPU a process.

    Raises:
        ConfigError: there is no such device.
    """
    size, rank = int(os.environ.get('WORLD_SIZE', '1')), int(os.environ.get('RANK', '0'))
    chosen = _device(device, int(os.environ.get('LOCAL_RANK', '0')))
    if size > 1 and not distributed.is_initialized():
        distributed.init_process_group('nccl' if chosen.type == 'cuda' else 'gloo')
    return Team(rank, size, chosen)


def leave_team() -> None:
    """End the connection to the other processes."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def _device(name: str, local_rank: int) -> torch.device:
    if name == 'auto':
        name = 'cuda' if torch.cuda.is_available() else 'cpu'
    if name == 'cuda':
        name = f'cuda:{local_rank}'
    wanted = torch.device(name)
    if wanted.type == 'cuda':
        count = torch.cuda.device_count()
        if (wanted.index or 0) >= count:
            raise ConfigError(f'device {name} was asked, this machine has {count} GPUs that torch '
                              f'can use; take device: cpu, or fewer processes')
        torch.cuda.set_device(wanted)
    return wanted
