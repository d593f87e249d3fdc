# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``render``: drives of the procedural world as training images."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.verbs.verb import Verb
from vpr_ros.errors import ConfigError


def render(arguments: argparse.Namespace) -> None:
    """Render drives of the procedural world, to train on or (--evaluation) to be asked about."""
    from training.render import render_evaluation, render_training  # noqa: PLC0415 - slow import
    from vpr_ros.world import Conditions  # noqa: PLC0415

    if arguments.evaluation:
        if len(arguments.worlds) != 1:
            raise ConfigError(f'--evaluation takes one world, found {len(arguments.worlds)}')
        count = render_evaluation(arguments.out, arguments.worlds[0], Conditions.day(1),
                                  Conditions.night(2))
        print(f'{count} queries in {arguments.out}')
    else:
        render_training(arguments.out, arguments.worlds, arguments.drives)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--worlds', type=int, nargs='+', required=True, help='seeds')
    parser.add_argument('--drives', type=int, default=4, help='of each world, for training')
    parser.add_argument('--evaluation', action='store_true',
                        help='one day drive as database, one night drive as queries')


VERB = Verb('render', render, add_arguments,
            '--out runs/world --worlds 100 101 102 103 --drives 4')
