# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``curves``: loss, recalls and learning rate of runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.pictures.curves import draw_curves, read_metrics
from training.pictures.files import write_picture
from training.verbs.verb import Verb


def curves(arguments: argparse.Namespace) -> None:
    """Draw the course of one training run, or of several to compare them."""
    runs = {str(run): read_metrics(run) for run in arguments.runs}
    write_picture(arguments.out, draw_curves(runs))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('runs', type=Path, nargs='+', metavar='RUN', help='folders of runs')
    parser.add_argument('--out', type=Path, required=True, metavar='PNG')


VERB = Verb('curves', curves, add_arguments, 'runs/default --out curves.png')
