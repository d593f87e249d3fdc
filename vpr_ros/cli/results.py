# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr results``: the tables of docs/results.md."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.building import IMAGE_FOLDER_RATE_HZ
from vpr_ros.cli.verb import add_json, positive, ProgressBar, Verb
from vpr_ros.demo import SECOND
from vpr_ros.errors import DataError
from vpr_ros.settings import Settings
from vpr_ros.study.cells import CellStore
from vpr_ros.study.page import write_page
from vpr_ros.study.results import (
    drive_of_folder,
    measure_dataset,
    measure_drive,
    open_models,
    rendered_drive,
)
from vpr_ros.study.results_page import read_page, results_page

MODELS = ('thumbnail', 'hog', 'bag_of_words', 'rootsift_vlad', 'default')


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('datasets', type=Path, nargs='*',
                        help='data sets; one with laps.csv is replayed as a drive, too')
    parser.add_argument('--models', nargs='+', default=list(MODELS),
                        help=f'names or paths (default: {" ".join(MODELS)})')
    parser.add_argument('--drives', nargs='*', default=[], metavar='SECOND',
                        help=f'rendered drives by their second lap: {", ".join(SECOND)}')
    parser.add_argument('--seed', type=int, default=0, help='of the rendered town')
    parser.add_argument('--rate', type=positive, default=IMAGE_FOLDER_RATE_HZ,
                        help='images per second of a data set that is a drive '
                             '(default: %(default)g)')
    parser.add_argument('--rerank', default='robot',
                        help='preset for models with patches, beside none')
    parser.add_argument('--cache', type=Path, default=Path('results_out'),
                        help='folder for cells and rendered drives; what is there is not '
                             'measured again (default: results_out)')
    parser.add_argument('--out', type=Path, metavar='FILE', help='write the page there')
    parser.add_argument('--append', type=Path, nargs='+', default=[], metavar='FILE',
                        help='Markdown pages of other commands, put at the end')
    parser.add_argument('--command', default='vpr results ...',
                        help='how the page says it was printed')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    unknown = [name for name in args.drives if name not in SECOND]
    if unknown:
        raise DataError(f'--drives {unknown[0]!r} is not one of {", ".join(SECOND)}')
    if not (args.datasets or args.drives):
        raise DataError('nothing to measure; name a data set or --drives')
    appended = [read_page(path) for path in args.append]
    store = CellStore(args.cache / 'cells')
    datasets: list[dict[str, Any]] = []
    drives: list[dict[str, Any]] = []
    with ProgressBar() as bar:
        models = open_models(args.models)
        routes = [drive_of_folder(path, args.rate) for path in args.datasets]
        routes += [rendered_drive(name, args.seed, args.cache, bar) for name in args.drives]
        for model in models:
            for rerank in dict.fromkeys(('none', args.rerank)):
                if rerank != 'none' and not model.card.patches:
                    continue
                settings = Settings(rerank=rerank)
                for path in args.datasets:
                    datasets.append(measure_dataset(path, model, settings, store, bar))
                for drive in filter(None, routes):
                    drives += measure_drive(drive, model, settings, store, bar)
    page = results_page(datasets, drives, command=args.command, appended=appended)
    print(page)
    if args.out is not None:
        write_page(args.out, page)
    return {'format': 1, 'kind': 'results', 'datasets': datasets, 'drives': drives}


VERB = Verb(
    ('results',), 'print the results page: models, re-ranking, sequences',
    'vpr results my_dataset --drives dusk snow --out results.md', _arguments, _run,
)
