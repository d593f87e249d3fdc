# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every backbone offers: its crop, its sizes, its public weights, training from a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn, Tensor

from training.normalisation import IMAGENET, Normalisation
from training.receptive_field import receptive_fields, Window
from vpr_ros.errors import ConfigError, ModelError

FREEZE_ALL = 'none'


@dataclass(frozen=True)
class BackboneEntry:
    """One row of the table of backbones: how to make it, what it gives, what its weights expect.

    Attributes:
        make: returns it untrained.
        channels: of its features.
        normalisation: of its input.
    """

    make: Callable[[], nn.Module]
    channels: int
    normalisation: Normalisation


class Architecture(nn.Module):
    """A backbone: normalised images float32 (N, 3, H, W) -> features (N, channels, H', W').

    Names in its state dict are those of the public weights. A convolutional one lists its windows
    in :meth:`windows`, from which its grid and receptive fields follow.

    Args:
        name: in the table of architectures.
        channels: of the features.
        stride: pixels from one feature to the next.
        stages: stage -> prefixes of the names of its parameters, from the input to the output.
        cropped: prefixes of the names in public weights that lie behind the crop.
        normalisation: that its public weights expect.
    """

    def __init__(self, name: str, channels: int, stride: int, *,
                 stages: Mapping[str, tuple[str, ...]], cropped: tuple[str, ...] = (),
                 normalisation: Normalisation = IMAGENET) -> None:
        super().__init__()
        self.name, self.channels, self.stride = name, channels, stride
        self.stages, self.cropped = dict(stages), cropped
        self.normalisation = normalisation
        self._frozen: tuple[str, ...] = ()

    def windows(self) -> list[Window]:
        """Convolutions and poolings in order; of branches side by side the widest.

        Raises:
            ConfigError: it is no convolutional network, its features see the whole image.
        """
        raise ConfigError(f'{self.name} has no receptive fields: every token sees the whole image')

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the features of an image.

        Raises:
            ConfigError: the image is too small, or of a size that it does not take.
        """
        rows, columns = receptive_fields(self.windows(), height, width)
        if rows.count < 1 or columns.count < 1:
            raise ConfigError(f'{self.name} has no feature left of an image of {height}x{width}; '
                              f'give at least {4 * self.stride}x{4 * self.stride} pixels')
        return rows.count, columns.count

    def train_from(self, stage: str) -> None:
        """Freeze every stage before this one, as in NetVLAD's table 1; ``none`` freezes all.

        Frozen batch normalisations keep their running statistics in training mode too.

        Raises:
            ConfigError: there is no such stage.
        """
        order = list(self.stages)
        if stage != FREEZE_ALL and stage not in order:
            raise ConfigError(f'{self.name} has no stage {stage!r} to train from; known: '
                              f'{", ".join([*order, FREEZE_ALL])}')
        before = order if stage == FREEZE_ALL else order[: order.index(stage)]
        self._frozen = tuple(prefix for name in before for prefix in self.stages[name])
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(not name.startswith(self._frozen))
        self.train(self.training)

    def train(self, mode: bool = True) -> Architecture:
        """Switch the mode; what is frozen stays in evaluation mode."""
        super().train(mode)
        for name, module in self.named_modules():
            if self._frozen and f'{name}.'.startswith(self._frozen):
                module.eval()
        return self

    def translate(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Public weights under this network's names; networks with several sources override it."""
        return dict(state)

    def load_weights(self, state: Mapping[str, Tensor], source: str = 'the weights') -> None:
        """Take public weights; what lies behind the crop is left out.

        Args:
            state: names and tensors, as in torchvision, timm or the official release.
            source: named in errors.

        Raises:
            ModelError: a tensor is missing, has another shape, or belongs to another network.
        """
        given = self.translate(state)
        own = self.state_dict()
        for name in own:  # files older than this counter lack it
            if name.endswith('num_batches_tracked') and name not in given:
                given[name] = own[name]
        missing = sorted(set(own) - set(given))
        unknown = sorted(name for name in set(given) - set(own)
                         if not name.startswith(self.cropped or ('\0',)))
        if missing or unknown:
            what = f'lack {missing[0]!r}' if missing else f'hold {unknown[0]!r} besides'
            raise ModelError(f'{source} do not fit {self.name}: they {what}; give the public '
                             f'weights of this very architecture')
        for name, value in own.items():
            if given[name].shape != value.shape:
                raise ModelError(
                    f'{source} do not fit {self.name}: {name} has the shape '
                    f'{tuple(given[name].shape)}, expected {tuple(value.shape)}'
                )
        self.load_state_dict({name: given[name] for name in own})


def initialise_convolutions(network: nn.Module) -> None:
    """Random weights after He et al. (2015), as where a training run begins from nothing."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
            if module.bias is not None:
                nn.init.zeros_(module.bias)
