# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map export``: a map as a folder of plain files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.place_map import export


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('map', type=Path, help='a .vprmap file')
    parser.add_argument('--out', type=Path, required=True, help='the folder to make')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    places = export(args.map, args.out)
    print(f'{args.out}: {places} places as JSON and NumPy arrays (docs/maps.md)')
    return {'format': 1, 'folder': str(args.out), 'places': places}


VERB = Verb(('map', 'export'), 'write a map as JSON and NumPy arrays',
            'vpr map export site.vprmap --out site', _arguments, _run)
