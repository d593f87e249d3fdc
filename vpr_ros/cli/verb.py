# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every verb of the ``vpr`` command is made of, and what verbs share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import json
import math
import os
from pathlib import Path
import sys
from typing import Any

from tqdm import tqdm

from vpr_ros.errors import ConfigError, DataError
from vpr_ros.settings import load_settings, PRESETS, Settings
from vpr_ros.whole_files import write_whole


@dataclass(frozen=True)
class Verb:
    """One verb.

    Attributes:
        words: how it is called, for example ``('map', 'build')``.
        summary: one line for the list of verbs.
        example: a command that works, shown by ``--help``.
        arguments: adds the verb's arguments to its parser.
        run: does the work and returns what ``--json`` writes, or None.
    """

    words: tuple[str, ...]
    summary: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], dict[str, Any] | None]


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Arguments of every verb that runs the pipeline."""
    parser.add_argument('--model', help='bundled model by name, or the path of an .onnx '
                                        '(default: the one of --params, else default)')
    parser.add_argument('--rerank', help='re-ranking preset: none, robot, storage, speed, '
                                         'balanced or performance')
    parser.add_argument('--params', help=f'parameter file, or a preset: {", ".join(PRESETS)}')
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE',
                        help='override one parameter; may be repeated')
    parser.add_argument('--provider', help='auto, cuda, tensorrt or cpu')


def settings_of(args: argparse.Namespace) -> Settings:
    """Read the settings from the arguments of :func:`add_settings`.

    Raises:
        ConfigError: an unknown parameter or a bad value.
    """
    overrides = {
        name: getattr(args, name) for name in ('model', 'rerank', 'provider')
        if getattr(args, name) is not None
    }
    return load_settings(args.params, **{**overrides, **overrides_of(args.set)})


def overrides_of(items: Sequence[str]) -> dict[str, Any]:
    """Read the ``NAME=VALUE`` of ``--set``, values as in YAML.

    Raises:
        ConfigError: one has no value, or one that is no YAML.
    """
    import yaml  # noqa: PLC0415

    overrides = {}
    for item in items:
        name, equals, value = item.partition('=')
        if not equals:
            raise ConfigError(f'--set {item} has no value; expected NAME=VALUE, such as '
                              f'--set min_probability=0.95')
        try:
            overrides[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f'--set {item}: {value} is no valid YAML; put a text in quotes '
                              f'and a list in [ ]') from error
    return overrides


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the argument of every verb that reports anything."""
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the results as JSON')


def positive(text: str) -> float:
    """Read an argument that is a number above 0."""
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f'{text} found, expected a number above 0')
    return value


def not_negative(text: str) -> float:
    """Read an argument that is a number from 0."""
    value = _number(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f'{text} found, expected 0 or more')
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def check_outputs(args: argparse.Namespace) -> None:
    """Look, before the work is done, whether ``--json`` and ``--report`` can be written.

    Missing folders are no fault: they are made when there is something to write.

    Raises:
        DataError: one cannot be written.
    """
    file, folder = getattr(args, 'json', None), getattr(args, 'report', None)
    if file is not None:
        if file.is_dir():
            raise DataError(f'--json {file} is a folder; name a file')
        _check_folder('--json', file.absolute().parent)
    if folder is not None:
        _check_folder('--report', folder.absolute())


def _check_folder(option: str, folder: Path) -> None:
    """Check that a folder can be written to, or made."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise DataError(f'{option} cannot be written: {nearest} is a file, expected a folder')
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise DataError(f'{option} cannot be written: no permission to write into {nearest}; '
                        f'choose another folder')


def write_json(args: argparse.Namespace, result: dict[str, Any] | None) -> None:
    """Write a verb's results where ``--json`` says, if it says so."""
    if result is not None and getattr(args, 'json', None):
        write_whole(args.json, json.dumps(result, indent=2) + '\n')


class ProgressBar:
    """A progress bar on standard error, silent where that is no terminal."""

    def __init__(self) -> None:
        """Show nothing until the first call."""
        self._bar: tqdm | None = None

    def __call__(self, done: int, total: int, stage: str) -> None:
        """Show that ``done`` of ``total`` steps are done."""
        if self._bar is None:
            # what was done before the first call says nothing about the speed from now on
            self._bar = tqdm(total=total, initial=done, file=sys.stderr, disable=None,
                             leave=False)
        self._bar.total = total
        self._bar.set_description(stage, refresh=False)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
