# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Keys of a recipe: declared once with their meaning and range, checked and documented from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import dataclasses
import math
import types
from typing import Any, get_args, get_origin, get_type_hints, TypeVar, Union

from vpr_ros.errors import ConfigError

T = TypeVar('T')
_NAMES = {int: 'a whole number', float: 'a number', str: 'text', bool: 'true or false'}


def key(default: Any, what: str, *, least: float | None = None, most: float | None = None,
        choices: tuple[str, ...] = ()) -> Any:
    """Declare a field of a recipe.

    Args:
        default: its value where the recipe does not name it; a class or function is called.
        what: one sentence for the documentation.
        least: smallest value.
        most: largest value.
        choices: the values that there are.
    """
    metadata = {'what': what, 'least': least, 'most': most, 'choices': choices}
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def build(kind: type[T], raw: Any, where: str) -> T:
    """Make a dataclass of what YAML gave, checking every key and value.

    Args:
        kind: a dataclass whose fields are of simple types, tuples, mappings, or dataclasses.
        raw: a mapping, or an instance of ``kind``.
        where: begins the sentence of an error.

    Raises:
        ConfigError: an unknown key, a key that is missing, a value of a wrong type or range.
    """
    if isinstance(raw, kind):
        raw = dict(vars(raw))
    if not isinstance(raw, Mapping):
        raise ConfigError(f'{where}: expected a mapping, found {_shown(raw)}')
    fields = {item.name: item for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(map(str, raw)) - set(fields))
    if unknown:
        raise ConfigError(f'{where}: unknown key {unknown[0]!r}; known: '
                          f'{", ".join(sorted(fields))}')
    hints, values = get_type_hints(kind), {}
    for name, item in fields.items():
        if name in raw:
            values[name] = _convert(hints[name], raw[name], f'{where}: {name}')
            _check_range(item, values[name], f'{where}: {name}')
        elif item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
            raise ConfigError(f'{where}: the key {name!r} is missing; {item.metadata["what"]}')
    return kind(**values)


def rows(kind: type, prefix: str = '') -> Iterator[tuple[str, str, str]]:
    """Key, default and meaning of every field, those of inner dataclasses with their prefix."""
    hints = get_type_hints(kind)
    for item in dataclasses.fields(kind):
        hint = hints[item.name]
        inner = next((h for h in (hint, *get_args(hint)) if dataclasses.is_dataclass(h)), None)
        if inner is not None:
            mark = '[]' if get_origin(hint) is tuple else ''
            yield from rows(inner, f'{prefix}{item.name}{mark}.')  # type: ignore[arg-type]
            continue
        given = item.default
        if item.default_factory is not dataclasses.MISSING:
            given = item.default_factory()
        yield (f'{prefix}{item.name}', _yaml(given), _described(item))


def _described(item: dataclasses.Field) -> str:
    about = item.metadata
    choices = f' One of: {", ".join(filter(None, about["choices"]))}.' if about['choices'] else ''
    return f'{about["what"]}{choices}'


def _yaml(value: Any) -> str:
    if value is dataclasses.MISSING:
        return 'needed'
    if isinstance(value, (tuple, Mapping)) and not value:
        return '[]' if isinstance(value, tuple) else '{}'
    if isinstance(value, tuple):
        return '[' + ', '.join(map(str, value)) + ']'
    if isinstance(value, bool):
        return str(value).lower()
    return "''" if value == '' else str(value)


def _convert(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)  # type: ignore[arg-type]
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return _convert(next(h for h in get_args(hint) if h is not type(None)), value, where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f'{where} is {_shown(value)}, expected a list')
        return tuple(_convert(get_args(hint)[0], item, where) for item in value)
    if hint is Any:
        return value
    if origin is not None:  # a mapping, whose content its user checks
        if not isinstance(value, Mapping):
            raise ConfigError(f'{where} is {_shown(value)}, expected a mapping')
        return dict(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        fix = ' (YAML reads 1e-3 as text: write 1.0e-3)' if _looks_like_number(value) else ''
        raise ConfigError(f'{where} is {_shown(value)}, expected {_NAMES[hint]}{fix}')
    return value


def _check_range(item: dataclasses.Field, value: Any, where: str) -> None:
    about = item.metadata
    if about['choices'] and value not in about['choices']:
        raise ConfigError(f'{where} is {value!r}, expected one of '
                          f'{", ".join(filter(None, about["choices"]))}')
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        least, most = about['least'], about['most']
        good = (least is None or value >= least) and (most is None or value <= most)
        if not good or math.isnan(value):
            wanted = f'{least:g} or more' if most is None else f'{least:g} to {most:g}'
            raise ConfigError(f'{where} is {value:g}, expected {wanted}')


def _looks_like_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)


def _shown(value: Any) -> str:
    return f'{value!r}' if isinstance(value, (str, int, float)) else f'a {type(value).__name__}'
