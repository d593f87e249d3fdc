# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline's settings as one frozen object, read from the parameter table or a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from vpr_ros.errors import ConfigError  # noqa: I100
from vpr_ros.parameters import PARAMETERS, validate, Value
from vpr_ros.paths import share_dir

MAX_FILE_BYTES = 1024 * 1024
MAX_DEPTH = 16
PRESETS = ('fast', 'balanced', 'accurate')
_DEFAULTS = {p.name: p.default for p in PARAMETERS if p.group == 'pipeline'}


class Settings:
    """Values of all parameters of the group ``pipeline``, as attributes.

    Example:
        >>> Settings(min_probability=0.95).min_probability
        0.95
    """

    def __init__(self, **values: Any) -> None:
        """Take defaults from the table and override them.

        Raises:
            ConfigError: an unknown name or a bad value.
        """
        merged = {**_DEFAULTS, **validate(values, group='pipeline')}
        object.__setattr__(self, '_values', MappingProxyType(merged))
        self.__dict__.update(merged)  # they are read hundreds of times per frame

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, '_values')[name]
        except KeyError:
            raise AttributeError(f'no parameter {name!r}') from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError('settings are frozen; use replace()')

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.as_dict().items())))

    def __repr__(self) -> str:
        changed = {k: v for k, v in self.as_dict().items() if v != _DEFAULTS[k]}
        return f'Settings({", ".join(f"{k}={v!r}" for k, v in changed.items())})'

    def as_dict(self) -> dict[str, Value]:
        """All values by name."""
        return dict(object.__getattribute__(self, '_values'))

    def replace(self, **values: Any) -> Settings:
        """Return a copy with some values changed."""
        return Settings(**{**self.as_dict(), **values})


def load_parameters(path: Path | str) -> dict[str, Value]:
    """Read a ROS parameter file and check every value against the table.

    Args:
        path: a YAML file in the form ``/**: {ros__parameters: {name: value}}``, or the name of a
            preset in ``config/`` (``fast``, ``balanced``, ``accurate``).

    Raises:
        ConfigError: the file is missing, no YAML of that form, or holds an unknown or bad value.
    """
    if str(path) in PRESETS:
        path = share_dir('config') / f'{path}.yaml'
    try:
        text = _text(Path(path))
        raw = yaml.safe_load(text)
    except OSError as error:
        raise ConfigError(
            f'{path} cannot be read ({error.strerror}); give a YAML file or one of '
            f'{", ".join(PRESETS)}'
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        what = (str(error).splitlines() or [''])[0][:200]
        raise ConfigError(f'{path} is no valid YAML ({what})') from error
    values: dict[str, Any] = {}
    for node in raw.values() if isinstance(raw, Mapping) else ():
        if not isinstance(node, Mapping) or not isinstance(node.get('ros__parameters'), Mapping):
            break
        values.update(node['ros__parameters'])
    else:
        if values:
            return validate({k: v for k, v in values.items() if k != 'use_sim_time'})
    raise ConfigError(f"{path}: expected the form '/**: {{ros__parameters: {{name: value}}}}'")


def _text(path: Path) -> str:
    """Read a YAML text safe to make objects of: no larger or deeper than parameters need.

    Aliases are refused, as ROS refuses them: a few lines of them unfold to gigabytes.
    """
    with path.open('rb') as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f'{path} is larger than {MAX_FILE_BYTES} bytes, which no parameter file '
                          f'needs to be')
    text, depth = data.decode('utf-8'), 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f'{path} holds the alias *{event.anchor[:40]}; write the value out')
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigError(f'{path} is nested more than {MAX_DEPTH} levels deep')
    return text


def load_settings(path: Path | str | None = None, **overrides: Any) -> Settings:
    """Load settings of the pipeline from a parameter file or preset, with overrides.

    Raises:
        ConfigError: see :func:`load_parameters`.
    """
    values = load_parameters(path) if path is not None else {}
    return Settings(**{k: v for k, v in values.items() if k in _DEFAULTS} | overrides)
