# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recipe: everything that determines a training run, one YAML file; unknown keys are errors."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from training.losses import LOSSES
from training.model import Architecture
from vpr_ros.errors import ConfigError

T = TypeVar('T')


@dataclass(frozen=True)
class Source:
    """One source of training frames.

    Attributes:
        kind: ``ie_tower``, ``donkey`` or ``posed``.
        path: its folder.
        without_floors: held out (``ie_tower`` only).
    """

    kind: str
    path: str
    without_floors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """All settings of one run.

    Attributes:
        architecture: of the network.
        initial_weights: ONNX file of the backbone's weights.
        initial_checkpoint: a run's checkpoint to go on from with fresh optimizer state, or ''.
        sources: training frames.
        validation: folder of ie_tower, whose floors in ``validation_floors`` select the model.
        validation_floors: held out from training.
        loss: name in the table of losses.
        loss_options: its keyword arguments.
        centred_share: weight of the loss on descriptors centred on the batch's mean, 0 to 1.
        learn_projection: train through the projection. Otherwise the loss sees NetVLAD's own
            output and ``python -m training whiten`` fits the projection afterwards, as the paper
            does: a projection learned from few places fits those places only.
        height, width: of the training images.
        places: anchors a step; every one comes with its partner.
        negatives: mined hard negatives for every random seed among the anchors.
        steps: of the whole run.
        warmup: steps in which the rate rises from 0.
        decay: last steps, in which the rate falls to 0.
        backbone_rate, head_rate: AdamW's learning rates.
        early_factor: factor on the rate of the first layers, whose features are general.
        weight_decay: AdamW's, on weights of more than one dimension.
        average: decay of the running average of weights that is validated and exported.
        validate_every: steps between validations and checkpoints.
        whitening: power of the initial projection's whitening, 0 to 1.
        bfloat16: run the convolutions in bfloat16.
        seed: of everything random.
    """

    architecture: Architecture = field(default_factory=Architecture)
    initial_weights: str = ''
    initial_checkpoint: str = ''
    sources: tuple[Source, ...] = ()
    validation: str = ''
    validation_floors: tuple[str, ...] = ()
    loss: str = 'sare_joint'
    loss_options: Mapping[str, Any] = field(default_factory=dict)
    centred_share: float = 0.5
    learn_projection: bool = False
    height: int = 240
    width: int = 320
    places: int = 24
    negatives: int = 5
    steps: int = 1000
    warmup: int = 50
    decay: int = 0
    backbone_rate: float = 1e-4
    head_rate: float = 3e-4
    early_factor: float = 0.3
    weight_decay: float = 1e-3
    average: float = 0.995
    validate_every: int = 200
    whitening: float = 0.5
    bfloat16: bool = True
    seed: int = 0


def _build(kind: type[T], raw: Any, where: str) -> T:
    """Make a dataclass of a mapping; tuples are made of lists."""
    if not isinstance(raw, Mapping):
        raise ConfigError(f'{where}: expected a mapping, found {type(raw).__name__}')
    known = {item.name for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(map(str, raw)) - known)
    if unknown:
        names = ', '.join(sorted(known))
        raise ConfigError(f'{where}: unknown key {unknown[0]!r}; known: {names}')
    return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in raw.items()})


def parse_recipe(raw: Any, where: str = 'recipe') -> Recipe:
    """Check a recipe as read from YAML.

    Raises:
        ConfigError: an unknown key, or a value out of range.
    """
    recipe = _build(Recipe, raw, where)
    architecture = recipe.architecture
    if not isinstance(architecture, Architecture):
        architecture = _build(Architecture, architecture, f'{where}: architecture')
    sources = tuple(
        source if isinstance(source, Source) else _build(Source, source, f'{where}: sources')
        for source in recipe.sources
    )
    if recipe.loss not in LOSSES:
        raise ConfigError(f'{where}: loss {recipe.loss!r}; known: {", ".join(sorted(LOSSES))}')
    for name in ('height', 'width', 'places', 'steps', 'validate_every'):
        if not isinstance(getattr(recipe, name), int) or getattr(recipe, name) < 1:
            raise ConfigError(f'{where}: {name} is {getattr(recipe, name)!r}, expected 1 or more')
    if not 0 <= recipe.centred_share <= 1:
        raise ConfigError(f'{where}: centred_share is {recipe.centred_share}, expected 0 to 1')
    return dataclasses.replace(recipe, architecture=architecture, sources=sources)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        ConfigError: it cannot be read or is wrong.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f'recipe {path} cannot be read ({error})') from error
    return parse_recipe(raw, f'recipe {path}')


def dump_recipe(recipe: Recipe) -> str:
    """The recipe as YAML that reads back to the same."""
    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, tuple) else value

    return yaml.safe_dump(plain(dataclasses.asdict(recipe)), sort_keys=False)
