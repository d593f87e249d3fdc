# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which parameters learn, how fast, and how the rate changes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from training.architectures.base import Architecture as Backbone
from training.model import PlaceNetwork
from training.recipe import Recipe

MASK = 'aggregation.crn.'


def rate_factor(recipe: Recipe, step: int, total: int, epoch: int) -> float:
    """Return what the rates of a recipe are multiplied with at a step.

    It rises over ``warmup``, stays, falls to 0 over the last ``decay`` steps, and is halved after
    every ``halve_every`` epochs.

    Args:
        recipe: with its schedule.
        step: from 0.
        total: steps of the run.
        epoch: of the step, from 0.
    """
    rise = min(1.0, (step + 1) / max(recipe.warmup, 1))
    fall = (total - step) / recipe.decay if recipe.decay else 1.0
    return min(rise, fall, 1.0) * 0.5 ** halvings(recipe, epoch)


def halvings(recipe: Recipe, epoch: int) -> int:
    """How often the rate was halved before an epoch."""
    return epoch // recipe.halve_every if recipe.halve_every else 0


def make_optimiser(recipe: Recipe, network: PlaceNetwork, objective: nn.Module
                   ) -> torch.optim.Optimizer:
    """Make the optimiser, a group a parameter; what does not learn is frozen.

    Args:
        recipe: rates, weight decay, and which optimiser.
        network: its backbone is frozen up to ``train_from``.
        objective: may have parameters of its own.
    """
    if isinstance(network.backbone, Backbone):
        # also undoes what was frozen when the backbone was made
        first = next(iter(network.backbone.stages))
        network.backbone.train_from(recipe.train_from or first)
    groups: list[dict[str, Any]] = []
    early = early_layers(network.backbone)
    for name, parameter in network.named_parameters():
        if name.startswith('projection.') and not recipe.learn_projection:
            parameter.requires_grad_(False)
        if not parameter.requires_grad:
            continue
        rate = recipe.backbone_rate if name.startswith('backbone.') else recipe.head_rate
        rate = recipe.mask_rate if name.startswith(MASK) else rate
        rate *= recipe.early_factor if name.startswith(early) else 1.0
        groups.append(_group(parameter, rate, recipe))
    groups += [_group(parameter, recipe.head_rate, recipe)
               for parameter in objective.parameters()]
    if recipe.optimiser == 'sgd':
        return torch.optim.SGD(groups, momentum=recipe.momentum)
    if recipe.optimiser == 'adam':
        return torch.optim.Adam(groups, fused=True)
    return torch.optim.AdamW(groups, fused=True)


def early_layers(backbone: nn.Module) -> tuple[str, ...]:
    """Prefixes of the parameters in the first third of a backbone's stages."""
    if not isinstance(backbone, Backbone):
        return ()
    stages = list(backbone.stages.values())
    return tuple(f'backbone.{prefix}' for stage in stages[: len(stages) // 3]
                 for prefix in stage)


def _group(parameter: nn.Parameter, rate: float, recipe: Recipe) -> dict[str, Any]:
    decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
    return {'params': [parameter], 'lr': rate, 'weight_decay': decay, 'initial_lr': rate}


def freeze_statistics(network: nn.Module) -> None:
    """Let batch normalisations use the statistics that they have."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


@torch.no_grad()
def follow(average: dict[str, torch.Tensor], network: nn.Module, decay: float) -> None:
    """Move a running average of a network's state towards it."""
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - decay)
        else:
            average[name].copy_(value)
