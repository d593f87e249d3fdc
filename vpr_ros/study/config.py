# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The configuration of a study: one YAML file, every key known, every value checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
import re
from typing import Any

import yaml

from vpr_ros.errors import ConfigError  # noqa: I100
from vpr_ros.rerank.presets import NAMES
from vpr_ros.study.indexes import check_kind
from vpr_ros.study.variants import PRECISIONS

CARD = 'card'  # as the model's card says
_GRID = {'model': ['default'], 'resolution': [CARD], 'precision': [CARD], 'dimension': [CARD],
         'index': ['exact'], 'rerank': ['none']}
_SCALING = {'places': [1000, 10_000, 100_000, 1_000_000], 'dimension': 512, 'queries': 100,
            'neighbours': 20, 'index': ['exact', 'ivf', 'ivfpq', 'sq8', 'rabitq'],
            'most_places': {}}
_SEQUENCES = {'model': ['default'], 'window_frames': 10, 'window_m': 50.0}
_TOP = ('datasets', 'grid', 'scaling', 'sequences', 'processes')


@dataclass(frozen=True)
class StudyConfig:
    """What is to be measured.

    Attributes:
        datasets: name -> folder.
        grids: each of them name of the axis -> values; empty without a grid.
        scaling: parameters of the matching-time study; empty without.
        sequences: parameters of the sequence study; empty without.
        processes: how many measure at the same time.
    """

    datasets: Mapping[str, Path] = field(default_factory=dict)
    grids: tuple[Mapping[str, list[Any]], ...] = ()
    scaling: Mapping[str, Any] = field(default_factory=dict)
    sequences: Mapping[str, Any] = field(default_factory=dict)
    processes: int = 1

    def grid_cells(self) -> list[dict[str, Any]]:
        """Every combination of each grid on each of its data sets, once."""
        cells = [{'dataset': name, **dict(zip(_GRID, values, strict=True))}
                 for name in self.datasets for grid in self.grids
                 if name in grid.get('dataset', self.datasets)
                 for values in product(*(grid[axis] for axis in _GRID))]
        return [cell for number, cell in enumerate(cells) if cell not in cells[:number]]

    def scaling_cells(self) -> list[dict[str, Any]]:
        """Every kind of index with every number of places that it may have."""
        if not self.scaling:
            return []
        common = {name: self.scaling[name] for name in ('dimension', 'queries', 'neighbours')}
        most = self.scaling['most_places']
        return [{'index': kind, 'places': places, **common}
                for kind in self.scaling['index'] for places in self.scaling['places']
                if places <= most.get(kind, places)]


def load_config(path: Path) -> StudyConfig:
    """Read a study's configuration; relative data set paths are relative to its folder.

    Raises:
        ConfigError: the file is missing or no YAML, or a key or value is wrong.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigError(f'the study {path} cannot be read ({error.strerror})') from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f'{path} is no valid YAML ({str(error).splitlines()[0]})') from error
    try:
        return _parse(raw, path.parent)
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from error


def _parse(raw: Any, folder: Path) -> StudyConfig:
    top = _mapping(raw, 'the study', _TOP)
    datasets = {str(k): folder / str(v) for k, v in
                _mapping(top.get('datasets', {}), 'datasets', None).items()}
    grids = tuple(_grid(given, datasets) for given in _list(top['grid'])) if 'grid' in top else ()
    scaling, sequences = (
        {**defaults, **_mapping(top[name], name, tuple(defaults))} if name in top else {}
        for name, defaults in (('scaling', _SCALING), ('sequences', _SEQUENCES)))
    if scaling:
        _check_scaling(scaling)
    if sequences:
        sequences['model'] = _list(sequences['model'])
        _count(sequences['window_frames'], 'sequences.window_frames', 2)
    if (grids or sequences) and not datasets:
        raise ConfigError('a grid and sequences need datasets: {name: folder}; add some')
    if not (grids or scaling or sequences):
        raise ConfigError('nothing to measure; add a section grid, scaling or sequences')
    return StudyConfig(datasets, grids, scaling, sequences,
                       _count(top.get('processes', 1), 'processes'))


def _grid(raw: Any, datasets: Mapping[str, Path]) -> dict[str, list[Any]]:
    """One grid; an axis that it does not name has its usual value alone."""
    given = _mapping(raw, 'grid', ('dataset', *_GRID))
    grid = {axis: _list(given.get(axis, default)) for axis, default in _GRID.items()}
    _check_grid(grid)
    if 'dataset' in given:
        grid['dataset'] = _list(given['dataset'])
        for name in grid['dataset']:
            if name not in datasets:
                raise ConfigError(f'grid.dataset {name!r} is not one of the datasets '
                                  f'{", ".join(datasets)}')
    return grid


def size_of(resolution: str) -> tuple[int, int] | None:
    """(width, height) of a resolution, None for the card's.

    Raises:
        ConfigError: it is neither ``card`` nor WIDTHxHEIGHT.
    """
    if resolution == CARD:
        return None
    found = re.fullmatch(r'(\d{2,4})x(\d{2,4})', str(resolution))
    if not found:
        raise ConfigError(f'resolution {resolution!r} found, expected {CARD} or WIDTHxHEIGHT')
    return int(found[1]), int(found[2])


def _check_grid(grid: dict[str, list[Any]]) -> None:
    for resolution in grid['resolution']:
        size_of(resolution)
    for kind in grid['index']:
        check_kind(kind)
    for dimension in grid['dimension']:
        if dimension != CARD:
            _count(dimension, 'dimension', 2)
    for axis, known in (('precision', PRECISIONS), ('rerank', NAMES)):
        for value in grid[axis]:
            if value not in known:
                raise ConfigError(f'{axis} {value!r} is not one of {", ".join(known)}')


def _check_scaling(scaling: dict[str, Any]) -> None:
    scaling['index'] = [check_kind(kind) for kind in _list(scaling['index'])]
    scaling['places'] = [_count(n, 'scaling.places', 20) for n in _list(scaling['places'])]
    for name in ('dimension', 'queries', 'neighbours'):
        _count(scaling[name], f'scaling.{name}')
    for kind, most in _mapping(scaling['most_places'], 'scaling.most_places', None).items():
        _count(most, f'scaling.most_places.{check_kind(kind)}')


def _mapping(value: Any, what: str, known: tuple[str, ...] | None) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f'{what} must hold names and values, found {value!r}')
    for name in value:
        if known is not None and name not in known:
            raise ConfigError(f'unknown key {name!r} in {what}; known: {", ".join(known)}')
    return value


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _count(value: Any, what: str, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(f'{what} is {value!r}, expected a whole number of at least {least}')
    return value
