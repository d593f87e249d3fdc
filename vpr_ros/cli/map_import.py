# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map import``: a map from a folder that ``vpr map export`` wrote."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.map_info import describe, info_dict
from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.place_map import import_map


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('folder', type=Path, help='made by vpr map export')
    parser.add_argument('--out', type=Path, required=True, help='the .vprmap to write')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    info = import_map(args.folder, args.out)
    print(describe(info))
    return info_dict(info)


VERB = Verb(('map', 'import'), 'make a map of an exported folder',
            'vpr map import site --out site.vprmap', _arguments, _run)
