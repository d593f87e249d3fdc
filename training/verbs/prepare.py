# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``prepare``: check a data set before a training."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from training.frames import load_tuple_data
from training.prepare import describe_findings, inspect_data
from training.recipe_file import load_recipe
from training.source_kinds import load_tuples, parse_source, SOURCES
from training.tuples import TupleData
from training.verbs.verb import Verb
from vpr_ros.errors import DataError


def prepare(arguments: argparse.Namespace) -> None:
    """Check a data set before hours are spent: counts, unreadable files, positives, sizes."""
    for text in arguments.dataset:
        data = _load(text, arguments)
        with tqdm(total=len(set(data.images)), desc='images', disable=None, leave=False) as bar:
            found = inspect_data(data, quick=arguments.quick, progress=lambda *_: bar.update())
        print('\n'.join(describe_findings(found)))
        if found.trouble:
            raise DataError(found.trouble)
        print('nothing here would stop a training')


def _load(text: str, arguments: argparse.Namespace) -> TupleData:
    if text.endswith('.yaml'):
        return load_tuple_data(load_recipe(Path(text)))
    kind, path, options = parse_source(text)
    return load_tuples(kind, path, positive_radius_m=arguments.positive_radius,
                       negative_radius_m=arguments.negative_radius,
                       minimum_time_gap_s=arguments.time_gap_days * 86_400, **options)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        'dataset', nargs='+', metavar='DATASET',
        help=f'a path, KIND:PATH, KIND:PATH:OPTION=VALUE,..., or a recipe (.yaml) with all its '
        f'sources and radii; kinds: {", ".join(SOURCES)}')
    parser.add_argument('--quick', action='store_true', help='do not decode the images')
    parser.add_argument('--positive-radius', type=float, default=10.0, metavar='METRES',
                        help='of data sets with positions, default: %(default)s')
    parser.add_argument('--negative-radius', type=float, default=25.0, metavar='METRES',
                        help='negatives lie beyond it, default: %(default)s')
    parser.add_argument('--time-gap-days', type=float, default=0.0, metavar='DAYS',
                        help='28 for Time Machine data, default: %(default)s')


VERB = Verb('prepare', prepare, add_arguments, 'runs/world')
