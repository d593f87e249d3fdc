# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map check``: whether a map is whole."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import add_json, Verb, write_json
from vpr_ros.errors import MapError
from vpr_ros.place_map import check


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('map', type=Path, help='a .vprmap file')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    problems = check(args.map)
    result = {'format': 1, 'map': str(args.map), 'problems': problems}
    if problems:
        write_json(args, result)
        for problem in problems:
            print(f'  {problem}')
        raise MapError(f'{args.map} is damaged (see above); restore a copy, or save what is left '
                       f'with `vpr map repair`')
    print(f'{args.map}: no problem found')
    return result


VERB = Verb(('map', 'check'), 'check that a map is whole', 'vpr map check site.vprmap',
            _arguments, _run)
