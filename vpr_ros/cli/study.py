# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr study``: what each choice of model, index and re-ranking costs and gains."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import add_json, ProgressBar, Verb
from vpr_ros.study.config import load_config
from vpr_ros.study.page import write_page
from vpr_ros.study.run import run_study
from vpr_ros.study.summary import page, summary_text


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', type=Path, help='what to measure, see docs/study.md')
    parser.add_argument('--out', type=Path, default=Path('study_out'),
                        help='folder for cells, maps and study.html; a study that was '
                             'interrupted goes on there (default: study_out)')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    config = load_config(args.config)
    with ProgressBar() as bar:
        results = run_study(config, args.out, progress=bar)
    print(summary_text(results))
    path = write_page(args.out / 'study.html', page(results, f'Study {args.config.stem}'))
    print(f'\npage: {path}')
    return {'format': 1, 'kind': 'study', **results}


VERB = Verb(
    ('study',), 'measure a grid of choices: recall, time, memory',
    'vpr study my_study.yaml --out study_out', _arguments, _run,
)
