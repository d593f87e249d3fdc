# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr compare``: results side by side, and whether the difference is real."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.study.compare import (
    compare_results,
    comparison_page,
    comparison_text,
    load_result,
)
from vpr_ros.study.page import write_page


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('results', type=Path, nargs='+', metavar='RESULT.json',
                        help='results of vpr evaluate or vpr replay, the first is compared with')
    parser.add_argument('--report', type=Path, metavar='DIR', help='write compare.html there')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    results = {name: load_result(path) for name, path in _named(args.results).items()}
    head, rows, tests = compare_results(results)
    print(comparison_text(head, rows, tests))
    if args.report is not None:
        path = write_page(args.report / 'compare.html', comparison_page(head, rows, tests))
        print(f'page: {path}')
    figures = {name: {row[0]: row[column] for row in rows}
               for column, name in enumerate(head[1:], start=1)}
    return {'format': 1, 'kind': 'comparison', 'figures': figures, 'tests': tests}


def _named(paths: list[Path]) -> dict[str, Path]:
    """Paths by their stem, or by the whole path where stems are not unique."""
    stems = [path.stem for path in paths]
    return {path.stem if stems.count(path.stem) == 1 else str(path): path for path in paths}


VERB = Verb(
    ('compare',), 'put results side by side and test the difference',
    'vpr compare netvlad.json default.json --report compare_out', _arguments, _run,
)
