# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map split``: some sessions of a map as a map of their own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.map_info import describe, info_dict
from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.errors import MapError
from vpr_ros.place_map import extract, PlaceMap


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('map', type=Path, help='a .vprmap file; it stays as it is')
    parser.add_argument('--session', action='append', required=True, metavar='ID_OR_NAME',
                        help='a session to take; may be repeated')
    parser.add_argument('--out', type=Path, required=True, help='the .vprmap to write')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    with PlaceMap.open(args.map, read_only=True) as place_map:
        numbers = {str(session.session_id): session.session_id
                   for session in place_map.sessions()}
        numbers |= {session.name: session.session_id
                    for session in place_map.sessions() if session.name}
    unknown = [name for name in args.session if name not in numbers]
    if unknown:
        raise MapError(f'{args.map} has no session {unknown[0]!r}; it has '
                       f'{", ".join(numbers) or "none"}')
    info = extract(args.map, {numbers[name] for name in args.session}, args.out)
    print(describe(info))
    return info_dict(info)


VERB = Verb(('map', 'split'), 'take sessions of a map out into another',
            'vpr map split site.vprmap --session 2 --out tuesday.vprmap', _arguments, _run)
