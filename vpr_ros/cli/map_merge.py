# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map merge``: several maps of one model become one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.map_info import describe, info_dict
from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.place_map import merge


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('maps', type=Path, nargs='+', help='.vprmap files built with one model')
    parser.add_argument('--out', type=Path, required=True, help='the .vprmap to write')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    info = merge(args.maps, args.out)
    print(describe(info))
    return info_dict(info)


VERB = Verb(
    ('map', 'merge'), 'merge maps of different days or robots',
    'vpr map merge monday.vprmap tuesday.vprmap --out site.vprmap', _arguments, _run,
)
