# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map repair``: every sound place of a damaged map into a new one."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vpr_ros.assembly import model_identity, model_of
from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.place_map import repair
from vpr_ros.settings import Settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('map', type=Path, help='a damaged .vprmap file; it stays as it is')
    parser.add_argument('--out', type=Path, required=True, help='the .vprmap to write')
    parser.add_argument('--model', help='the model that built it, when the map no longer says so')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    model = model_identity(model_of(Settings(model=args.model))) if args.model else None
    repaired = repair(args.map, args.out, model=model)
    lost = '' if repaired.lost is None else f', {repaired.lost} are lost'
    print(f'{args.out}: {repaired.places} places saved{lost}')
    if repaired.without_parts:
        print(f'  {repaired.without_parts} of them without thumbnail or patches')
    for note in repaired.notes:
        print(f'  {note}')
    return {'format': 1, 'map': str(args.out), **asdict(repaired)}


VERB = Verb(('map', 'repair'), 'save the sound places of a damaged map',
            'vpr map repair site.vprmap --out saved.vprmap', _arguments, _run)
