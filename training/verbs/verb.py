# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a verb of the command line is, and what several of them share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DEFAULT_RECIPE = Path(__file__).parents[1] / 'recipes' / 'default.yaml'


@dataclass(frozen=True)
class Verb:
    """One verb.

    Attributes:
        name: as it is typed.
        run: does it; the first line of its docstring is the help.
        add_arguments: declares its options.
        example: arguments of an example that the help shows.
    """

    name: str
    run: Callable[[argparse.Namespace], None]
    add_arguments: Callable[[argparse.ArgumentParser], None]
    example: str


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Declare ``--recipe``."""
    parser.add_argument('--recipe', type=Path, default=DEFAULT_RECIPE,
                        help='YAML file, default: %(default)s')


def add_size(parser: argparse.ArgumentParser, height: int, width: int) -> None:
    """Declare ``--height`` and ``--width`` of the network's input."""
    parser.add_argument('--height', type=int, default=height, help='default: %(default)s')
    parser.add_argument('--width', type=int, default=width, help='default: %(default)s')
